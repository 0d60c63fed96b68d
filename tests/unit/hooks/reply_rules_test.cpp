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
