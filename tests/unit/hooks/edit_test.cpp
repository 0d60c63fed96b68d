#include "core/hooks/edit.hpp"

#include "tests/unit/hooks/chain_walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::hooks {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

draft usual_draft()
{
    draft message;
    message.envelope.from.address = "a@client.example";
    message.envelope.to = {{"b@mx.example", {}, {}, {}}, {"c@mx.example", {}, {}, {}}, {"d@mx.example", {}, {}, {}}};
    message.headers = message::header_block{"A: 0\r\nB: 1\r\nC: 2\r\n"};
    return message;
}

/// Applies `batch`; whether it was taken.
bool takes(draft& message, hook_point hook, std::vector<edit> batch, permissions may = everything)
{
    links order;
    order.add("editor", edits(std::move(batch)), may);
    return walk(order, hook, &message).failures.empty();
}

std::vector<std::string> recipients(const draft& message)
{
    std::vector<std::string> all;
    for (const auto& to : message.envelope.to)
        all.push_back(to.address);
    return all;
}

TEST(edit, indices_refer_to_the_fields_before_the_batch)
{
    auto message = usual_draft();
    EXPECT_TRUE(takes(message, hook_point::msg_headers,
                      {{edit_op::header_insert, 0, "X", "first"},
                       {edit_op::header_remove, 0, "", ""},
                       {edit_op::header_insert, 1, "Y", "before B"},
                       {edit_op::header_insert, 1, "Z", "after Y"},
                       {edit_op::header_replace, 2, "", "two"},
                       {edit_op::header_insert, 3, "W", "behind C"},
                       {edit_op::header_add, 0, "V", "last"}}));
    EXPECT_EQ(message.headers.octets(), "X: first\r\nY: before B\r\nZ: after Y\r\nB: 1\r\nC: two\r\nW: behind C\r\nV: last\r\n");
}

TEST(edit, what_is_added_first_stands_first_whatever_is_inserted_at_the_end_later)
{
    auto message = usual_draft();
    EXPECT_TRUE(
        takes(message, hook_point::msg_end, {{edit_op::header_add, 0, "V", "added"}, {edit_op::header_insert, 3, "W", "at 3"}}));
    EXPECT_EQ(message.headers.octets(), "A: 0\r\nB: 1\r\nC: 2\r\nW: at 3\r\nV: added\r\n");
}

TEST(edit, an_index_is_taken_up_to_the_last_field_and_not_beyond)
{
    for (const auto op : {edit_op::header_replace, edit_op::header_remove}) {
        auto message = usual_draft();
        EXPECT_TRUE(takes(message, hook_point::msg_headers, {{op, 2, "", "v"}}));
        message = usual_draft();
        EXPECT_FALSE(takes(message, hook_point::msg_headers, {{op, 3, "", "v"}}));
        EXPECT_EQ(message.headers.octets(), usual_draft().headers.octets());
    }
    auto message = usual_draft();
    EXPECT_TRUE(takes(message, hook_point::msg_headers, {{edit_op::header_insert, 3, "X", "v"}}));
    message = usual_draft();
    EXPECT_FALSE(takes(message, hook_point::msg_headers, {{edit_op::header_insert, 4, "X", "v"}}));
}

TEST(edit, a_field_that_is_gone_cannot_be_edited_again)
{
    auto message = usual_draft();
    EXPECT_FALSE(
        takes(message, hook_point::msg_headers, {{edit_op::header_remove, 1, "", ""}, {edit_op::header_replace, 1, "", "v"}}));
    EXPECT_FALSE(
        takes(message, hook_point::msg_headers, {{edit_op::header_remove, 1, "", ""}, {edit_op::header_remove, 1, "", ""}}));
    EXPECT_EQ(message.headers.octets(), usual_draft().headers.octets());
}

