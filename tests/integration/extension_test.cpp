// examples/03_xtrace in a whole server: an SMTP extension of a plugin from EHLO to the next hop.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/tls_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The entry of examples/03_xtrace/example.toml, with `options` in place of its own.
[[nodiscard]] configuration with_xtrace(const next_hop& next, std::string_view options = {}, std::string_view tls = "none")
{
    configuration what;
    what.listener("in", {"relay-domains", "xtrace"}, tls)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("xtrace", "xtrace", options)
        .section("delivery", fmt::format("relay = \"{}\"", next.address()))
        .section("queue", "retry = [\"50ms\"]\njitter = 0.0");
    return what;
}

/// A next hop with the extension.
[[nodiscard]] hop_answer offers_xtrace(hop_stage stage, std::string_view)
{
    return stage == hop_stage::ehlo ? hop_answer{"250-next.example\r\n250 XTRACE 1"} : hop_answer{};
}

/// The MAIL line that a message with XTRACEID arrived with. `event`: what the log says of the parameter, if anything.
[[nodiscard]] std::string mail_line_at(next_hop& next, std::string_view options, std::string_view event = {})
{
    server gateway{with_xtrace(next, options)};
    smtp_peer peer{gateway.port()};
    EXPECT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID=7f+2B3a").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    EXPECT_EQ(peer.says("DATA").code, 354);
    EXPECT_TRUE(peer.sends("Subject: hi\r\n\r\nhello\r\n.\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_TRUE(event.empty() || gateway.logs(event, {"XTRACE", next.address()})) << gateway.log();
    const auto all = next.arrived();
    return all.empty() ? std::string{} : all.front().commands.front();
}

TEST(the_example_extension, has_an_example_that_a_server_takes)
{
    auto text = read_file(source_folder() / "examples/03_xtrace/example.toml");
    const auto what = configuration::of_text("hostname = \"mx.example.org\"\ndata_dir = \"data\"\ncontrol = \"control.sock\"\n"
                                             "[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\nprotocol = \"smtp\"\n"
                                             "tls = \"none\"\nchain = [\"xtrace\"]\n" +
                                             text);
    server gateway{what};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Contains("XTRACE 1"));
}

TEST(the_example_extension, answers_its_verb_and_reads_octets)
{
    next_hop next;
    server gateway{with_xtrace(next)};
    smtp_peer peer{gateway.port()};
    ASSERT_THAT(peer.greets("laptop.example").lines, Contains("XTRACE 1"));
    EXPECT_THAT(peer.says("XTRACE 7f3a").lines,
                ElementsAre("2.0.0 trace 7f3a", "2.0.0 from 127.0.0.1", "2.0.0 as laptop.example"));
    EXPECT_EQ(peer.says("XTRACE two words").code, 501);
    ASSERT_EQ(peer.says("XTRACE DATA 9").code, 354);
    ASSERT_TRUE(peer.sends("Wiki"));
    ASSERT_TRUE(peer.sends("pedia"));
    EXPECT_EQ(peer.reply().text(), "2.0.0 read 9 octets, adler32 11e60398");
    ASSERT_EQ(peer.says("XTRACE DATA 65536").code, 354);
    ASSERT_TRUE(peer.sends(std::string(65536, 'x'))); // more than one read takes
    EXPECT_EQ(peer.reply().text(), "2.0.0 read 65536 octets, adler32 384f0709");
    EXPECT_EQ(peer.says("XTRACE DATA 65537").code, 552);
    EXPECT_EQ(peer.says("NOOP").code, 250);
}

TEST(the_example_extension, keeps_its_place_in_a_pipeline_and_reads_no_octet_as_a_command)
{
    next_hop next;
    server gateway{with_xtrace(next)};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_TRUE(peer.sends("NOOP\r\nXTRACE a\r\nXTRACE\r\nXTRACE DATA 6\r\nQUIT\r\nNOOP\r\n"));
    for (const int code : {250, 250, 501, 354, 250, 250})
        EXPECT_EQ(peer.reply().code, code);
}

TEST(the_example_extension, refuses_an_id_that_is_none_and_one_with_rcpt)
{
    next_hop next;
    server gateway{with_xtrace(next)};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID=a+20b").code, 501);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID").code, 501);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com> XTRACEID=7f3a").code, 555);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
}

