// Reloads while mail is under way: what is in force for whom, what a refused one leaves, and when a generation ends.

#include "tests/support/generation_plugin.hpp"
#include "tests/support/next_hop.hpp"
#include "tests/support/sanitizers.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr exit_status success{0, 0};
constexpr exit_status failure{1, 0};

[[nodiscard]] std::size_t count_of(std::string_view word, std::string_view text)
{
    std::size_t found = 0;
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
        ++found;
    return found;
}

class a_server_that_is_reloaded : public ::testing::Test {
protected:
    a_server_that_is_reloaded() : gateway_{what()} {}

    [[nodiscard]] configuration what(bool refuses = false, std::string_view more = {}) const
    {
        auto out = configuration::relay(next_.address());
        out.listener("marked", {"relay-domains", "mark"})
            .plugin("mark", "generation", refuses ? "refuses = true" : "", "may = [\"headers\"]")
            .section("limits", fmt::format("connections_per_ip = 0\n{}", more));
        return plugin_.with(out);
    }
    /// A session in the middle of its header section, which ends after the reloads.
    smtp_peer& begin_a_message(std::string_view subject)
    {
        auto& peer = peers_.emplace_back(gateway_.port("marked"));
        EXPECT_EQ(peer.greets().code, 250) << gateway_.log();
        EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
        EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        EXPECT_EQ(peer.says("DATA").code, 354);
        EXPECT_TRUE(peer.sends(fmt::format("Subject: {}\r\n", subject)));
        return peer;
    }
    static int ends_its_message(smtp_peer& peer)
    {
        peer.sends("\r\nthe rest\r\n.\r\n");
        return peer.reply().code;
    }
    /// How often the plugin has said so.
    [[nodiscard]] std::size_t said(std::string_view what, unsigned generation) const
    {
        return count_of(fmt::format("text=\"{} g{}\"", what, generation), gateway_.log());
    }
    [[nodiscard]] bool says(std::string_view what, unsigned generation)
    {
        return gateway_.logs("plugin.log", {fmt::format("text=\"{} g{}\"", what, generation)});
    }
    [[nodiscard]] static std::string marked(const arrived_message& message)
    {
        constexpr std::string_view name = "X-Generation: ";
        const auto at = message.content.find(name);
        if (at == std::string::npos)
            return {};
        return message.content.substr(at + name.size(), message.content.find("\r\n", at) - at - name.size());
    }

    next_hop next_;
    generation_plugin plugin_{POSTERN_TEST_CXX};
    server gateway_;
    std::deque<smtp_peer> peers_;
};

TEST_F(a_server_that_is_reloaded, prepares_all_and_commits_before_the_first_session)
{
    const auto log = gateway_.log();
    const auto create = log.find("\"create g1\"");
    const auto prepare = log.find("\"prepare g1\"");
    const auto commit = log.find("\"commit g1\"");
    ASSERT_NE(commit, std::string::npos) << log;
    EXPECT_LT(create, prepare);
    EXPECT_LT(prepare, commit);
    EXPECT_LT(commit, log.find(" ready "));
}

TEST_F(a_server_that_is_reloaded, changes_nothing_when_a_plugin_refuses_and_names_the_line)
{
    gateway_.reconfigure(what(true, "recipients = 1"));
    const auto refused = gateway_.command({"reload"});
    EXPECT_EQ(refused.status, failure);
    EXPECT_THAT(refused.errors, HasSubstr(fmt::format("postern.toml:{}: plugin mark: refuses: not this time",
                                                      what(true, "recipients = 1").line_of("refuses = true"))));
    EXPECT_TRUE(says("abort", 2)) << gateway_.log();
    EXPECT_TRUE(says("destroy", 2)) << gateway_.log(); // the log is written behind the command's back
    EXPECT_EQ(said("commit", 2), 0U);
    EXPECT_EQ(said("destroy", 1), 0U);
    EXPECT_EQ(said("abort", 2), 1U);
    auto& peer = begin_a_message("one");
    ASSERT_EQ(ends_its_message(peer), 250);
    ASSERT_TRUE(next_.wait_for(1)) << gateway_.log();
    EXPECT_EQ(marked(next_.arrived().front()), "g1 of variant one");
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<one@example.com>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<two@example.com>").code, 250) << "nor is any other setting of that file in force";
    EXPECT_EQ(gateway_.stop(), success);
    EXPECT_EQ(said("destroy", 1), 1U);
}

TEST_F(a_server_that_is_reloaded, is_refused_a_start_by_the_same_answer)
{
    const temporary_folder folder;
    make_certificate(folder.path());
    const auto file = folder.write("postern.toml", what(true).text());
    for (const auto* command : {"check", "serve"}) {
        const auto refused = run({postern_program().string(), command, "--config", file.string()});
        EXPECT_EQ(refused.status, failure) << command;
        EXPECT_THAT(refused.errors, HasSubstr("plugin mark: refuses: not this time")) << command;
    }
}

