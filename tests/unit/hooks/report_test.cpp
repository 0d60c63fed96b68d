#include "core/hooks/report.hpp"

#include "tests/unit/hooks/chain_walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::hooks {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

plugin_reply words(message::dsn_wording what, verdict_kind verdict = verdict_kind::proceed)
{
    plugin_reply reply;
    reply.verdict = verdict;
    reply.dsn = std::make_shared<const dsn_reply>(dsn_reply{std::move(what)});
    return reply;
}

plugin_reply plain(verdict_kind verdict, std::string text = {})
{
    plugin_reply reply;
    reply.verdict = verdict;
    reply.text = std::move(text);
    return reply;
}

class a_report_that_is_due : public ::testing::Test {
protected:
    walked walk_it() { return walk(order, hook_point::dsn_make, nullptr, nullptr, {}, nullptr, &dsn); }

    links order;
    dsn_making dsn;
};

TEST_F(a_report_that_is_due, is_worded_by_the_last_who_says_something_and_gets_the_fields_of_all)
{
    order.add("one", words({.recipient = "a@example.org", .text = "one", .fields = {{"X-One", "1"}}}));
    order.add("two", words({.text = "two", .from_name = "Two", .fields = {{"X-Two", "2"}}}));
    const auto seen = walk_it();
    EXPECT_THAT(seen.failures, IsEmpty());
    EXPECT_TRUE(seen.result.lets_pass());
    EXPECT_EQ(dsn.wording, (message::dsn_wording{"a@example.org", "two", "Two", {{"X-One", "1"}, {"X-Two", "2"}}}));
}

TEST_F(a_report_that_is_due, has_room_for_twenty_fields_of_all_together)
{
    const std::vector<message::extra_field> many(message::most_dsn_fields - 1, {"X", "y"});
    order.add("one", words({.fields = many}));
    order.add("two", words({.fields = {{"X-Last", "1"}, {"X-Over", "1"}}}));
    EXPECT_THAT(walk_it().failures, IsEmpty());
    ASSERT_THAT(dsn.wording.fields, SizeIs(message::most_dsn_fields));
    EXPECT_EQ(dsn.wording.fields.back().name, "X-Last");
}

TEST_F(a_report_that_is_due, is_suppressed_with_the_grant)
{
    order.add("one", plain(verdict_kind::discard, "known to bounce"));
    const auto after = order.add("two", plain(verdict_kind::proceed));
    const auto seen = walk_it();
    EXPECT_EQ(seen.result.verdict, verdict_kind::discard);
    EXPECT_EQ(seen.result.plugin, "one");
    EXPECT_EQ(seen.result.text, "known to bounce");
    EXPECT_EQ(after->calls, 0);
}

TEST_F(a_report_that_is_due, is_neither_suppressed_nor_worded_without_the_grant)
{
    auto all_but = everything;
    all_but.dsn = false;
    order.add("one", plain(verdict_kind::discard), all_but);
    order.add("two", words({.text = "two"}), all_but);
    order.add("three", words({.recipient = "c@example.org"}), all_but);
    const auto seen = walk_it();
    EXPECT_THAT(seen.failures, SizeIs(3));
    EXPECT_TRUE(seen.result.lets_pass());
    EXPECT_EQ(dsn.wording, message::dsn_wording{});
}

/// No failure can ever mean that nobody is told.
TEST_F(a_report_that_is_due, goes_out_as_it_is_where_a_plugin_fails_whatever_on_error_says)
{
    for (const auto on_error : {failure_policy::proceed, failure_policy::tempfail, failure_policy::reject,
                                failure_policy::disconnect, failure_policy::hold}) {
        order.add("one", std::nullopt, everything, on_error);
        order.add("two", plain(verdict_kind::reject), everything, on_error);
        order.add("three", plain(verdict_kind::tempfail), everything, on_error);
        order.add("four", plain(verdict_kind::hold), everything, on_error);
        order.add("five", words({.recipient = "no address"}), everything, on_error);
        order.add("six", words({.text = "six"}), everything, on_error);
        const auto seen = walk_it();
        EXPECT_THAT(seen.failures, SizeIs(5));
        EXPECT_EQ(seen.result.verdict, verdict_kind::proceed);
        EXPECT_TRUE(seen.result.has_failed);
        EXPECT_EQ(dsn.wording, (message::dsn_wording{.text = "six"}));
        dsn.wording = {};
    }
}

TEST_F(a_report_that_is_due, gets_no_injected_line)
{
    order.add("one", words({.fields = {{"X-One", "1\r\nBcc: b@example.org"}}}));
    order.add("two", words({.from_name = "a\r\nBcc: b@example.org"}));
    order.add("three", words({.fields = {{"Bcc", "b@example.org"}}}));
    EXPECT_THAT(walk_it().failures, SizeIs(3));
    EXPECT_EQ(dsn.wording, message::dsn_wording{});
}

TEST_F(a_report_that_is_due, goes_to_an_address_beyond_ascii_only_where_the_message_asked_for_smtputf8)
{
    order.add("one", words({.recipient = "\xc3\xa9@example.org"}));
    EXPECT_THAT(walk_it().failures, SizeIs(1));
    dsn.is_smtputf8 = true;
    order.add("one", words({.recipient = "\xc3\xa9@example.org"}));
    EXPECT_THAT(walk_it().failures, IsEmpty());
    EXPECT_EQ(dsn.wording.recipient, "\xc3\xa9@example.org");
}

TEST_F(a_report_that_is_due, is_not_made_while_the_server_goes_away)
{
    order.add("one", plain(verdict_kind::proceed));
    const chain all{order.take()};
    chain_run run{all, hook_point::dsn_make, nullptr};
    run.make(dsn);
    ASSERT_NE(run.next(), nullptr);
    run.cut_short();
    EXPECT_EQ(run.result().verdict, verdict_kind::tempfail) << "it comes again";
}

} // namespace
} // namespace postern::hooks
