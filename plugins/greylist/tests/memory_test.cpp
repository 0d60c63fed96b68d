// What is kept of those who come, by the plugin on a store that is a test's.

#include "greylisting_host.hpp"

#include <algorithm>

using namespace greylist::test;
using namespace postern::testing;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

/// One triplet of 192.0.2.0/24 waits and passes.
void passes_once(greylisting_host& host, fake_session& session, const std::string& sender)
{
    EXPECT_TRUE(asks(session, sender).defers());
    host.advance(5min);
    EXPECT_TRUE(asks(session, sender).proceeds());
}

TEST(a_first_contact, is_kept_for_the_window_and_not_durably)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    EXPECT_TRUE(asks(session).defers());
    EXPECT_EQ(host.kv.durable_requests(), 0u);
    ASSERT_THAT(host.kv.keys(), SizeIs(2)) << "the triplet, and how many there are of its network";
    for (const std::string& key : host.kv.keys())
        EXPECT_EQ(host.kv.ttl(key), 48h);
    host.advance(48h);
    EXPECT_TRUE(asks(session).defers()) << "it came too late";
}

TEST(who_has_passed, is_kept_durably_and_longer_with_each_use)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    passes_once(host, session, "a@client.example");
    EXPECT_EQ(host.kv.durable_requests(), 2u) << "the triplet, and that its network has one more";
    for (int month = 0; month < 24; ++month) {
        host.advance(30 * 24h);
        EXPECT_TRUE(asks(session).proceeds());
    }
    EXPECT_EQ(host.kv.durable_requests(), 2u);
    host.advance(36 * 24h);
    EXPECT_TRUE(asks(session).defers());
}

TEST(who_has_passed, costs_no_write_more_often_than_once_a_day)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    passes_once(host, session, "a@client.example");
    const std::size_t before = host.kv.requests();
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(asks(session).proceeds());
    EXPECT_EQ(host.kv.requests(), before + 10);
    host.advance(24h);
    EXPECT_TRUE(asks(session).proceeds());
    EXPECT_EQ(host.kv.requests(), before + 12);
}

TEST(a_triplet, is_of_its_network_sender_and_recipient)
{
    greylisting_host host;
    host.option("auto_allow", 0);
    host.made();
    fake_session session{host};
    passes_once(host, session, "a@client.example");
    EXPECT_TRUE(asks_from(session, "192.0.2.200").proceeds()) << "big providers send from many addresses";
    EXPECT_TRUE(asks(session, "A@CLIENT.example", "B@mx.Example").proceeds());
    EXPECT_TRUE(asks(session, "c@client.example").defers());
    EXPECT_TRUE(asks(session, "a@client.example", "c@mx.example").defers());
    EXPECT_TRUE(asks_from(session, "192.0.3.1").defers());
    EXPECT_TRUE(asks_from(session, "2001:db8:0:1::1").defers());
    host.advance(5min);
    EXPECT_TRUE(asks_from(session, "2001:db8:0:1:ffff::9").proceeds());
    EXPECT_TRUE(asks_from(session, "2001:db8:0:2::1").defers());
}

TEST(a_triplet, of_utf8_is_folded_in_its_ascii_alone)
{
    greylisting_host host;
    host.option("auto_allow", 0);
    host.made();
    fake_session session{host};
    passes_once(host, session, "\xc3\xa4\x42@client.example");
    EXPECT_TRUE(asks(session, "\xc3\xa4\x62@CLIENT.example").proceeds());
    EXPECT_TRUE(asks(session, "\xc3\x84\x62@client.example").defers());
}

TEST(a_network, passes_when_enough_of_its_triplets_have)
{
    greylisting_host host;
    host.option("auto_allow", 3);
    host.made();
    fake_session session{host};
    for (const char* sender : {"a@client.example", "b@client.example", "c@client.example"})
        passes_once(host, session, sender);
    EXPECT_TRUE(asks_from(session, "192.0.2.77", "new@other.example", "x@mx.example").proceeds());
    EXPECT_EQ(host.passed("network"), 1);
    EXPECT_TRUE(asks_from(session, "192.0.3.1", "new@other.example").defers());

    for (int month = 0; month < 6; ++month) { // and for as long as it comes
        host.advance(30 * 24h);
        EXPECT_TRUE(asks_from(session, "192.0.2.1", std::to_string(month) + "@other.example").proceeds());
    }
    host.advance(36 * 24h);
    EXPECT_TRUE(asks(session, "late@other.example").defers());
}

