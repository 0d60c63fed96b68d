#include "src/dns_lists.hpp"
#include "src/rules.hpp"
#include "src/score_card.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

using namespace spam_filter;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

constexpr double never = std::numeric_limits<double>::infinity();

std::vector<std::string> names(const std::vector<field>& fields, const message_facts& facts = {},
                               const envelope_facts& envelope = {})
{
    std::vector<std::string> all;
    for (const symbol& one : apply_rules(fields, facts, envelope))
        all.push_back(one.name);
    return all;
}

const std::vector<field> proper{
    {"From", " A <a@x.example>"}, {"To", " b@y.example"}, {"Date", " Mon"}, {"Message-ID", " <1@x>"}, {"Subject", " Hello"}};

TEST(rules, have_nothing_against_a_proper_message)
{
    EXPECT_THAT(names(proper), IsEmpty());
}

TEST(rules, miss_fields_that_every_message_has)
{
    const auto found = names({});
    for (const char* name : {"NO_FROM", "NO_DATE", "NO_MESSAGE_ID", "NO_RECIPIENTS_SHOWN"})
        EXPECT_THAT(found, Contains(name));
}

TEST(rules, see_what_is_there_twice_or_shouted_or_forged)
{
    auto fields = proper;
    fields.push_back({"From", " c@z.example"});
    fields.push_back({"subject", " again"});
    EXPECT_THAT(names(fields), Contains("MANY_FROM"));
    EXPECT_THAT(names(fields), Contains("MANY_SUBJECTS"));
    fields = proper;
    fields[4].value = " BUY IT NOW TODAY";
    EXPECT_THAT(names(fields), Contains("SHOUTED_SUBJECT"));
    fields[4].value = " Hello                 8347";
    EXPECT_THAT(names(fields), Contains("SPACED_SUBJECT"));
    fields[0].value = " \"service@bank.example\" <x@evil.example>";
    EXPECT_THAT(names(fields), Contains("FROM_NAMES_ANOTHER"));
    fields[0].value = " \"service@bank.example\" <x@bank.example>";
    EXPECT_THAT(names(fields), Not(Contains("FROM_NAMES_ANOTHER")));
}

TEST(rules, judge_structure_and_client)
{
    message_facts facts;
    facts.html_parts = 1;
    facts.has_program = true;
    facts.faults.is_too_deep = true;
    facts.words = 100;
    const auto found = names(proper, facts, {.sender = {}, .helo = "localhost", .address = {}, .is_trusted = false});
    for (const char* name : {"HTML_ONLY", "PROGRAM_ATTACHED", "MIME_TOO_DEEP", "HELO_NO_NAME"})
        EXPECT_THAT(found, Contains(name));
    EXPECT_THAT(names(proper, {}, {.sender = {}, .helo = "localhost", .address = {}, .is_trusted = true}), IsEmpty());
    EXPECT_THAT(names(proper, {}, {.sender = {}, .helo = "192.0.2.1", .address = {}, .is_trusted = false}),
                Contains("HELO_NO_NAME"));
    EXPECT_THAT(names(proper, {}, {.sender = {}, .helo = "mx.example", .address = {}, .is_trusted = false}), IsEmpty());
}

TEST(score_card, does_what_the_highest_threshold_that_is_reached_says)
{
    const thresholds at{5, 10, 20};
    const auto decide = [&](double points) {
        score_card card{0};
        card.add("X", points);
        return card.decide(at);
    };
    EXPECT_EQ(decide(4.99), action::none);
    EXPECT_EQ(decide(5), action::tag);
    EXPECT_EQ(decide(9.99), action::tag);
    EXPECT_EQ(decide(10), action::quarantine);
    EXPECT_EQ(decide(20), action::reject);
    EXPECT_EQ(score_card{1e9}.decide({never, never, never}), action::none);
}

TEST(score_card, counts_what_others_said)
{
    score_card card{3};
    card.add("X", 2);
    EXPECT_DOUBLE_EQ(card.own(), 2);
    EXPECT_EQ(card.decide({5, never, never}), action::tag);
}

