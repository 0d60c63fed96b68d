#include "core/host/ways_out.hpp"
#include "tests/support/lambda_plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum hooks::hook_point;

const std::vector<base::ip_address> machine{
    base::ip_address::from_text("127.0.0.1").value(), base::ip_address::from_text("::1").value(),
    base::ip_address::from_text("198.51.100.7").value(), base::ip_address::from_text("2001:db8::7").value()};

std::vector<std::string> texts(const problems& found)
{
    std::vector<std::string> out;
    for (const auto& each : found)
        out.push_back(each.text());
    return out;
}

config read(const std::string& delivery, const std::string& address = "127.0.0.1:25")
{
    problems found;
    const auto made =
        read_config_text("hostname = \"MX.example.org\"\ndata_dir = \"data\"\n[[listener]]\nname = \"in\"\naddress = \"" +
                             address + "\"\n[[plugin]]\nname = \"p\"\nlibrary = \"l\"\n[delivery]\n" + delivery + "\n",
                         "/etc/postern.toml", found);
    EXPECT_THAT(texts(found), IsEmpty());
    return made.value();
}

std::vector<std::string> circle(const std::string& relay, const std::string& address)
{
    const auto from = read("relay = \"" + relay + "\"", address);
    problems found;
    refuse_relay_to_ourselves(from, listening_places(from), machine, found);
    return texts(found);
}

TEST(a_relay_to_ourselves, is_refused_with_its_place_and_the_listeners_name)
{
    EXPECT_THAT(circle("198.51.100.7:25", "0.0.0.0:25"),
                ElementsAre("/etc/postern.toml:10: delivery.relay: \"198.51.100.7:25\" is this server's own listener \"in\" "
                            "(0.0.0.0:25), so mail would go in a circle; give the address and port of the next server"));
    for (const auto& [relay, address] : std::multimap<std::string, std::string>{{"127.0.0.1:25", "127.0.0.1:25"},
                                                                                {"127.0.0.1", "127.0.0.1:25"},
                                                                                {"127.3.2.1:25", "0.0.0.0:25"},
                                                                                {"0.0.0.0:25", "127.0.0.1:25"},
                                                                                {"[2001:db8::7]:26", "[::]:26"},
                                                                                {"[::1]:26", "[::]:26"},
                                                                                {"localhost:25", "127.0.0.1:25"},
                                                                                {"LOCALHOST.:25", "[::1]:25"},
                                                                                {"mail.localhost:25", "0.0.0.0:25"},
                                                                                {"mx.example.org:25", "0.0.0.0:25"},
                                                                                {"mx.example.org:25", "[2001:db8::7]:25"}})
        EXPECT_THAT(circle(relay, address), ElementsAre(HasSubstr(":10: delivery.relay"))) << relay << " " << address;
}

TEST(a_relay_to_others, is_not)
{
    for (const auto& [relay, address] : std::multimap<std::string, std::string>{{"198.51.100.8:25", "0.0.0.0:25"},
                                                                                {"198.51.100.7:26", "0.0.0.0:25"},
                                                                                {"127.0.0.2:25", "127.0.0.1:25"},
                                                                                {"127.0.0.1:25", "[::]:25"},
                                                                                {"127.0.0.1:25", "127.0.0.1:0"},
                                                                                {"127.0.0.1:25", "unix:/run/in"},
                                                                                {"localhost:26", "127.0.0.1:25"},
                                                                                {"next.example.org:25", "0.0.0.0:25"},
                                                                                {"mx.example.org:25", "127.0.0.1:25"},
                                                                                {"mx.example.org:26", "0.0.0.0:25"},
                                                                                {"", "0.0.0.0:25"}})
        EXPECT_THAT(circle(relay, address), IsEmpty()) << relay << " " << address;
}

