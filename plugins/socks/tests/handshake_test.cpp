#include "../src/handshake.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace std::string_literals;

namespace socks {
namespace {

/// A handshake and the proxy that it talks to.
class a_handshake : public ::testing::Test {
protected:
    void begins(const target& to, std::optional<login> as = {}) { talk_.emplace(to, std::move(as)); }
    /// What it says now; empty: nothing.
    std::string says()
    {
        std::string said{talk_->output()};
        talk_->sent(said.size());
        return said;
    }
    /// Octet by octet; how many it did not want.
    std::size_t hears(const std::string& octets)
    {
        std::size_t at = 0;
        while (at < octets.size() && talk_->wants() != 0)
            talk_->feed(octets.substr(at++, 1));
        return octets.size() - at;
    }
    std::optional<handshake> talk_;
};

TEST_F(a_handshake, asks_for_an_address_as_rfc_1928_says)
{
    begins({"192.0.2.1", 25});
    EXPECT_EQ(says(), "\x05\x01\x00"s);
    EXPECT_EQ(hears("\x05\x00"s), 0u);
    EXPECT_EQ(says(), "\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"s);
    EXPECT_EQ(hears("\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34"s), 0u);
    EXPECT_TRUE(talk_->is_done());
}

TEST_F(a_handshake, asks_for_names_and_for_addresses_of_both_families)
{
    const std::pair<target, std::string> cases[]{
        {{"mx.example", 587}, "\x05\x01\x00\x03\x0amx.example\x02\x4b"s},
        {{"2001:db8::1", 25}, "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x19"s},
        {{"::ffff:192.0.2.1", 25}, "\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"s}};
    for (const auto& [to, request] : cases) {
        begins(to);
        (void)says();
        (void)hears("\x05\x00"s);
        EXPECT_EQ(says(), request) << to.host;
    }
}

TEST_F(a_handshake, leaves_what_is_behind_the_reply_to_the_host)
{
    for (const auto& bound :
         {"\x01\x0a\x00\x00\x01\x12\x34"s, "\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x12\x34"s,
          "\x03\x05proxy\x12\x34"s, "\x03\x00\x12\x34"s}) {
        begins({"192.0.2.1", 25});
        (void)says();
        (void)hears("\x05\x00"s);
        (void)says();
        EXPECT_EQ(hears("\x05\x00\x00"s + bound + "220 mx ESMTP\r\n"), 14u) << bound.size();
        EXPECT_TRUE(talk_->is_done());
        EXPECT_EQ(talk_->wants(), 0u);
    }
}

TEST_F(a_handshake, reads_nothing_before_it_has_said_its_part)
{
    begins({"192.0.2.1", 25});
    EXPECT_EQ(talk_->wants(), 0u);
    talk_->sent(1);
    EXPECT_EQ(talk_->wants(), 0u) << "two octets are still to be sent";
    talk_->sent(2);
    EXPECT_EQ(talk_->wants(), 2u);
}

TEST_F(a_handshake, logs_in_as_rfc_1929_says_and_offers_nothing_else)
{
    begins({"192.0.2.1", 25}, login{"user", "secret"});
    EXPECT_EQ(says(), "\x05\x01\x02"s);
    (void)hears("\x05\x02"s);
    EXPECT_EQ(says(), "\x01\x04user\x06secret"s);
    (void)hears("\x01\x00"s);
    EXPECT_EQ(says(), "\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"s);
}

TEST_F(a_handshake, fails_when_the_proxy_refuses_it)
{
    begins({"192.0.2.1", 25});
    (void)says();
    (void)hears("\x05\xff"s);
    EXPECT_EQ(talk_->fault(), "it wants a login, and none is configured");

    begins({"192.0.2.1", 25}, login{"user", "secret"});
    (void)says();
    (void)hears("\x05\xff"s);
    EXPECT_EQ(talk_->fault(), "it wants no login by user and password");

    begins({"192.0.2.1", 25}, login{"user", "wrong"});
    (void)says();
    (void)hears("\x05\x02"s);
    (void)says();
    (void)hears("\x01\x01"s);
    EXPECT_EQ(talk_->fault(), "it refuses the login");
    EXPECT_FALSE(talk_->is_of_target());
    EXPECT_EQ(says(), "") << "and says no more";
}

TEST_F(a_handshake, knows_whether_the_proxy_or_the_host_is_at_fault)
{
    const std::pair<char, bool> cases[]{{1, false}, {2, false}, {3, true}, {4, true},  {5, true},
                                        {6, true},  {7, false}, {8, true}, {9, false}, {'\xff', false}};
    for (const auto& [reply, is_of_target] : cases) {
        begins({"192.0.2.1", 25});
        (void)says();
        (void)hears("\x05\x00"s);
        (void)says();
        (void)hears("\x05"s + reply + "\x00\x01"s);
        EXPECT_TRUE(talk_->has_failed()) << int{reply};
        EXPECT_EQ(talk_->is_of_target(), is_of_target) << int{reply};
        EXPECT_FALSE(talk_->fault().empty());
    }
}

TEST_F(a_handshake, believes_no_nonsense)
{
    for (const auto& nonsense : {"\x04\x00"s, "HT"s, "\x05\x02"s, "\x05\x01"s, "\x00\x00"s}) {
        begins({"192.0.2.1", 25});
        (void)says();
        (void)hears(nonsense);
        EXPECT_TRUE(talk_->has_failed()) << nonsense;
    }
    for (const auto& nonsense : {"\x04\x00\x00\x01"s, "\x05\x00\x00\x00"s, "\x05\x00\x00\x02"s, "\x05\x00\x00\xff"s}) {
        begins({"192.0.2.1", 25});
        (void)says();
        (void)hears("\x05\x00"s);
        (void)says();
        (void)hears(nonsense);
        EXPECT_TRUE(talk_->has_failed()) << nonsense;
    }
    begins({"192.0.2.1", 25}, login{"a", "b"});
    (void)says();
    (void)hears("\x05\x00"s); // it would not keep us apart
    EXPECT_EQ(talk_->fault(), "it chose what it was not offered");
}

TEST_F(a_handshake, says_nothing_that_has_no_place)
{
    begins({std::string(255, 'x'), 25});
    EXPECT_FALSE(talk_->has_failed());
    for (const auto& host : {std::string(256, 'x'), std::string{}}) {
        begins({host, 25});
        EXPECT_TRUE(talk_->has_failed());
        EXPECT_EQ(says(), "");
    }
    for (const auto& as :
         {login{"", "x"}, login{"x", ""}, login{std::string(256, 'x'), "x"}, login{"x", std::string(256, 'x')}}) {
        begins({"192.0.2.1", 25}, as);
        EXPECT_TRUE(talk_->has_failed());
    }
}

} // namespace
} // namespace socks