TEST(edit, a_batch_applies_whole_or_not_at_all)
{
    auto message = usual_draft();
    // The last is wrong: nothing of the others is done, whatever they are about.
    EXPECT_FALSE(takes(message, hook_point::msg_end,
                       {{edit_op::sender_set, 0, "", "x@proxy.example"},
                        {edit_op::rcpt_add, 0, "", "e@mx.example"},
                        {edit_op::body_replace, 0, "", "new\r\n"},
                        {edit_op::header_add, 0, "X", "fine"},
                        {edit_op::header_add, 0, "Y", "a\r\nBcc: b"}}));
    EXPECT_EQ(message.envelope.from.address, "a@client.example");
    EXPECT_THAT(recipients(message), ElementsAre("b@mx.example", "c@mx.example", "d@mx.example"));
    EXPECT_EQ(message.headers.octets(), usual_draft().headers.octets());
    EXPECT_FALSE(message.replaced_body);
    EXPECT_THAT(message.journal, IsEmpty());
}

TEST(edit, each_class_needs_its_permission)
{
    struct sample {
        hook_point hook;
        edit what;
        bool permissions::*grant;
    };
    for (const auto& each : {sample{hook_point::msg_headers, {edit_op::header_add, 0, "X", "v"}, &permissions::headers},
                             sample{hook_point::cmd_mail, {edit_op::sender_set, 0, "", "x@y.example"}, &permissions::sender},
                             sample{hook_point::msg_end, {edit_op::rcpt_add, 0, "", "x@y.example"}, &permissions::rcpt},
                             sample{hook_point::msg_body, {edit_op::body_replace, 0, "", "x\r\n"}, &permissions::body},
                             sample{hook_point::param, {edit_op::priority_set, 0, "", "3"}, &permissions::queue},
                             sample{hook_point::param, {edit_op::report_relay, 0, "", ""}, &permissions::queue},
                             sample{hook_point::queue_route, {edit_op::route_set, 0, "", "h:25"}, &permissions::route}}) {
        auto all_but_one = everything;
        all_but_one.*each.grant = false;
        permissions only_one;
        only_one.*each.grant = true;
        auto message = usual_draft();
        EXPECT_FALSE(takes(message, each.hook, {each.what}, all_but_one));
        EXPECT_TRUE(takes(message, each.hook, {each.what}, only_one));
    }
}

TEST(edit, is_allowed_only_where_it_can_mean_something)
{
    EXPECT_FALSE(is_allowed_at(hook_point::cmd_mail, edit_op::rcpt_add));
    EXPECT_FALSE(is_allowed_at(hook_point::cmd_rcpt, edit_op::rcpt_remove));
    EXPECT_FALSE(is_allowed_at(hook_point::cmd_rcpt, edit_op::sender_set));
    EXPECT_FALSE(is_allowed_at(hook_point::msg_headers, edit_op::body_replace));
    EXPECT_FALSE(is_allowed_at(hook_point::msg_body, edit_op::header_add));
    EXPECT_FALSE(is_allowed_at(hook_point::txn_commit_before, edit_op::header_add));
    EXPECT_FALSE(is_allowed_at(hook_point::msg_end, edit_op::route_set));
    EXPECT_FALSE(is_allowed_at(hook_point::conn_open, edit_op::sender_set));
    EXPECT_TRUE(is_allowed_at(hook_point::msg_end, edit_op::rcpt_remove));
    auto message = usual_draft();
    EXPECT_FALSE(takes(message, hook_point::cmd_data, {{edit_op::header_add, 0, "X", "v"}}));
}

