// Sessions that wait for a plugin, whatever their clients and the server do meanwhile.

#include "tests/support/waiting_plugin.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/tls_peer.hpp"
#include "tests/support/wellness.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr exit_status success{0, 0};

/// How often `word` stands in `text`.
[[nodiscard]] std::size_t count_of(std::string_view word, std::string_view text)
{
    std::size_t found = 0;
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
        ++found;
    return found;
}

/// A gateway with a listener for each hook, where a plugin lets the session wait.
class a_server_whose_plugin_thinks : public ::testing::Test {
protected:
    a_server_whose_plugin_thinks() : gateway_{plugin_.with(listeners())} {}

    [[nodiscard]] configuration listeners() const
    {
        auto what = configuration::relay(next_.address());
        what.section("log", "level = \"debug\"");
        for (unsigned hook = POSTERN_HOOK_CONN_OPEN; hook <= POSTERN_HOOK_COMMIT_BEFORE; ++hook)
            what.listener(plain(hook), {"relay-domains", plain(hook)})
                .listener(secure(hook), {"relay-domains", plain(hook)}, "implicit")
                .plugin(plain(hook), "waiting", plugin_.waits_at(hook), "deadline = \"10m\"");
        what.listener("slow", {"relay-domains", "slow"})
            .plugin("slow", "waiting", plugin_.waits_at(POSTERN_HOOK_MAIL), "deadline = \"300ms\"")
            .listener("silent", {"relay-domains", "silent"})
            .plugin("silent", "waiting", fmt::format("hook = {}", POSTERN_HOOK_MAIL), "deadline = \"1s\"");
        return what;
    }
    [[nodiscard]] static std::string plain(unsigned hook) { return fmt::format("at-{}", hook); } ///< the instance's name too
    [[nodiscard]] static std::string secure(unsigned hook) { return fmt::format("tls-{}", hook); }

    /// All that a client says until the plugin is asked at `hook`; whole messages from msg.end on only.
    [[nodiscard]] static std::string dialogue(unsigned hook)
    {
        const std::vector<std::pair<unsigned, std::string>> parts{
            {POSTERN_HOOK_HELO, "EHLO client.example\r\n"},
            {POSTERN_HOOK_MAIL, "MAIL FROM:<a@client.example>\r\n"},
            {POSTERN_HOOK_RCPT, "RCPT TO:<user@example.com>\r\n"},
            {POSTERN_HOOK_DATA, "DATA\r\n"},
            {POSTERN_HOOK_HEADERS, "Subject: left\r\n\r\n"},
            {POSTERN_HOOK_BODY, "half\r\n"},
            {POSTERN_HOOK_END, "whole\r\n.\r\n"},
        };
        std::string says;
        for (const auto& [until, part] : parts)
            says += until <= hook ? part : "";
        return says;
    }
    [[nodiscard]] bool waits(std::string_view instance, std::size_t times)
    {
        const auto line = fmt::format("plugin={} text=\"lets it wait\"", instance);
        return gateway_.child().wait_for_errors([&](std::string_view log) { return count_of(line, log) >= times; });
    }
    [[nodiscard]] bool nobody_is_left() const
    {
        return eventually([this] {
            const auto log = gateway_.log();
            return count_of(" connected ", log) != 0 && count_of(" connected ", log) == count_of(" disconnected ", log);
        });
    }

    next_hop next_;
    waiting_plugin plugin_{POSTERN_TEST_CXX};
    server gateway_;
};

TEST_F(a_server_whose_plugin_thinks, does_not_mind_that_the_client_leaves_meanwhile)
{
    std::list<smtp_peer> plain_peers; // closed sockets with something to read would send a reset, not an end
    std::list<tls_peer> secure_peers;
    for (unsigned hook = POSTERN_HOOK_CONN_OPEN; hook <= POSTERN_HOOK_COMMIT_BEFORE; ++hook) {
        std::size_t times = 0;
        for (const bool resets : {false, true}) {
            const auto leave = [&](auto& peer) {
                ASSERT_TRUE(peer.sends(dialogue(hook)));
                ASSERT_TRUE(waits(plain(hook), ++times)) << gateway_.log();
                resets ? peer.stream().abort() : peer.stream().close_write();
            };
            ASSERT_TRUE(secure_peers.emplace_back(tls_peer::connect(gateway_.port(secure(hook)))).shakes_hands());
            leave(secure_peers.back());
            if (hook != POSTERN_HOOK_TLS_ESTABLISHED)
                leave(plain_peers.emplace_back(gateway_.port(plain(hook))));
        }
    }
    plugin_.open();
    EXPECT_TRUE(nobody_is_left()) << gateway_.log();
    EXPECT_TRUE(gateway_.queue_becomes_empty());
    // Whole: at two hooks, on two ways, with an end and with a reset.
    EXPECT_GE(next_.count(), 4U) << "those whose sender could still hear of it";
    EXPECT_LE(next_.count(), 8U) << "the others may be kept too";
    for (const auto& message : next_.arrived())
        EXPECT_THAT(message.content, EndsWith("half\r\nwhole\r\n"));
    expect_well(gateway_, next_);
}

TEST_F(a_server_whose_plugin_thinks, stops_while_it_waits_for_clients_that_have_left)
{
    smtp_peer ends{gateway_.port("silent")};
    smtp_peer resets{gateway_.port("silent")};
    smtp_peer stays{gateway_.port("silent")};
    for (auto* peer : {&ends, &resets, &stays})
        ASSERT_TRUE(peer->sends(dialogue(POSTERN_HOOK_MAIL)));
    ASSERT_TRUE(waits("silent", 3)) << gateway_.log();
    ends.stream().close_write();
    resets.stream().abort();
    expect_well(gateway_, next_); // which stops it before the plugin's deadline
    for (const int code : {220, 250, 451, 421})
        EXPECT_EQ(stays.reply().code, code);
}

TEST_F(a_server_whose_plugin_thinks, does_not_use_an_answer_that_comes_too_late)
{
    smtp_peer peer{gateway_.port("slow")};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 451) << "its deadline passed";
    plugin_.open();
    EXPECT_TRUE(gateway_.logs("plugin.stale_reply", {"plugin=slow"})) << gateway_.log();
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 503) << "nothing was made good behind its back";
    EXPECT_EQ(peer.says("NOOP").code, 250);
    expect_well(gateway_, next_);
}

} // namespace
} // namespace postern::test
