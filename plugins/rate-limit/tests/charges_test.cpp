#include "src/charges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

using namespace rate_limit;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

rule_book book_of(std::initializer_list<std::string> texts)
{
    rule_book book;
    for (const std::string& text : texts) {
        std::string name = "r";
        name += std::to_string(book.rules.size());
        EXPECT_EQ(parse_rule(name, text, book.rules.emplace_back()), "");
    }
    return book;
}
std::vector<std::string> values(const std::vector<charge>& charges)
{
    std::vector<std::string> all;
    for (const charge& one : charges)
        all.push_back(one.of->name + " " + one.value);
    return all;
}

constexpr facts somebody{"192.0.2.7", "Alice", "", "Bob@Client.Example", "Carol@MX.example"};

TEST(charges, are_one_for_each_rule_that_counts_it)
{
    const rule_book book =
        book_of({"counts=recipients key=client rate=1/1s", "counts=messages key=client rate=1/1s",
                 "counts=recipients key=network rate=1/1s", "counts=recipients key=sender rate=1/1s",
                 "counts=recipients key=sender-domain rate=1/1s", "counts=recipients key=user rate=1/1s",
                 "counts=recipients key=recipient rate=1/1s", "counts=recipients key=recipient-domain rate=1/1s"});
    const auto made = book.charges(counted::recipients, somebody, 3);
    EXPECT_THAT(values(made), ElementsAre("r0 192.0.2.7/32", "r2 192.0.2.0/24", "r3 bob@client.example", "r4 client.example",
                                          "r5 alice", "r6 carol@mx.example", "r7 mx.example"));
    EXPECT_EQ(made.front().tokens, 3u);
    EXPECT_EQ(made.front().key, "r0=192.0.2.7/32");
}

TEST(charges, are_none_where_the_key_is_nobodys)
{
    const rule_book book = book_of({"counts=recipients key=client rate=1/1s", "counts=recipients key=sender rate=1/1s",
                                    "counts=recipients key=sender-domain rate=1/1s", "counts=recipients key=user rate=1/1s",
                                    "counts=recipients key=recipient-domain rate=1/1s"});
    EXPECT_THAT(book.charges(counted::recipients, {"", "", "", "", "postmaster"}, 1), IsEmpty())
        << "a local socket, the null reverse path, nobody logged in, a recipient without a domain";
}

TEST(charges, spare_networks_and_users_as_the_rule_says)
{
    rule_book book =
        book_of({"counts=messages key=client rate=1/1s", "counts=messages key=client rate=1/1s exempt=none",
                 "counts=messages key=client rate=1/1s exempt=users", "counts=messages key=client rate=1/1s exempt=both"});
    ASSERT_EQ(book.networks.add("192.0.2.0/25"), nullptr);
    const auto names = [&](const facts& about) {
        std::string all;
        for (const charge& one : book.charges(counted::messages, about, 1))
            all += one.of->name;
        return all;
    };
    EXPECT_EQ(names({"192.0.2.7", "", "", "", ""}), "r1r2");
    EXPECT_EQ(names({"192.0.2.7", "alice", "", "", ""}), "r1");
    EXPECT_EQ(names({"192.0.2.200", "alice", "", "", ""}), "r0r1");
    EXPECT_EQ(names({"192.0.2.200", "", "", "", ""}), "r0r1r2r3");
}

TEST(charges, go_by_the_prefixes_of_the_configuration)
{
    rule_book book = book_of({"counts=connections key=network rate=1/1s"});
    book.v4_bits = 16;
    book.v6_bits = 48;
    EXPECT_THAT(values(book.charges(counted::connections, {"192.0.2.7", "", "", "", ""}, 1)), ElementsAre("r0 192.0.0.0/16"));
    EXPECT_THAT(values(book.charges(counted::connections, {"2001:db8:1:2::3", "", "", "", ""}, 1)),
                ElementsAre("r0 2001:db8:1::/48"));
}

// A customer's network has 2^64 addresses: by each of them nobody would ever be out of tokens.
TEST(charges, take_an_ipv6_network_for_one_client)
{
    rule_book book = book_of({"counts=messages key=client rate=1/1s"});
    const auto client_of = [&](std::string_view address) {
        return values(book.charges(counted::messages, {address, "", "", "", ""}, 1)).front();
    };
    EXPECT_EQ(client_of("2001:db8:1:2::3"), "r0 2001:db8:1:2::/64");
    EXPECT_EQ(client_of("2001:db8:1:2:ffff:ffff:ffff:ffff"), "r0 2001:db8:1:2::/64");
    EXPECT_EQ(client_of("2001:db8:1:3::3"), "r0 2001:db8:1:3::/64");
    EXPECT_EQ(client_of("192.0.2.7"), "r0 192.0.2.7/32");
    EXPECT_EQ(client_of("::ffff:192.0.2.7"), "r0 192.0.2.7/32");
    book.v6_bits = 128;
    EXPECT_EQ(client_of("2001:db8:1:2::3"), "r0 2001:db8:1:2::3/128");
}

TEST(charges, of_a_failed_login_are_the_users_that_was_tried)
{
    const rule_book book = book_of({"counts=failed-logins key=user rate=1/1s"});
    EXPECT_THAT(values(book.charges(counted::failed_logins, {"192.0.2.7", "", "Bob", "", ""}, 1)), ElementsAre("r0 bob"));
}

TEST(charges, have_keys_that_are_bounded_and_never_the_same_for_two)
{
    const rule_book book = book_of({"counts=messages key=sender rate=1/1s"});
    const std::string common(2000, 'x');
    const auto key_of = [&](const std::string& sender) {
        return book.charges(counted::messages, {"192.0.2.7", "", "", sender, ""}, 1).front().key;
    };
    EXPECT_LE(key_of(common + "@a.example").size(), 200u);
    EXPECT_NE(key_of(common + "@a.example"), key_of(common + "@b.example"));
    EXPECT_EQ(key_of(common + "@a.example"), key_of(common + "@A.EXAMPLE"));
    EXPECT_NE(key_of("\xc3\xa4@a.example"), key_of("\xc3\x84@a.example")) << "of UTF-8 nothing is folded";
}

} // namespace