TEST(a_network, that_has_none_of_auto_allow_never_passes_as_a_whole)
{
    greylisting_host host;
    host.option("auto_allow", 0);
    host.made();
    fake_session session{host};
    for (int i = 0; i < 20; ++i)
        passes_once(host, session, std::to_string(i) + "@client.example");
    EXPECT_EQ(host.passed("network"), 0);
}

TEST(two_sessions_that_race, make_one_first_contact)
{
    greylisting_host host;
    host.made();
    fake_session one{host};
    fake_session other{host, 2};
    EXPECT_TRUE(one.mail("a@client.example").proceeds());
    EXPECT_TRUE(other.mail("a@client.example").proceeds());
    const answer first = one.rcpt("b@mx.example");
    const answer second = other.rcpt("b@mx.example"); // both have looked, and neither has written
    EXPECT_TRUE(one.finish(first).defers());
    EXPECT_TRUE(other.finish(second).defers());
    host.advance(5min);
    EXPECT_TRUE(asks(one).proceeds());
}

TEST(two_sessions_that_race, pass_both_and_count_as_one)
{
    greylisting_host host;
    host.option("auto_allow", 2);
    host.made();
    fake_session one{host};
    fake_session other{host, 2};
    EXPECT_TRUE(asks(one).defers());
    host.advance(5min);
    EXPECT_TRUE(one.mail("a@client.example").proceeds());
    EXPECT_TRUE(other.mail("a@client.example").proceeds());
    const answer first = one.rcpt("b@mx.example");
    const answer second = other.rcpt("b@mx.example");
    EXPECT_TRUE(one.finish(first).proceeds());
    EXPECT_TRUE(other.finish(second).proceeds());
    EXPECT_EQ(host.passed("waited"), 1);
    EXPECT_EQ(host.passed("known"), 1);
    EXPECT_TRUE(asks(one, "c@client.example").defers()) << "the network has one triplet that waited, not two";
}

TEST(a_client_that_invents_senders, leaves_a_bounded_number_of_them_and_locks_out_none_of_its_network)
{
    greylisting_host host;
    host.option("pending_per_network", 10);
    host.option("auto_allow", 1);
    host.made();
    fake_session session{host};
    for (int i = 0; i < 200; ++i)
        EXPECT_TRUE(asks(session, std::to_string(i) + "@invented.example").defers());
    EXPECT_THAT(host.kv.keys(), SizeIs(10 + 1 + 1 + 1)) << "ten triplets, their number, one recipient, and their number";

    fake_session neighbour{host, 2};
    EXPECT_TRUE(asks_from(neighbour, "192.0.2.99", "good@client.example", "c@mx.example").defers());
    host.advance(5min);
    EXPECT_TRUE(asks_from(neighbour, "192.0.2.99", "good@client.example", "c@mx.example").proceeds());
    EXPECT_TRUE(asks(session, "more@invented.example", "d@mx.example").defers()) << "that is no reason to let all of it pass";
    EXPECT_TRUE(asks_from(neighbour, "192.0.3.1").defers());
    EXPECT_TRUE(asks_from(neighbour, "192.0.3.1", "x@client.example").defers());
    EXPECT_THAT(host.kv.keys(), SizeIs(13 + 2 + 3)) << "other networks have room of their own";
    host.advance(48h);
    EXPECT_TRUE(asks(session, "good@client.example").defers());
    EXPECT_EQ(host.kv.value("p=192.0.2.0/24"), "1");
}

