// What a host gives its plugins besides hooks, in a whole server: metrics, log events, notes, timers, health, events of the
// server.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr exit_status success{0, 0};

/// Two instances of service_plugin/services.cpp: "first" leaves notes, "second" reads them.
class a_server_with_services : public ::testing::Test {
protected:
    a_server_with_services()
    {
        for (const auto* file : {"services.so", "services.toml"}) {
            const auto to = plugins_ / file;
            std::filesystem::copy_file(std::filesystem::path{POSTERN_TEST_SERVICE_PLUGIN} / file, to);
            std::filesystem::permissions(to, std::filesystem::perms::group_write | std::filesystem::perms::others_write,
                                         std::filesystem::perm_options::remove);
        }
        gateway_ = std::make_unique<server>(settings());
    }
    [[nodiscard]] configuration settings(std::string_view more = {}) const
    {
        configuration what;
        what.listener("in", {"relay-domains", "first", "second"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .plugin("first", "services", "writes = true")
            .plugin("second", "services")
            .section("delivery", fmt::format("relay = \"{}\"", next_.address()));
        if (!more.empty())
            what.section("limits", more);
        auto text = what.text();
        const std::string own = "plugin_path = [";
        text.replace(text.find(own), own.size(), fmt::format("{}\"{}\", ", own, (plugins_ / ".").string()));
        return configuration::of_text(text);
    }
    [[nodiscard]] std::string metrics() const
    {
        const auto shown = gateway_->command({"status", "--metrics"});
        EXPECT_EQ(shown.status, success) << shown.errors;
        return shown.output;
    }
    /// An event of an instance, with all of these.
    [[nodiscard]] bool says(std::string_view instance, std::string_view name, std::vector<std::string> parts = {})
    {
        parts.push_back(fmt::format("plugin={} name={}", instance, name));
        return gateway_->logs("plugin.event", parts);
    }

    next_hop next_;
    temporary_folder plugins_;
    std::unique_ptr<server> gateway_;
};

TEST_F(a_server_with_services, shows_what_it_and_its_plugins_count)
{
    smtp_peer peer{gateway_->port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    ASSERT_TRUE(next_.wait_for(1));
    ASSERT_TRUE(gateway_->logs("delivered"));
    EXPECT_EQ(peer.says("MAIL FROM:<fail@client.example>").code, 451);
    const auto text = metrics();
    for (const auto* line :
         {"\npostern_connections 1\n", "\npostern_connections_total 1\n", "\npostern_messages_accepted_total 1\n",
          "\npostern_deliveries_total{result=\"delivered\"} 1\n", "\npostern_generation 1\n",
          "\npostern_plugin_failures_total{hook=\"cmd.mail\",plugin=\"first\"} 1\n",
          "# TYPE plugin_services_mails_total counter\n", "\nplugin_services_mails_total{plugin=\"first\"} 2\n",
          "\nplugin_services_mails_total{plugin=\"second\"} 1\n", "\nplugin_services_took_seconds_count{plugin=\"first\"} 2\n",
          "\nplugin_services_took_seconds_bucket{plugin=\"first\",le=\"+Inf\"} 2\n",
          "# TYPE plugin_services_took_seconds_p99 gauge\n"})
        EXPECT_THAT(text, HasSubstr(line));
}

TEST_F(a_server_with_services, goes_on_counting_after_a_reload)
{
    smtp_peer before{gateway_->port()};
    ASSERT_EQ(before.greets().code, 250);
    EXPECT_EQ(before.says("MAIL FROM:<a@client.example>").code, 250);
    ASSERT_EQ(gateway_->command({"reload"}).status, success) << gateway_->log();
    smtp_peer after{gateway_->port()};
    ASSERT_EQ(after.greets().code, 250);
    EXPECT_EQ(after.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(before.says("RSET").code, 250);
    EXPECT_EQ(before.says("MAIL FROM:<a@client.example>").code, 250); // by the generation that it began with
    const auto text = metrics();
    EXPECT_THAT(text, HasSubstr("\nplugin_services_mails_total{plugin=\"first\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("\npostern_generation 2\n"));
    EXPECT_THAT(text, HasSubstr("\npostern_metrics_refused_total 0\n"));
}

TEST_F(a_server_with_services, keeps_notes_for_the_plugins_behind_until_the_transaction_ends)
{
    smtp_peer peer{gateway_->port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<one@example.com>").code, 250);
    EXPECT_TRUE(says("second", "at_rcpt", {"sender=a@client.example", "first=a@client.example", "session="})) << gateway_->log();
    EXPECT_EQ(peer.says("RSET").code, 250);
    EXPECT_EQ(peer.says("NOOP").code, 250);
    EXPECT_TRUE(says("second", "at_noop", {"sender=none", "first=a@client.example"})) << gateway_->log();

    EXPECT_EQ(peer.delivers("b@client.example", {"two@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
    EXPECT_TRUE(says("second", "at_rcpt", {"sender=b@client.example", "first=a@client.example"})) << gateway_->log();
    EXPECT_EQ(peer.says("MAIL FROM:<c@client.example>").code, 250);
    EXPECT_EQ(peer.says("EHLO again.example").code, 250);
    EXPECT_EQ(peer.says("NOOP").code, 250);
    EXPECT_THAT(gateway_->log(), Not(HasSubstr("name=at_noop sender=b@")));
    EXPECT_THAT(gateway_->log(), Not(HasSubstr("name=at_noop sender=c@")));

    smtp_peer other{gateway_->port()};
    ASSERT_EQ(other.greets().code, 250);
    EXPECT_EQ(other.says("NOOP").code, 250);
    EXPECT_TRUE(says("second", "at_noop", {"sender=none", "first=none"})) << "notes of one session are nothing to another";
}

TEST_F(a_server_with_services, rings_the_timers_of_each_instance)
{
    EXPECT_TRUE(says("first", "third_beat")) << gateway_->log();
    EXPECT_TRUE(says("second", "third_beat")) << gateway_->log();
}

TEST_F(a_server_with_services, shows_how_the_plugins_say_that_they_are)
{
    const auto shown = gateway_->command({"status"});
    EXPECT_EQ(shown.status, success) << shown.errors;
    EXPECT_THAT(shown.output,
                AllOf(HasSubstr("connections: 0\n"), HasSubstr("\nplugin first: degraded: it is a test\nplugin second: ok\n")));
    EXPECT_THAT(gateway_->command({"status", "--json"}).output,
                HasSubstr(R"("plugins":[{"name":"first","health":"degraded","text":"it is a test"},)"));
}

TEST_F(a_server_with_services, tells_observers_what_happens)
{
    {
        smtp_peer peer{gateway_->port()};
        ASSERT_EQ(peer.greets().code, 250);
        EXPECT_EQ(peer.delivers("a@client.example", {"user@example.com"}, "Subject: hi\r\n\r\nhello\r\n").code, 250);
        EXPECT_EQ(peer.says("MAIL FROM:<fail@client.example>").code, 451);
    }
    ASSERT_EQ(gateway_->command({"reload"}).status, success);
    gateway_->reconfigure(settings("nonsense = 1"));
    gateway_->child().signal(SIGHUP); // the command would refuse the file by itself
    for (const auto* instance : {"first", "second"}) {
        EXPECT_TRUE(says(instance, "saw", {"kind=1 "})) << gateway_->log();
        EXPECT_TRUE(says(instance, "saw", {"kind=2 ", "count=1"}));
        EXPECT_TRUE(says(instance, "saw", {"kind=4 ", "sender=fail@client.example", "of=first", "at=cmd.mail"}));
        EXPECT_TRUE(says(instance, "saw", {"kind=5 ", "sender=a@client.example", "count=1"}));
        EXPECT_TRUE(says(instance, "saw", {"kind=7 ", "sender=a@client.example"}));
        EXPECT_TRUE(says(instance, "saw", {"kind=10 ", "count=2"}));
        EXPECT_TRUE(says(instance, "saw", {"kind=11 ", "nonsense"}));
        EXPECT_TRUE(says(instance, "saw", {"kind=12 ", "of=first", "at=cmd.mail"}));
    }
    EXPECT_EQ(gateway_->stop(), success);
}

} // namespace
} // namespace postern::test
