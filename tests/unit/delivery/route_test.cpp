#include "core/delivery/route.hpp"

namespace postern::delivery {
namespace {

std::string read(std::string_view text)
{
    const auto next = route::from_text(text);
    return next ? next->text() : "none";
}

TEST(route, reads_hosts_and_ports)
{
    EXPECT_EQ(read("127.0.0.1:2526"), "127.0.0.1:2526");
    EXPECT_EQ(read("mx.example.org:587"), "mx.example.org:587");
    EXPECT_EQ(read("mx.example.org"), "mx.example.org:25");
    EXPECT_EQ(read("[2001:db8::1]:26"), "[2001:db8::1]:26");
    EXPECT_EQ(read("[2001:db8::1]"), "[2001:db8::1]:25");
    EXPECT_EQ(read("[192.0.2.1]:26"), "192.0.2.1:26");
    EXPECT_EQ(read("a_b.example:1"), "a_b.example:1");
    EXPECT_EQ(read("h:65535"), "h:65535");
    EXPECT_EQ(read("4.example:1"), "4.example:1");
}

TEST(route, has_one_name_for_two_spellings)
{
    EXPECT_EQ(read("MX.Example.ORG."), "mx.example.org:25");
    EXPECT_EQ(route::from_text("[2001:DB8:0::1]:25"), route::from_text("[2001:db8::1]"));
}

TEST(route, takes_names_in_brackets_for_names)
{
    EXPECT_EQ(read("[mx.example.org]:587"), "mx.example.org:587");
    EXPECT_EQ(read("[MX.example.org]"), "mx.example.org:25");
    EXPECT_EQ(read("[localhost]:1"), "localhost:1");
}

TEST(route, refuses_what_is_no_host_and_port)
{
    for (const auto* bad :
         {"",        ":25",         "h:",           "h:0",      "h:65536", "h:-1",   "h:+1",    "h:25x",    "h: 25",
          "h:25:26", "2001:db8::1", "[2001:db8::1", "[]:25",    "[::1]25", "a b:25", "a..b:25", ".a:25",    "-a:25",
          "a-:25",   "a\r\nb:25",   "a/b:25",       "[a b]:25", "[a]b:25", "[a:25",  "a]:25",   "[[a]]:25", "[-a]:25",
          ".",       "..",          "[.]:25"})
        EXPECT_EQ(read(bad), "none") << bad;
    EXPECT_EQ(read(std::string_view{"a\0b:25", 6}), "none");
}

TEST(route, takes_no_mistyped_address_for_a_name)
{
    for (const auto* bad : {"192.0.2.300:25", "10.0.0:25", "1:25", "10.0.0.1.:25", "[192.0.2.256]:25", "mx.1"})
        EXPECT_EQ(read(bad), "none") << bad;
}

TEST(route, bounds_names_and_labels)
{
    const std::string label(63, 'a');
    EXPECT_EQ(read(label + ":25"), label + ":25");
    EXPECT_EQ(read(label + "a:25"), "none");
    const auto name = label + "." + label + "." + label + "." + std::string(61, 'a');
    EXPECT_EQ(name.size(), 253U);
    EXPECT_EQ(read(name), name + ":25");
    EXPECT_EQ(read(name + "a"), "none");
}

TEST(route, reads_a_plugins_edit)
{
    EXPECT_EQ(route::from_edit("", "mx.example:26")->text(), "mx.example:26");
    EXPECT_EQ(route::from_edit("smtp", "mx.example:26"), route::from_edit("", "mx.example:26"));
    EXPECT_EQ(route::from_edit("maildir", "")->text(), "maildir");
    EXPECT_EQ(route::from_edit("lmtp", "store.example:24")->text(), "lmtp:store.example:24");
    EXPECT_FALSE(route::from_edit("", ""));
    EXPECT_FALSE(route::from_edit("smtp", "bad host"));
    EXPECT_FALSE(route::from_edit("lmtp", "bad host"));
    EXPECT_FALSE(route::from_edit("a\nb", ""));
    EXPECT_FALSE(route::from_edit("a:b", ""));
}

TEST(a_route, by_lmtp_has_a_port_or_a_socket) // RFC 2033 5
{
    const auto by_name = route::from_text("lmtp:Store.example:24");
    ASSERT_TRUE(by_name);
    EXPECT_TRUE(by_name->is_lmtp());
    EXPECT_FALSE(by_name->is_by_plugin());
    EXPECT_FALSE(by_name->is_local());
    EXPECT_EQ(by_name->text(), "lmtp:store.example:24");
    EXPECT_EQ(read("lmtp:[2001:DB8::1]:24"), "lmtp:[2001:db8::1]:24");
    EXPECT_EQ(by_name, route::from_edit("lmtp", "store.example:24"));
    EXPECT_EQ(by_name, route::from_edit("", "lmtp:store.example:24"));

    const auto local = route::from_text("lmtp:unix:/run/dovecot/lmtp");
    ASSERT_TRUE(local);
    EXPECT_TRUE(local->is_lmtp());
    EXPECT_TRUE(local->is_local());
    EXPECT_EQ(local->host, "/run/dovecot/lmtp");
    EXPECT_EQ(local->text(), "lmtp:unix:/run/dovecot/lmtp");
    EXPECT_EQ(local, route::from_edit("lmtp", "unix:/run/dovecot/lmtp"));

    for (const auto* bad :
         {"lmtp:", "lmtp:store.example", "lmtp:store.example:25", "lmtp:unix:", "lmtp:unix:run/lmtp", "lmtp:unix:/",
          "lmtp:unix:/a b", "lmtp:unix:/a\nb", "lmtp:lmtp:h:24", "lmtp:mx:example.org", "unix:/run/lmtp"})
        EXPECT_EQ(read(bad), "none") << bad;
    EXPECT_NE(read("lmtp:unix:/" + std::string(106, 'a')), "none");
    EXPECT_EQ(read("lmtp:unix:/" + std::string(107, 'a')), "none");
    EXPECT_FALSE(route::from_edit("maildir", "lmtp:store.example:24"));
    EXPECT_FALSE(route::from_edit("smtp", "lmtp:store.example:24"));
}

TEST(a_route, may_be_to_the_mail_exchangers_of_another_domain)
{
    const auto to = route::from_text("mx:Example.ORG", 2525);
    EXPECT_EQ(to, route::to_domain("example.org", 2525));
    EXPECT_EQ(route::from_edit("", "mx:example.org", 2525), to);
    EXPECT_EQ(read("mx:[192.0.2.1]"), "192.0.2.1:25");
    for (const auto* bad : {"mx:", "mx:a b", "mx:25x", "mx:192.0.2.1", "mx:example.org:26"})
        EXPECT_EQ(read(bad), "none") << bad;
}

TEST(a_route, may_be_to_a_host_with_the_name_of_a_word)
{
    EXPECT_EQ(read("mx:26"), "mx:26");
    EXPECT_EQ(read("lmtp:26"), "lmtp:26");
    EXPECT_FALSE(route::from_text("lmtp:26")->is_lmtp());
    EXPECT_EQ(read("mx"), "mx:25");
}

std::vector<base::ip_endpoint> endpoints(const std::vector<std::string>& texts)
{
    std::vector<base::ip_endpoint> out;
    for (const auto& each : texts)
        out.push_back(base::ip_endpoint::from_text(each).value());
    return out;
}

TEST(route, knows_when_it_leads_to_ourselves)
{
    const auto own = endpoints({"192.0.2.1:25", "0.0.0.0:2525", "[::]:2626"});
    for (const auto* ours : {"192.0.2.1", "192.0.2.1:25", "127.0.0.1:2525", "127.9.9.9:2525", "0.0.0.0:2525", "[::1]:2626",
                             "[::]:2626", "[::ffff:127.0.0.1]:2525"})
        EXPECT_TRUE(leads_to_ourselves(*route::from_text(ours), own)) << ours;
    for (const auto* other : {"192.0.2.1:26", "192.0.2.2", "192.0.2.1:2525", "mx.example:25", "localhost:2525", "127.0.0.1:25",
                              "[::1]:2525", "127.0.0.1:2626", "0.0.0.0:2626"})
        EXPECT_FALSE(leads_to_ourselves(*route::from_text(other), own)) << other;
    EXPECT_FALSE(leads_to_ourselves(*route::from_edit("maildir", "192.0.2.1:25"), own));
    EXPECT_TRUE(leads_to_ourselves(*route::from_text("lmtp:127.0.0.1:2525"), own));
    EXPECT_FALSE(leads_to_ourselves(*route::from_text("lmtp:unix:/run/lmtp"), own));
    EXPECT_TRUE(leads_to_ourselves(*route::from_text("0.0.0.0:25"), endpoints({"127.0.0.1:25"})))
        << "the unspecified address is this machine";
    EXPECT_TRUE(leads_to_ourselves(*route::from_text("[::]:25"), endpoints({"[::1]:25"})));
    EXPECT_FALSE(leads_to_ourselves(*route::from_text("127.0.0.2:25"), endpoints({"127.0.0.1:25"})));
}

TEST(route, to_an_address_of_this_machine_leads_to_a_listener_on_all_of_them)
{
    const std::vector<base::ip_address> machine{*base::ip_address::from_text("127.0.0.1"), *base::ip_address::from_text("::1"),
                                                *base::ip_address::from_text("198.51.100.7"),
                                                *base::ip_address::from_text("2001:db8::7")};
    const auto own = reached_at(endpoints({"0.0.0.0:25", "[::]:26", "198.51.100.7:27"}), machine);
    for (const auto* ours : {"198.51.100.7:25", "[2001:db8::7]:26", "198.51.100.7:27", "127.0.0.1:25", "[::1]:26"})
        EXPECT_TRUE(leads_to_ourselves(*route::from_text(ours), own)) << ours;
    for (const auto* other : {"198.51.100.8:25", "[2001:db8::7]:25", "198.51.100.7:26", "[2001:db8::7]:27", "127.0.0.1:27"})
        EXPECT_FALSE(leads_to_ourselves(*route::from_text(other), own)) << other;
    EXPECT_EQ(reached_at(endpoints({"198.51.100.7:27"}), machine), endpoints({"198.51.100.7:27"}));
}

TEST(a_route, to_a_domain_is_by_its_mail_exchangers)
{
    const auto to = route::to_domain("Example.ORG", 2525);
    ASSERT_TRUE(to);
    EXPECT_TRUE(to->by_mx);
    EXPECT_EQ(to->host, "example.org");
    EXPECT_EQ(to->port, 2525);
    EXPECT_EQ(to->text(), "example.org");
    EXPECT_NE(*to, *route::from_text("example.org:2525")) << "that is a host";
}

TEST(a_route, to_an_address_literal_is_to_that_address) // RFC 5321 5.1
{
    EXPECT_EQ(route::to_domain("[192.0.2.1]"), route::from_text("192.0.2.1:25"));
    EXPECT_EQ(route::to_domain("[IPv6:2001:db8::1]"), route::from_text("[2001:db8::1]:25"));
    EXPECT_FALSE(route::to_domain("[x-future:1]"));
    EXPECT_FALSE(route::to_domain("[]"));
}

TEST(a_route, leads_to_no_domain_that_is_no_name)
{
    for (const auto* wrong : {"", "a b", "192.0.2.1", "-a.example", "\xff.example", "\xe2\x80\xae.example"})
        EXPECT_FALSE(route::to_domain(wrong)) << wrong;
}

TEST(a_route, to_a_domain_of_any_script_is_to_the_name_that_can_be_asked_for) // RFC 5891 5
{
    for (const auto* each : {"b\xc3\xbc"
                             "cher.example",
                             "B\xc3\x9c"
                             "cher.Example",
                             "bu\xcc\x88"
                             "cher.example"}) {
        const auto to = route::to_domain(each);
        ASSERT_TRUE(to) << each;
        EXPECT_EQ(to->host, "xn--bcher-kva.example");
    }
    EXPECT_EQ(route::to_domain("fa\xc3\x9f.example")->host, "xn--fa-hia.example") << "no transitional mapping to fass";
}

} // namespace
} // namespace postern::delivery