TEST(score_card, writes_what_it_found)
{
    score_card card{-0.04};
    EXPECT_EQ(card.status({5, never, never}), "No, score=0.0 required=5.0 action=none");
    EXPECT_EQ(card.symbols(), "NONE");
    EXPECT_EQ(card.names(), "NONE");
    card.add("SMALL", 0.5);
    card.add("LARGE", 6.25);
    EXPECT_EQ(card.status({5, never, never}), "Yes, score=6.7 required=5.0 action=tag");
    EXPECT_EQ(card.symbols(), "LARGE(6.3), SMALL(0.5)");
    EXPECT_EQ(card.names(), "SMALL,LARGE");
}

TEST(score_card, folds_long_lists_of_symbols)
{
    score_card card{0};
    for (int i = 0; i < 100; ++i)
        card.add("A_SYMBOL_WITH_A_LONG_NAME_" + std::to_string(i), 1);
    std::string text = "X-Spam-Symbols: " + card.symbols();
    for (std::size_t end = 0; (end = text.find("\r\n")) != std::string::npos; text.erase(0, end + 2)) {
        EXPECT_LE(end, 78u);
        EXPECT_EQ(text[end + 2], '\t');
    }
    EXPECT_LE(card.names().size(), 1000u);
}

dns_list list_of(std::string_view entry)
{
    dns_list made;
    EXPECT_EQ(dns_list::parse(entry, made), nullptr) << entry;
    return made;
}

TEST(dns_list, listens_to_the_answers_that_it_was_told)
{
    const dns_list some = list_of("zen.example 3.5 127.0.0.2 127.0.0.4-11");
    EXPECT_EQ(some.zone(), "zen.example");
    EXPECT_DOUBLE_EQ(some.points(), 3.5);
    EXPECT_EQ(some.symbol("DNSBL_"), "DNSBL_ZEN_EXAMPLE");
    for (const char* yes : {"127.0.0.2", "127.0.0.4", "127.0.0.11"})
        EXPECT_TRUE(some.is_listing(yes)) << yes;
    for (const char* no : {"127.0.0.3", "127.0.0.12", "127.0.1.2", "192.0.2.1", "", "::1", "127.0.0.2.example"})
        EXPECT_FALSE(some.is_listing(no)) << no;
    const dns_list any = list_of("white.example -2");
    EXPECT_TRUE(any.is_listing("127.0.0.9"));
    EXPECT_FALSE(any.is_listing("127.255.255.254")); // the list does not want to say
    EXPECT_FALSE(any.is_listing("203.0.113.1"));     // somebody invents answers
}

TEST(dns_list, refuses_entries_that_are_none)
{
    dns_list made;
    for (const char* entry : {"", "zen", "zen.example", "zen.example x", "zen.example 3x", "zen.example 101",
                              "zen.example 3 1.2.3.4", "zen.example 3 127.0.0.9-2", "zen.example 3 127.0.0.2-256",
                              "zen.example 3 127.0.0.2-", ".zen.example 3", "zen..example 3", "z n.example 3", "zen.example nan"})
        EXPECT_NE(dns_list::parse(entry, made), nullptr) << entry;
}

TEST(dns_list, is_asked_about_addresses_that_others_can_know)
{
    EXPECT_EQ(address_question("203.0.113.7", "zen.example"), "7.113.0.203.zen.example"); // RFC 5782 2.1
    EXPECT_EQ(address_question("::ffff:203.0.113.7", "zen.example"), "7.113.0.203.zen.example");
    EXPECT_EQ(address_question("2001:db8:1:2:3:4:567:89ab", "z.example"), // RFC 5782 2.4
              "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.z.example");
    for (const char* ours : {"", "unix", "10.1.2.3", "127.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.1.1", "::1", "fe80::1",
                             "fd00::1", "::ffff:10.0.0.1"})
        EXPECT_EQ(address_question(ours, "zen.example"), std::nullopt) << ours;
    EXPECT_NE(address_question("172.32.0.1", "zen.example"), std::nullopt);
}

TEST(dns_list, is_asked_about_the_last_labels_of_a_host)
{
    EXPECT_EQ(host_question("shop.example", "dbl.example"), "shop.example.dbl.example");
    EXPECT_EQ(host_question("a.b.shop.co.example", "dbl.example"), "shop.co.example.dbl.example");
    for (const char* none : {"", "localhost", ".x.example", "x..example", "x y.example", "x.example."})
        EXPECT_EQ(host_question(none, "dbl.example"), std::nullopt) << none;
}

} // namespace