TEST(the_example_extension, says_an_id_to_a_next_hop_that_knows_it_and_leaves_it_out_elsewhere)
{
    next_hop knows{offers_xtrace};
    EXPECT_THAT(mail_line_at(knows, "policy = \"require\""), HasSubstr(" XTRACEID=7f+2B3a"));
    next_hop knows_too{offers_xtrace};
    EXPECT_THAT(mail_line_at(knows_too, ""), HasSubstr(" XTRACEID=7f+2B3a"));
    next_hop does_not;
    EXPECT_THAT(mail_line_at(does_not, "", "parameter_dropped"), Not(HasSubstr("XTRACEID")));
}

TEST(the_example_extension, returns_a_message_whose_id_is_required_where_it_is_not_known)
{
    next_hop next;
    // What arrives is the report: its sender is the null reverse path.
    EXPECT_THAT(mail_line_at(next, "policy = \"require\"", "failed"),
                AllOf(HasSubstr("MAIL FROM:<>"), Not(HasSubstr("XTRACEID"))));
    const auto all = next.arrived();
    ASSERT_FALSE(all.empty());
    EXPECT_THAT(all.front().recipients, ElementsAre("a@client.example"));
    EXPECT_THAT(all.front().content, HasSubstr("Status: 5.7.0"));
}

TEST(the_example_extension, for_tls_only_is_unknown_in_the_clear_and_offered_behind_it)
{
    next_hop next;
    server gateway{with_xtrace(next, "tls_only = true", "starttls")};
    smtp_peer clear{gateway.port()};
    EXPECT_THAT(clear.greets().lines, Not(Contains("XTRACE 1")));
    EXPECT_EQ(clear.says("XTRACE 7f3a").code, 500);
    EXPECT_EQ(clear.says("MAIL FROM:<a@client.example> XTRACEID=7f3a").code, 555);

    auto peer = tls_peer::starttls(gateway.port());
    ASSERT_TRUE(peer.shakes_hands());
    EXPECT_THAT(peer.says("EHLO client.example").lines, Contains("XTRACE 1"));
    EXPECT_EQ(peer.says("XTRACE 7f3a").code, 250);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID=7f3a").code, 250);
}

TEST(the_example_extension, is_unknown_to_a_server_without_it)
{
    next_hop next;
    server gateway{configuration::relay(next.address())};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().lines, Not(Contains(HasSubstr("XTRACE"))));
    EXPECT_EQ(peer.says("XTRACE 7f3a").code, 500);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XTRACEID=7f3a").code, 555);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
}

TEST(the_example_extension, twice_at_one_listener_is_an_error_with_its_line)
{
    next_hop next;
    auto what = with_xtrace(next);
    what.listener("other", {"xtrace", "again"}).plugin("again", "xtrace");
    const temporary_folder folder;
    const auto file = folder.write("postern.toml", what.text());
    const auto checked = run({postern_program().string(), "check", "--config", file.string()});
    EXPECT_EQ(checked.status, (exit_status{1, 0}));
    EXPECT_THAT(checked.errors,
                AllOf(HasSubstr("postern.toml:"), HasSubstr("listener other, plugin again: "), HasSubstr("XTRACE")));
}

TEST(the_example_extension, with_a_policy_that_is_none_is_an_error_with_its_line)
{
    next_hop next;
    const auto what = with_xtrace(next, "policy = \"perhaps\"");
    const temporary_folder folder;
    make_certificate(folder.path());
    const auto file = folder.write("postern.toml", what.text());
    const auto checked = run({postern_program().string(), "check", "--config", file.string()});
    EXPECT_EQ(checked.status, (exit_status{1, 0}));
    EXPECT_THAT(checked.errors, AllOf(HasSubstr(fmt::format("postern.toml:{}:", what.line_of("perhaps"))),
                                      HasSubstr("policy: is \"optional\" or \"require\"")));
}

} // namespace
} // namespace postern::test