TEST(edit, sets_the_messages_order_and_times_in_the_queue)
{
    auto message = usual_draft();
    EXPECT_TRUE(takes(message, hook_point::cmd_mail,
                      {{edit_op::priority_set, 0, "", "-9"},
                       {edit_op::release_at, 0, "", "1700000000"},
                       {edit_op::expire_at, 0, "", "1700000200"},
                       {edit_op::warn_at, 0, "", "1700000100"}}));
    EXPECT_EQ(message.priority, -9);
    EXPECT_EQ(message.release_at, base::wall_time{std::chrono::seconds{1'700'000'000}});
    EXPECT_EQ(message.expire_at, base::wall_time{std::chrono::seconds{1'700'000'200}});
    EXPECT_EQ(message.warn_at, base::wall_time{std::chrono::seconds{1'700'000'100}});
    EXPECT_TRUE(takes(message, hook_point::msg_end, {{edit_op::priority_set, 0, "", "9"}}));
    for (const auto* bad : {"10", "-10", "", "1x", "+1", " 1", "1.5"})
        EXPECT_FALSE(takes(message, hook_point::param, {{edit_op::priority_set, 0, "", bad}})) << bad;
    for (const auto* bad : {"-1", "253402300800", "99999999999999999999", "soon"})
        EXPECT_FALSE(takes(message, hook_point::param, {{edit_op::release_at, 0, "", bad}})) << bad;
    EXPECT_EQ(message.priority, 9);
    EXPECT_FALSE(is_allowed_at(hook_point::cmd_rcpt, edit_op::priority_set)) << "a refused recipient takes nothing back";
}

TEST(edit, says_what_is_heard_of_a_message_and_whether_its_relay_is_reported)
{
    auto message = usual_draft();
    EXPECT_TRUE(
        takes(message, hook_point::param,
              {{edit_op::accepted_set, 0, "2.3.6", "3 is the new priority"}, {edit_op::report_relay, 0, "DELIVERBY", ""}}));
    EXPECT_EQ(message.accepted_status, "2.3.6");
    EXPECT_EQ(message.accepted_text, "3 is the new priority");
    EXPECT_EQ(message.report_relay, "DELIVERBY");
    EXPECT_TRUE(takes(message, hook_point::msg_end, {{edit_op::report_relay, 0, "", ""}}));
    EXPECT_EQ(message.report_relay, "") << "the last one counts";
    for (const auto* status : {"", "4.3.6", "2", "2.3.6 ok"})
        EXPECT_FALSE(takes(message, hook_point::param, {{edit_op::accepted_set, 0, status, "text"}})) << status;
    EXPECT_TRUE(takes(message, hook_point::param, {{edit_op::accepted_set, 0, "2.3.6", std::string(400, 'x')}}));
    EXPECT_FALSE(takes(message, hook_point::param, {{edit_op::accepted_set, 0, "2.3.6", std::string(401, 'x')}}));
    for (const auto* text : {"", "two\r\nlines", "h\xc3\xa4"})
        EXPECT_FALSE(takes(message, hook_point::param, {{edit_op::accepted_set, 0, "2.3.6", text}})) << text;
    EXPECT_FALSE(takes(message, hook_point::param, {{edit_op::report_relay, 0, "TWO WORDS", ""}}));
    EXPECT_FALSE(is_allowed_at(hook_point::cmd_rcpt, edit_op::accepted_set));
    EXPECT_FALSE(is_allowed_at(hook_point::verb, edit_op::report_relay));
}

TEST(edit, makes_the_client_another_at_a_verb_only)
{
    connection_facts facts;
    const auto at = [&](hook_point hook, std::string name, std::string value, permissions may = everything) {
        links order;
        order.add("proxy", edits({{edit_op::peer_set, 0, std::move(name), std::move(value)}}), may);
        return walk(order, hook, nullptr, &facts).failures.empty();
    };
    EXPECT_TRUE(at(hook_point::verb, "address", "198.51.100.7"));
    EXPECT_EQ(facts.peer.address.text(), "198.51.100.7");
    EXPECT_FALSE(at(hook_point::cmd_helo, "address", "198.51.100.8"));
    auto others = everything;
    others.client = false;
    EXPECT_FALSE(at(hook_point::verb, "address", "198.51.100.8", others));
    EXPECT_FALSE(at(hook_point::verb, "shoe_size", "43"));
    EXPECT_EQ(facts.peer.address.text(), "198.51.100.7");
}

TEST(edit, addresses_are_parsed_and_made_canonical)
{
    auto message = usual_draft();
    EXPECT_TRUE(takes(message, hook_point::cmd_mail, {{edit_op::sender_set, 0, "", "\"plain\"@client.example"}}));
    EXPECT_EQ(message.envelope.from.address, "plain@client.example");
    EXPECT_TRUE(takes(message, hook_point::cmd_mail, {{edit_op::sender_set, 0, "", ""}}));
    EXPECT_EQ(message.envelope.from.address, "");
    for (const auto* bad :
         {"x", "<x@y.example>", "x@y.example\r\nz", "x@y.example SIZE=1", "a..b@y.example", "gr\xc3\xbc@y.example"})
        EXPECT_FALSE(takes(message, hook_point::cmd_mail, {{edit_op::sender_set, 0, "", bad}})) << bad;
    EXPECT_FALSE(takes(message, hook_point::msg_end, {{edit_op::rcpt_add, 0, "", ""}}));
    message.envelope.from.smtputf8 = true;
    EXPECT_TRUE(takes(message, hook_point::cmd_mail, {{edit_op::sender_set, 0, "", "gr\xc3\xbc@y.example"}}));
}

TEST(edit, recipients_change_by_their_place_before_the_batch)
{
    auto message = usual_draft();
    EXPECT_TRUE(takes(message, hook_point::msg_end,
                      {{edit_op::rcpt_remove, 0, "", ""},
                       {edit_op::rcpt_add, 0, "", "e@mx.example"},
                       {edit_op::rcpt_replace, 2, "", "x@mx.example"}}));
    EXPECT_THAT(recipients(message), ElementsAre("c@mx.example", "x@mx.example", "e@mx.example"));
    EXPECT_FALSE(takes(message, hook_point::msg_end, {{edit_op::rcpt_remove, 3, "", ""}}));
    EXPECT_FALSE(
        takes(message, hook_point::msg_end, {{edit_op::rcpt_remove, 0, "", ""}, {edit_op::rcpt_replace, 0, "", "y@mx.example"}}));
}

TEST(edit, at_rcpt_only_the_recipient_asked_about_can_be_replaced)
{
    auto message = usual_draft();
    EXPECT_FALSE(takes(message, hook_point::cmd_rcpt, {{edit_op::rcpt_replace, 1, "", "x@mx.example"}}));
    EXPECT_TRUE(takes(message, hook_point::cmd_rcpt, {{edit_op::rcpt_replace, 2, "", "x@mx.example"}}));
    EXPECT_THAT(recipients(message), ElementsAre("b@mx.example", "c@mx.example", "x@mx.example"));
}

TEST(edit, the_recipient_asked_about_stays_it_when_another_plugin_adds_one)
{
    auto message = usual_draft();
    links order;
    order.add("one", edits({{edit_op::rcpt_add, 0, "", "e@mx.example"}}));
    order.add("two", edits({{edit_op::rcpt_replace, 2, "", "x@mx.example"}}));
    EXPECT_THAT(walk(order, hook_point::cmd_rcpt, &message).failures, IsEmpty());
    EXPECT_THAT(recipients(message), ElementsAre("b@mx.example", "c@mx.example", "x@mx.example", "e@mx.example"));
}

TEST(edit, the_last_recipient_cannot_be_removed)
{
    auto message = usual_draft();
    EXPECT_FALSE(
        takes(message, hook_point::msg_end,
              {{edit_op::rcpt_remove, 0, "", ""}, {edit_op::rcpt_remove, 1, "", ""}, {edit_op::rcpt_remove, 2, "", ""}}));
    EXPECT_EQ(message.envelope.to.size(), 3U);
}

TEST(edit, a_body_is_canonical_unless_it_is_binary)
{
    for (const auto& bad :
         std::vector<std::string>{"a\nb", "a\rb", "\n", "\r", "a\r", "\r\r\n", "\r\n\n", std::string{"a\0b", 3}}) {
        auto message = usual_draft();
        EXPECT_FALSE(is_canonical(bad));
        EXPECT_FALSE(takes(message, hook_point::msg_body, {{edit_op::body_replace, 0, "", bad}}));
        message.envelope.from.body = message::body_type::binary_mime;
        EXPECT_TRUE(takes(message, hook_point::msg_body, {{edit_op::body_replace, 0, "", bad}}));
    }
    for (const auto* good : {"", "a", "a\r\n", "\r\n\r\n", "a\r\nb"})
        EXPECT_TRUE(is_canonical(good)) << good;
}

TEST(edit, a_batch_replaces_a_body_once)
{
    auto message = usual_draft();
    EXPECT_FALSE(
        takes(message, hook_point::msg_body, {{edit_op::body_replace, 0, "", "a"}, {edit_op::body_replace, 0, "", "b"}}));
}

TEST(edit, the_whole_body_is_replaced_at_the_end)
{
    auto message = usual_draft();
    message.body_size = 1000;
    EXPECT_TRUE(takes(message, hook_point::msg_end, {{edit_op::body_replace, 0, "", "new\r\n"}}));
    EXPECT_EQ(message.replaced_body, "new\r\n");
    EXPECT_EQ(message.body_size, 5U);
}

TEST(edit, is_in_the_journal_with_who_and_where_and_bodies_by_size_only)
{
    auto message = usual_draft();
    EXPECT_TRUE(
        takes(message, hook_point::msg_end, {{edit_op::header_remove, 1, "", ""}, {edit_op::body_replace, 0, "", "secret"}}));
    ASSERT_EQ(message.journal.size(), 2U);
    EXPECT_EQ(message.journal[0].plugin, "editor");
    EXPECT_EQ(message.journal[0].hook, hook_point::msg_end);
    EXPECT_EQ(message.journal[0].what.op, edit_op::header_remove);
    EXPECT_EQ(message.journal[0].what.index, 1U);
    EXPECT_EQ(message.journal[1].what.value, "6 octets");
}

TEST(edit, of_a_refusing_answer_is_not_applied)
{
    auto message = usual_draft();
    auto reply = edits({{edit_op::header_add, 0, "X", "v"}});
    reply.verdict = verdict_kind::reject;
    links order;
    order.add("editor", reply);
    EXPECT_EQ(walk(order, hook_point::msg_headers, &message).result.verdict, verdict_kind::reject);
    EXPECT_EQ(message.headers.size(), 3U);
    EXPECT_THAT(message.journal, IsEmpty());
}

TEST(edit, needs_a_message_to_change)
{
    links order;
    order.add("editor", edits({{edit_op::header_add, 0, "X", "v"}}));
    EXPECT_EQ(walk(order, hook_point::msg_headers, nullptr).failures.size(), 1U);
}

TEST(edit, a_route_is_printable)
{
    for (const auto* bad : {"h:25\r\n", "h 25", "h\x01", "gr\xc3\xbc:25"}) {
        links order;
        order.add("router", edits({{edit_op::route_set, 0, "", bad}}));
        const auto seen = walk(order, hook_point::queue_route, nullptr);
        EXPECT_EQ(seen.failures.size(), 1U);
        EXPECT_FALSE(seen.route);
    }
}

TEST(edit, that_is_refused_says_in_words_which_one_and_why)
{
    const auto failure = [](hook_point hook, edit what, permissions may) {
        auto message = usual_draft();
        links order;
        order.add("editor", edits({std::move(what)}), may);
        const auto seen = walk(order, hook, &message);
        return seen.failures.empty() ? std::string{} : seen.failures.front();
    };
    EXPECT_EQ(failure(hook_point::msg_end, {edit_op::sender_set, 0, "", "a@b.example"}, {}),
              "sender.set: not granted: the plugin would need may = [\"sender\"]");
    EXPECT_EQ(failure(hook_point::msg_end, {edit_op::body_replace, 0, "", "x\r\n"}, {.headers = true}),
              "body.replace: not granted: the plugin would need may = [\"body\"]");
    EXPECT_EQ(failure(hook_point::cmd_mail, {edit_op::header_add, 0, "X", "y"}, everything), "header.add: not at cmd.mail");
    EXPECT_EQ(failure(hook_point::cmd_rcpt, {edit_op::rcpt_replace, 0, "", "x@y.example"}, everything),
              "rcpt.replace 0: no such recipient, or not the one asked about");
}

} // namespace
} // namespace postern::hooks