TEST(a_client_that_invents_recipients, leaves_a_bounded_number_of_them_and_then_waits_as_a_network)
{
    greylisting_host host;
    host.option("pending_per_network", 10);
    host.option("auto_allow", 0);
    host.made();
    fake_session session{host};
    for (int i = 0; i < 500; ++i)
        EXPECT_TRUE(asks(session, "a@client.example", std::to_string(i) + "@mx.example").defers());
    EXPECT_THAT(host.kv.keys(), SizeIs(10 + 1 + 10 + 1 + 1)) << "triplets, recipients, the number of each, and the network";
    for (const std::string& key : host.kv.keys())
        EXPECT_LE(host.kv.ttl(key), 48h);

    fake_session neighbour{host, 2};
    EXPECT_TRUE(asks_from(neighbour, "192.0.2.99", "good@client.example", "c@mx.example").defers());
    host.advance(5min);
    EXPECT_TRUE(asks_from(neighbour, "192.0.2.99", "good@client.example", "c@mx.example").proceeds());
    EXPECT_TRUE(asks(session, "a@client.example", "15@mx.example").proceeds()) << "recipients that are kept still count";
    EXPECT_THAT(host.kv.keys(), SizeIs(23)) << "nothing of it is remembered";
    host.advance(48h);
    EXPECT_TRUE(asks(session, "a@client.example", "400@mx.example").defers());
    EXPECT_EQ(host.kv.value("p=192.0.2.0/24"), "1") << "and it begins anew";
}

TEST(a_client_with_many_ipv6_networks, leaves_no_more_than_ten_of_them)
{
    greylisting_host host;
    host.option("pending_per_network", 10);
    host.option("auto_allow", 0);
    host.made();
    fake_session session{host};
    const auto address = [](int network) { return "2001:db8:7:" + std::to_string(network) + "::1"; };
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(asks_from(session, address(i), "a@client.example", std::to_string(i) + "@mx.example").defers());
    EXPECT_THAT(host.kv.keys(), SizeIs(100 + 100 + 1)) << "triplets, how many of each network, and of all";
    for (int i = 100; i < 1000; ++i)
        EXPECT_TRUE(asks_from(session, address(i), "a@client.example", std::to_string(i) + "@mx.example").defers());
    EXPECT_THAT(host.kv.keys(), SizeIs(201 + 10 + 1 + 1)) << "recipients, their number, and all of the site";
    EXPECT_TRUE(asks_from(session, "2001:db8:8::1").defers());
    EXPECT_THAT(host.kv.keys(), SizeIs(213 + 3)) << "another site has room of its own";
    host.advance(5min);
    EXPECT_TRUE(asks_from(session, address(7), "a@client.example", "7@mx.example").proceeds());
    EXPECT_TRUE(asks_from(session, address(2000), "b@client.example", "new@mx.example").proceeds()) << "it has waited as a whole";
    EXPECT_TRUE(asks_from(session, "2001:db8:9::1").defers());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(keys, are_hashes_of_addresses_and_of_bounded_length)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    const std::string common(1500, 'x');
    EXPECT_TRUE(asks(session, common + "1@client.example", common + "@mx.example").defers());
    EXPECT_TRUE(asks(session, common + "2@client.example", common + "@mx.example").defers());
    EXPECT_THAT(host.kv.keys(), SizeIs(3)) << "they are not taken for one another";
    for (const std::string& key : host.kv.keys()) {
        EXPECT_LE(key.size(), 66u);
        EXPECT_EQ(key.find("xx"), std::string::npos);
    }
}

TEST(a_store_whose_clock_went_back, makes_nobody_wait_for_longer_than_the_delay)
{
    greylisting_host host;
    host.made();
    fake_session session{host};
    EXPECT_TRUE(asks(session).defers());
    const auto keys = host.kv.keys();
    const auto triplet = std::find_if(keys.begin(), keys.end(), [](const std::string& key) { return key.front() == 't'; });
    ASSERT_NE(triplet, keys.end());
    host.kv.set(*triplet, *host.kv.value(*triplet), 5'000h); // as it lives after a jump
    EXPECT_TRUE(asks(session).defers());
    EXPECT_EQ(host.kv.ttl(*triplet), 48h);
    host.advance(5min);
    EXPECT_TRUE(asks(session).proceeds());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

} // namespace
