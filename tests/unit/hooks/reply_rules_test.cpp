#include "core/hooks/reply_rules.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::hooks {
namespace {

plugin_reply reply(verdict_kind verdict, std::uint16_t code, std::string enhanced = {}, std::string text = {})
{
    plugin_reply made;
    made.verdict = verdict;
    made.smtp_code = code;
    made.enhanced = std::move(enhanced);
    made.text = std::move(text);
    return made;
}

bool is_fine(const plugin_reply& what, hook_point hook = hook_point::cmd_mail)
{
    return broken_rule(hook, what).empty();
}

TEST(reply_rules, reject_is_5yz)
{
    EXPECT_TRUE(is_fine(reply(verdict_kind::reject, 500)));
    EXPECT_TRUE(is_fine(reply(verdict_kind::reject, 559)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::reject, 499)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::reject, 560))); // RFC 5321 4.2: the second digit
    EXPECT_FALSE(is_fine(reply(verdict_kind::reject, 600)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::reject, 250)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::reject, 5)));
}

TEST(reply_rules, tempfail_is_4yz_but_not_421)
{
    EXPECT_TRUE(is_fine(reply(verdict_kind::tempfail, 400)));
    EXPECT_TRUE(is_fine(reply(verdict_kind::tempfail, 459)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::tempfail, 399)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::tempfail, 500)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::tempfail, 421)));
}

TEST(reply_rules, disconnect_is_either)
{
    EXPECT_TRUE(is_fine(reply(verdict_kind::disconnect, 421)));
    EXPECT_TRUE(is_fine(reply(verdict_kind::disconnect, 554)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::disconnect, 221)));
}

TEST(reply_rules, verdicts_without_a_reply_have_no_code)
{
    EXPECT_TRUE(is_fine(reply(verdict_kind::proceed, 0)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::proceed, 550)));
    EXPECT_FALSE(is_fine(reply(verdict_kind::discard, 0, "2.0.0")));
}

TEST(reply_rules, an_enhanced_code_has_the_class_and_form)
{
    EXPECT_TRUE(is_fine(reply(verdict_kind::reject, 550, "5.7.1")));
    EXPECT_TRUE(is_fine(reply(verdict_kind::reject, 550, "5.123.456")));
    EXPECT_TRUE(is_fine(reply(verdict_kind::reject, 0, "5.0.0")));
    for (const auto* bad : {"4.7.1", "5.7", "5.7.1.1", "5..1", "5.07.1", "5.7.1234", "5.7.1 ", "5.7.x", "571", "5.7."})
        EXPECT_FALSE(is_fine(reply(verdict_kind::reject, 550, bad))) << bad;
}

TEST(reply_rules, a_text_is_printable)
{
    EXPECT_TRUE(is_fine(reply(verdict_kind::reject, 550, "", "a\tb ~")));
    for (const std::string_view bad : {"a\r\n250 ok", "a\n", "a\r", "\x7f", "\x01", "gr\xc3\xbc"})
        EXPECT_FALSE(is_fine(reply(verdict_kind::reject, 550, "", std::string{bad}))) << bad;
    EXPECT_FALSE(is_fine(reply(verdict_kind::hold, 0, "", std::string(1, '\0')))); // it reaches the log
}

TEST(reply_rules, nothing_behind_the_queue_can_delete_or_disconnect)
{
    for (const auto verdict : {verdict_kind::discard, verdict_kind::disconnect, verdict_kind::score})
        EXPECT_FALSE(is_allowed_at(hook_point::queue_route, verdict));
    for (const auto verdict : {verdict_kind::proceed, verdict_kind::reject, verdict_kind::tempfail, verdict_kind::hold})
        EXPECT_TRUE(is_allowed_at(hook_point::queue_route, verdict));
}

TEST(reply_rules, before_the_commit_a_message_can_only_be_put_off)
{
    EXPECT_TRUE(is_allowed_at(hook_point::txn_commit_before, verdict_kind::tempfail));
    for (const auto verdict : {verdict_kind::reject, verdict_kind::discard, verdict_kind::hold, verdict_kind::disconnect})
        EXPECT_FALSE(is_allowed_at(hook_point::txn_commit_before, verdict));
}

plugin_reply command(unsigned code, follow_up then = follow_up::nothing, std::vector<std::string> lines = {})
{
    auto made = reply(verdict_kind::proceed, static_cast<std::uint16_t>(code));
    if (then != follow_up::nothing || !lines.empty()) {
        made.more.emplace();
        made.more->then = then;
        made.more->lines = std::move(lines);
    }
    return made;
}