TEST_F(a_server_that_is_reloaded, takes_a_new_file_and_leaves_open_sessions_the_old_one)
{
    auto& before = begin_a_message("before");
    plugin_.install(plugin_.build("two"));
    ASSERT_EQ(gateway_.command({"reload"}).status, success) << gateway_.log();
    auto& after = begin_a_message("after");
    EXPECT_EQ(ends_its_message(before), 250);
    EXPECT_EQ(ends_its_message(after), 250);
    ASSERT_TRUE(next_.wait_for(2)) << gateway_.log();
    std::map<std::string, std::string> by_subject;
    for (const auto& message : next_.arrived())
        by_subject[message.content.find("Subject: before") != std::string::npos ? "before" : "after"] = marked(message);
    EXPECT_EQ(by_subject["before"], "g1 of variant one");
    EXPECT_EQ(by_subject["after"], "g2 of variant two");
}

TEST_F(a_server_that_is_reloaded, destroys_a_generation_when_its_last_session_has_ended_and_not_before)
{
    auto& first = begin_a_message("first");
    begin_a_message("second");
    ASSERT_EQ(gateway_.command({"reload"}).status, success) << gateway_.log();
    EXPECT_EQ(ends_its_message(first), 250);
    EXPECT_EQ(first.says("QUIT").code, 221);
    ASSERT_EQ(gateway_.command({"reload"}).status, success);
    ASSERT_TRUE(says("destroy", 2)) << "nobody ever used it" << gateway_.log();
    EXPECT_EQ(said("destroy", 1), 0U) << "the second session still has it";
    peers_.pop_back(); // a client that leaves in the middle of its message
    EXPECT_TRUE(says("destroy", 1)) << gateway_.log();
    EXPECT_EQ(gateway_.stop(), success);
    for (const unsigned generation : {1U, 2U, 3U})
        EXPECT_EQ(said("destroy", generation), 1U) << generation;
}

TEST_F(a_server_that_is_reloaded, under_load_drops_nothing)
{
    constexpr unsigned reloads = 20;
    constexpr unsigned sessions_each = 10;
    constexpr unsigned refused_by_a_plugin = 7;
    constexpr unsigned broken_file = 13;
    unsigned in_force = 1;
    std::map<std::string, std::string> expected; // by subject
    for (unsigned i = 0; i < reloads; ++i) {
        for (unsigned k = 0; k < sessions_each; ++k) {
            const auto subject = fmt::format("message {} of {}.", k, i);
            begin_a_message(subject);
            expected[subject] = fmt::format("g{} of variant one", in_force);
        }
        const bool is_refused = i == refused_by_a_plugin || i == broken_file;
        gateway_.reconfigure(what(i == refused_by_a_plugin, i == broken_file ? "nonsense = 1" : ""));
        ASSERT_EQ(gateway_.command({"reload"}).status, is_refused ? failure : success) << i << gateway_.log();
        in_force += is_refused ? 0 : 1;
    }
    ASSERT_EQ(peers_.size(), expected.size());
    for (auto& peer : peers_)
        EXPECT_EQ(ends_its_message(peer), 250);
    ASSERT_TRUE(next_.wait_for(expected.size())) << next_.count() << gateway_.log();
    EXPECT_TRUE(gateway_.queue_becomes_empty());
    EXPECT_EQ(next_.count(), expected.size()) << "each once";
    for (const auto& message : next_.arrived()) {
        const auto begin = message.content.find("Subject: ") + 9;
        const auto subject = message.content.substr(begin, message.content.find("\r\n", begin) - begin);
        ASSERT_TRUE(expected.contains(subject)) << subject;
        EXPECT_EQ(marked(message), expected[subject]) << subject;
        expected.erase(subject);
    }
    EXPECT_TRUE(expected.empty());
    ASSERT_TRUE(says("destroy", refused_by_a_plugin + 2)) << "the refused one, at once" << gateway_.log();
    for (unsigned generation = 1; generation < in_force; ++generation)
        EXPECT_EQ(said("destroy", generation), generation == refused_by_a_plugin + 2 ? 1U : 0U) << generation;
    peers_.clear();
    for (unsigned generation = 1; generation < in_force; ++generation)
        EXPECT_TRUE(says("destroy", generation)) << generation << gateway_.log();
    EXPECT_EQ(gateway_.stop(), success);
    EXPECT_EQ(count_of("text=\"destroy g", gateway_.log()), count_of("text=\"create g", gateway_.log()));
}

TEST_F(a_server_that_is_reloaded, again_and_again_keeps_neither_descriptors_nor_memory)
{
    const auto reload = [&](unsigned times) {
        for (unsigned i = 0; i < times; ++i)
            ASSERT_EQ(gateway_.command({"reload"}).status, success) << gateway_.log();
    };
    reload(5); // whatever is made once is there
    const auto descriptors = gateway_.child().open_descriptors();
    if (!descriptors)
        GTEST_SKIP() << "only root sees what another process has open";
    const auto memory = resident_memory(gateway_.child().pid());
    reload(25);
    EXPECT_LE(*gateway_.child().open_descriptors(), *descriptors + 1) << "but for the last command's connection, on its way out";
    if (!is_sanitized) {
        EXPECT_LT(resident_memory(gateway_.child().pid()), memory + (std::uint64_t{4} << 20U));
    }
}

} // namespace
} // namespace postern::test