TEST(a_relay_to_ourselves, counts_where_it_is_used_and_wherever_we_listen)
{
    auto from = read("relay = \"127.0.0.1:2525\"", "127.0.0.1:0");
    problems found;
    refuse_relay_to_ourselves(from, std::vector<listening_place>{{"in", "127.0.0.1:2525"}, {"two", "0.0.0.0:2525"}}, {}, found);
    EXPECT_THAT(texts(found), ElementsAre(HasSubstr("\"in\" (127.0.0.1:2525)"))) << "once, for the first";
    found.clear();
    from.delivery.transport = "p";
    refuse_relay_to_ourselves(from, std::vector<listening_place>{{"in", "127.0.0.1:2525"}}, {}, found);
    EXPECT_THAT(texts(found), IsEmpty());
}

/// A plugin that is asked there; it may vouch for recipients.
struct asked_at {
    std::set<hooks::hook_point> hooks;
    bool vouches = false;
    hooks::permissions may = {};
};

std::shared_ptr<const hooks::chain> chain_of(const std::vector<asked_at>& plugins)
{
    std::vector<hooks::link> links;
    for (const auto& each : plugins) {
        hooks::link one;
        one.who = std::make_shared<postern::test::lambda_plugin>("p", each.hooks, postern::test::vouch, each.vouches);
        one.may = each.may;
        links.push_back(std::move(one));
    }
    return std::make_shared<const hooks::chain>(std::move(links));
}

std::vector<std::string> dead_end(const std::string& delivery, const std::vector<asked_at>& listener,
                                  const std::vector<asked_at>& queue = {})
{
    runtime::generation made;
    auto profile = std::make_shared<runtime::listener_profile>();
    profile->chain = chain_of(listener);
    made.listeners.emplace("in", std::move(profile));
    made.delivery_chain = chain_of(queue);
    problems found;
    refuse_dead_end(read(delivery), made, found);
    return texts(found);
}

const asked_at policy{{cmd_rcpt}, true};

TEST(mail_that_is_taken, needs_a_way_out)
{
    EXPECT_THAT(dead_end("", {policy}),
                ElementsAre(AllOf(HasSubstr("/etc/postern.toml:9: delivery.relay: "), HasSubstr("listener \"in\""),
                                  HasSubstr("delivery.transport"), HasSubstr("may = [\"route\"]"))));
    EXPECT_THAT(dead_end("", {{{msg_headers}}, policy}).size(), 1U) << "who edits takes nothing away";
    EXPECT_THAT(dead_end("relay = \"192.0.2.1:25\"", {policy}), IsEmpty());
    EXPECT_THAT(dead_end("transport = \"p\"", {policy}), IsEmpty());
}

TEST(mail_that_is_taken, may_leave_by_a_plugin_that_routes_and_is_allowed_to)
{
    hooks::permissions may;
    EXPECT_EQ(dead_end("", {policy}, {{{queue_route}, false, may}}).size(), 1U) << "its edits would be refused";
    may.route = true;
    EXPECT_THAT(dead_end("", {policy}, {{{queue_route}, false, may}}), IsEmpty());
    EXPECT_EQ(dead_end("", {policy}, {{{delivery_done}, false, may}}).size(), 1U);
}

TEST(mail_that_is_taken, may_end_with_a_plugin_that_decides_about_whole_messages)
{
    EXPECT_THAT(dead_end("", {policy, {{msg_end}}}), IsEmpty());
    EXPECT_THAT(dead_end("", {policy, {{txn_commit_before}}}), IsEmpty());
}

TEST(a_listener, that_takes_no_mail_needs_no_way_out)
{
    EXPECT_THAT(dead_end("", {}), IsEmpty());
    EXPECT_THAT(dead_end("", {{{cmd_rcpt}}}), IsEmpty()) << "it cannot vouch";
    EXPECT_THAT(dead_end("", {{{cmd_mail}, true}}), IsEmpty()) << "it is not asked about recipients";
}

} // namespace
} // namespace postern::daemon