TEST(reply_rules, a_command_is_answered_with_2yz)
{
    for (const auto hook : {hook_point::verb, hook_point::verb_data, hook_point::cmd_noop, hook_point::cmd_unknown}) {
        EXPECT_TRUE(is_fine(command(0), hook)) << "says nothing";
        EXPECT_TRUE(is_fine(command(200), hook));
        EXPECT_TRUE(is_fine(command(259), hook));
        for (const unsigned bad : {199U, 260U, 221U, 300U, 354U, 400U, 550U})
            EXPECT_FALSE(is_fine(command(bad), hook)) << bad;
    }
    EXPECT_TRUE(is_fine(command(221), hook_point::cmd_quit));
    EXPECT_FALSE(is_fine(command(250), hook_point::cmd_quit));
    EXPECT_TRUE(is_fine(reply(verdict_kind::proceed, 250, "2.1.5"), hook_point::verb));
    EXPECT_FALSE(is_fine(reply(verdict_kind::proceed, 250, "5.1.5"), hook_point::verb));
    EXPECT_FALSE(is_fine(reply(verdict_kind::proceed, 0, "2.1.5"), hook_point::verb)) << "without a code";
    EXPECT_FALSE(is_fine(command(0, follow_up::nothing, {"one"}), hook_point::verb)) << "lines without a code";
}

TEST(reply_rules, a_verb_asks_for_more_with_3yz_and_nothing_else_does)
{
    for (const auto then : {follow_up::octets, follow_up::line, follow_up::text}) {
        EXPECT_TRUE(is_fine(command(300, then), hook_point::verb));
        EXPECT_TRUE(is_fine(command(354, then), hook_point::verb_data));
        EXPECT_FALSE(is_fine(command(250, then), hook_point::verb));
        EXPECT_FALSE(is_fine(command(0, then), hook_point::verb));
        EXPECT_FALSE(is_fine(command(360, then), hook_point::verb));
        EXPECT_FALSE(is_fine(command(354, then), hook_point::cmd_noop));
    }
    EXPECT_TRUE(is_fine(command(0, follow_up::restart), hook_point::verb));
    EXPECT_FALSE(is_fine(command(220, follow_up::restart), hook_point::verb)) << "the greeting is the reply";
}

TEST(reply_rules, a_reply_has_at_most_so_many_printable_lines)
{
    EXPECT_TRUE(is_fine(command(250, follow_up::nothing, std::vector<std::string>(most_reply_lines, "x")), hook_point::verb));
    EXPECT_FALSE(
        is_fine(command(250, follow_up::nothing, std::vector<std::string>(most_reply_lines + 1, "x")), hook_point::verb));
    EXPECT_FALSE(is_fine(command(250, follow_up::nothing, {"a\r\n250 b"}), hook_point::verb));
    EXPECT_FALSE(is_fine(command(250, follow_up::nothing, {"x"}), hook_point::cmd_mail)) << "not at other hooks";
}

TEST(reply_rules, a_parameter_is_kept_as_it_may_be_sent_on)
{
    const auto keeps = [](std::string value) {
        auto made = reply(verdict_kind::proceed, 0);
        made.more.emplace();
        made.more->value = std::move(value);
        return made;
    };
    EXPECT_TRUE(is_fine(keeps("a+2Bb"), hook_point::param));
    EXPECT_TRUE(is_fine(keeps(std::string(longest_parameter, 'x')), hook_point::param));
    EXPECT_FALSE(is_fine(keeps(std::string(longest_parameter + 1, 'x')), hook_point::param));
    for (const auto* bad : {"a b", "a=b", "a\r\nRCPT", "\x7f", "\xc3\xa4"})
        EXPECT_FALSE(is_fine(keeps(bad), hook_point::param)) << bad;
    EXPECT_FALSE(is_fine(keeps("a"), hook_point::verb));
    EXPECT_FALSE(is_fine(reply(verdict_kind::discard, 0), hook_point::param));
}

TEST(reply_rules, what_is_offered_is_no_verdict)
{
    EXPECT_TRUE(is_fine(reply(verdict_kind::proceed, 0), hook_point::ehlo_caps));
    EXPECT_FALSE(is_fine(reply(verdict_kind::reject, 0), hook_point::ehlo_caps));
    EXPECT_FALSE(is_fine(reply(verdict_kind::disconnect, 0), hook_point::ehlo_caps));
}

TEST(reply_rules, complete_fills_what_is_left_open)
{
    outcome what;
    what.verdict = verdict_kind::reject;
    complete(what);
    EXPECT_EQ(what.smtp_code, 550);
    EXPECT_EQ(what.enhanced, "5.7.1");
    EXPECT_EQ(what.text, "refused");

    outcome other;
    other.verdict = verdict_kind::tempfail;
    other.smtp_code = 452;
    other.text = "full";
    complete(other);
    EXPECT_EQ(other.smtp_code, 452);
    EXPECT_EQ(other.enhanced, "4.3.1");
    EXPECT_EQ(other.text, "full");

    outcome none;
    complete(none);
    EXPECT_EQ(none.smtp_code, 0);
    EXPECT_EQ(none.text, "");
}

} // namespace
} // namespace postern::hooks
