#include "core/hooks/outgoing.hpp"

#include "tests/unit/hooks/chain_walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::hooks {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

plugin_reply says_more(outgoing_reply more, verdict_kind verdict = verdict_kind::proceed)
{
    plugin_reply reply;
    reply.verdict = verdict;
    reply.out = std::make_shared<const outgoing_reply>(std::move(more));
    return reply;
}

plugin_reply wants_tls(tls_need need, std::string name = {})
{
    outgoing_reply more;
    more.tls = need;
    more.name = std::move(name);
    return says_more(std::move(more));
}

class an_outgoing_transaction : public ::testing::Test {
protected:
    an_outgoing_transaction()
    {
        message.envelope.to = {{"a@one.example", {}, {}, {}}, {"b@two.example", {}, {}, {}}, {"c@three.example", {}, {}, {}}};
        out.recipients = {0, 2};
        out.owned = {{"BY", "DELIVERBY", "5.3.0", true, false, true, false}, {"XR", "XRCPT", "5.7.0", false, true, false, false}};
    }

    walked walk_it(hook_point hook) { return walk(order, hook, &message, nullptr, {}, &out); }
    /// Whether the edits are taken.
    bool takes(hook_point hook, std::vector<edit> batch, permissions may = everything)
    {
        order.add("editor", edits(std::move(batch)), may);
        return walk_it(hook).failures.empty();
    }

    links order;
    draft message;
    outgoing out;
};

TEST_F(an_outgoing_transaction, needs_the_strongest_tls_that_anybody_asks_for)
{
    order.add("one", wants_tls(tls_need::required), permissions{});
    order.add("two", wants_tls(tls_need::verified, "mx.example"), permissions{});
    const auto seen = walk_it(hook_point::delivery_tls_policy);
    EXPECT_THAT(seen.failures, IsEmpty());
    EXPECT_EQ(out.tls, (tls_policy{tls_need::verified, "mx.example"}));
}

TEST_F(an_outgoing_transaction, is_weakened_by_nobody_without_the_grant)
{
    out.tls = {tls_need::required, {}};
    order.add("one", wants_tls(tls_need::opportunistic), permissions{});
    const auto seen = walk_it(hook_point::delivery_tls_policy);
    EXPECT_EQ(seen.failures.size(), 1U);
    EXPECT_EQ(seen.result.verdict, verdict_kind::tempfail); // on_error
    EXPECT_EQ(out.tls.need, tls_need::required);
}

TEST_F(an_outgoing_transaction, keeps_the_name_that_a_certificate_has_to_be_for)
{
    out.tls = {tls_need::verified, "mx.example"};
    order.add("one", wants_tls(tls_need::verified, "mx.evil.example"), permissions{});
    EXPECT_EQ(walk_it(hook_point::delivery_tls_policy).failures.size(), 1U);
    EXPECT_EQ(out.tls.name, "mx.example");
}

/// The one behind it says `verified`, and means the name of the event.
TEST_F(an_outgoing_transaction, gets_no_other_name_before_somebody_wants_it_verified)
{
    out.tls = {tls_need::opportunistic, "mx.example"};
    order.add("one", wants_tls(tls_need::opportunistic, "mx.evil.example"), permissions{}, failure_policy::proceed);
    order.add("two", wants_tls(tls_need::verified), permissions{});
    EXPECT_EQ(walk_it(hook_point::delivery_tls_policy).failures.size(), 1U);
    EXPECT_EQ(out.tls.name, "mx.example");
    EXPECT_EQ(out.tls.need, tls_need::verified);
}

TEST_F(an_outgoing_transaction, whose_certificate_counts_gets_no_further_names_and_no_other_records_without_the_grant)
{
    const base::tlsa_record ours{3, 1, 1, "ours"};
    const base::tlsa_record theirs{3, 1, 1, "theirs"};
    const auto says = [](outgoing_reply what) {
        plugin_reply reply;
        reply.out = std::make_shared<outgoing_reply>(std::move(what));
        return reply;
    };
    out.tls = {tls_need::dane, "mx.example", {}, {ours}};
    EXPECT_TRUE(is_weaker({.tls = tls_need::verified}, out));
    EXPECT_TRUE(is_weaker({.other_names = {"evil.example"}}, out));
    EXPECT_TRUE(is_weaker({.tls = tls_need::dane, .tlsa = {theirs}}, out));
    EXPECT_FALSE(is_weaker({.tls = tls_need::dane, .tlsa = {ours}}, out));
    out.tls = {tls_need::verified, "mx.example"};
    EXPECT_FALSE(is_weaker({.tls = tls_need::dane, .tlsa = {ours}}, out));
    EXPECT_TRUE(is_weaker({.other_names = {"evil.example"}}, out));
    order.add("one", says({.tls = tls_need::dane, .tlsa = {ours}}), permissions{});
    EXPECT_THAT(walk_it(hook_point::delivery_tls_policy).failures, IsEmpty());
    EXPECT_EQ(out.tls.need, tls_need::dane);
    EXPECT_THAT(out.tls.tlsa, ElementsAre(ours));
}

/// What mta-sts says behind somebody who had names for the time when none counted.
TEST_F(an_outgoing_transaction, has_only_the_names_of_whoever_wants_its_certificate_verified)
{
    order.add("one", says_more({.tls = tls_need::opportunistic, .other_names = {"evil.example"}}), permissions{});
    order.add("two", wants_tls(tls_need::verified, "mx.example"), permissions{});
    EXPECT_THAT(walk_it(hook_point::delivery_tls_policy).failures, IsEmpty());
    EXPECT_EQ(out.tls.need, tls_need::verified);
    EXPECT_THAT(out.tls.other_names, IsEmpty());
}

TEST_F(an_outgoing_transaction, has_the_names_of_the_last_who_wants_its_certificate_verified_and_of_none_before)
{
    out.tls = {tls_need::opportunistic, "mx.example"};
    order.add("one", says_more({.tls = tls_need::verified, .other_names = {"evil.example"}}), permissions{});
    order.add("two", wants_tls(tls_need::verified), permissions{});
    EXPECT_THAT(walk_it(hook_point::delivery_tls_policy).failures, IsEmpty());
    EXPECT_THAT(out.tls.other_names, IsEmpty()) << "one who says verified says all the names";
    const base::tlsa_record ours{3, 1, 1, "ours"};
    out.tls = {tls_need::verified, "mx.example", {"evil.example"}};
    out.host = "mx.example";
    out.next_hop = "example.org";
    out.is_by_mx = true;
    order.add("three", says_more({.tls = tls_need::dane, .other_names = {"example.org"}, .tlsa = {ours}}), permissions{});
    order.add("four", says_more({.finding = tls_finding::tlsa_invalid}), permissions{});
    EXPECT_THAT(walk_it(hook_point::delivery_tls_policy).failures, IsEmpty());
    EXPECT_THAT(out.tls.other_names, ElementsAre("example.org")) << "who says nothing of it leaves it";
}

// RFC 7672 2.2.2, 3.2.3: the records of an alias are where it leads, and so is the name.
TEST_F(an_outgoing_transaction, whose_host_is_an_alias_gets_dane_for_the_name_that_leads_to_without_a_grant)
{
    const base::tlsa_record ours{3, 1, 1, "ours"};
    for (const auto before : {tls_need::opportunistic, tls_need::required, tls_need::verified}) {
        out.tls = {before, "mx.example.org"};
        out.host = "mx.example.org";
        out.canonical = "real.example.net";
        out.next_hop = "example.org";
        out.is_by_mx = true;
        const outgoing_reply said{
            .tls = tls_need::dane, .name = "real.example.net", .other_names = {"mx.example.org", "example.org"}, .tlsa = {ours}};
        order.add("dane", says_more(said), permissions{});
        EXPECT_THAT(walk_it(hook_point::delivery_tls_policy).failures, IsEmpty());
        EXPECT_EQ(out.tls, (tls_policy{tls_need::dane, "real.example.net", {"mx.example.org", "example.org"}, {ours}}));
        EXPECT_FALSE(is_weaker(said, out)) << "the same once more";
    }
}

TEST_F(an_outgoing_transaction, gets_dane_for_no_name_that_is_none_of_its_host)
{
    const base::tlsa_record ours{3, 1, 1, "ours"};
    out.tls = {tls_need::opportunistic, "mx.example.org"};
    out.host = "mx.example.org";
    out.canonical = "real.example.net";
    out.next_hop = "example.org";
    out.is_by_mx = true;
    EXPECT_TRUE(is_weaker({.tls = tls_need::dane, .name = "evil.example", .tlsa = {ours}}, out));
    EXPECT_TRUE(is_weaker({.tls = tls_need::verified, .name = "real.example.net"}, out)) << "no record vouches for it";
    out.tls.need = tls_need::verified;
    EXPECT_TRUE(is_weaker({.tls = tls_need::dane, .other_names = {"evil.example"}, .tlsa = {ours}}, out));
    out.tls = {tls_need::dane, "mx.example.org", {}, {ours}};
    EXPECT_TRUE(is_weaker({.tls = tls_need::dane, .name = "real.example.net", .tlsa = {ours}}, out)) << "the need does not rise";
    // Of a host that the configuration names nobody here looked where it leads.
    out.tls = {tls_need::opportunistic, "mx.example.org"};
    out.canonical.clear();
    EXPECT_TRUE(is_weaker({.tls = tls_need::dane, .name = "real.example.net", .tlsa = {ours}}, out));
    out.is_by_mx = false;
    EXPECT_FALSE(is_weaker({.tls = tls_need::dane, .name = "real.example.net", .tlsa = {ours}}, out));
    out.tls.need = tls_need::verified;
    EXPECT_TRUE(is_weaker({.tls = tls_need::dane, .name = "real.example.net", .tlsa = {ours}}, out));
}

TEST_F(an_outgoing_transaction, is_weakened_with_the_grant)
{
    out.tls = {tls_need::required, {}};
    order.add("one", wants_tls(tls_need::none), permissions{.tls = true});
    EXPECT_THAT(walk_it(hook_point::delivery_tls_policy).failures, IsEmpty());
    EXPECT_EQ(out.tls.need, tls_need::none);
}

TEST_F(an_outgoing_transaction, never_sends_in_clear_for_a_plugin_that_failed)
{
    out.tls = {tls_need::required, {}};
    order.add("one", std::nullopt, permissions{.tls = true}, failure_policy::proceed);
    EXPECT_TRUE(walk_it(hook_point::delivery_tls_policy).result.lets_pass());
    EXPECT_EQ(out.tls.need, tls_need::required);
}

TEST_F(an_outgoing_transaction, puts_recipients_off_by_their_places_in_it)
{
    EXPECT_TRUE(takes(hook_point::delivery_begin, {{edit_op::rcpt_later, 0, "", ""}}));
    EXPECT_THAT(out.recipients, ElementsAre(2U));
    EXPECT_THAT(out.later, ElementsAre(0U));
}

TEST_F(an_outgoing_transaction, keeps_somebody_so_that_there_is_an_end)
{
    EXPECT_FALSE(takes(hook_point::delivery_begin, {{edit_op::rcpt_later, 0, "", ""}, {edit_op::rcpt_later, 1, "", ""}}));
    EXPECT_THAT(out.recipients, ElementsAre(0U, 2U));
    EXPECT_THAT(out.later, IsEmpty());
}

TEST_F(an_outgoing_transaction, knows_only_its_own_recipients)
{
    EXPECT_FALSE(takes(hook_point::delivery_begin, {{edit_op::rcpt_later, 2, "", ""}}));
    EXPECT_FALSE(takes(hook_point::client_params, {{edit_op::param_set, 2, "XR", "1"}}));
}

TEST_F(an_outgoing_transaction, lets_routes_change_only_with_the_grant)
{
    EXPECT_FALSE(takes(hook_point::delivery_begin, {{edit_op::rcpt_later, 0, "", ""}}, permissions{}));
    EXPECT_TRUE(takes(hook_point::delivery_begin, {{edit_op::rcpt_later, 0, "", ""}}, permissions{.route = true}));
}

TEST_F(an_outgoing_transaction, is_sent_other_fields_and_another_body_with_the_grant)
{
    message.headers = message::header_block{"A: 1\r\nB: 2\r\n"};
    const auto at = hook_point::delivery_content;
    EXPECT_FALSE(takes(at, {{edit_op::header_add, 0, "C", "3"}}, permissions{.body = true}));
    EXPECT_FALSE(takes(at, {{edit_op::body_replace, 0, "", "x\r\n"}}, permissions{.headers = true}));
    EXPECT_FALSE(takes(at, {{edit_op::body_replace, 0, "", "x\n"}}, permissions{.body = true})) << "no line end of mail";
    EXPECT_FALSE(takes(at, {{edit_op::rcpt_add, 0, "", "x@example.org"}}, permissions{.rcpt = true}));
    EXPECT_FALSE(takes(at, {{edit_op::sender_set, 0, "", "x@example.org"}}, permissions{.sender = true}));
    EXPECT_TRUE(takes(
        at, {{edit_op::header_add, 0, "C", "3"}, {edit_op::header_replace, 1, "", "4"}, {edit_op::header_remove, 0, "", ""}},
        permissions{.headers = true}));
    EXPECT_EQ(message.headers.octets(), "B: 4\r\nC: 3\r\n");
    EXPECT_TRUE(takes(at, {{edit_op::body_replace, 0, "", "x\r\n"}}, permissions{.body = true}));
    EXPECT_EQ(message.replaced_body, "x\r\n");
}

TEST_F(an_outgoing_transaction, is_signed_in_front_of_all_fields)
{
    message.headers = message::header_block{"A: 1\r\n"};
    const auto at = hook_point::delivery_sign;
    const permissions may{.headers = true, .body = true};
    EXPECT_FALSE(takes(at, {{edit_op::header_insert, 1, "S", "1"}}, may));
    EXPECT_FALSE(takes(at, {{edit_op::header_add, 0, "S", "1"}}, may));
    EXPECT_FALSE(takes(at, {{edit_op::header_replace, 0, "", "1"}}, may));
    EXPECT_FALSE(takes(at, {{edit_op::header_remove, 0, "", ""}}, may));
    EXPECT_FALSE(takes(at, {{edit_op::body_replace, 0, "", "x\r\n"}}, may));
    EXPECT_FALSE(takes(at, {{edit_op::header_insert, 0, "S", "1"}}, permissions{}));
    EXPECT_TRUE(takes(at, {{edit_op::header_insert, 0, "S", "1"}, {edit_op::header_insert, 0, "S", "2"}}, may));
    EXPECT_TRUE(takes(at, {{edit_op::header_insert, 0, "T", "3"}}, may));
    EXPECT_EQ(message.headers.octets(), "T: 3\r\nS: 1\r\nS: 2\r\nA: 1\r\n");
}

TEST_F(an_outgoing_transaction, is_sent_with_other_parameters_and_stored_as_it_was)
{
    message.envelope.from.parameters = {{"BY", "120;R", message::relay_rule::required, "DELIVERBY", "5.3.0"}};
    EXPECT_TRUE(takes(hook_point::client_params,
                      {{edit_op::param_set, of_mail, "BY", "60;R"}, {edit_op::param_require, 1, "XR", "later"}}, permissions{}));
    ASSERT_TRUE(out.rewritten);
    EXPECT_THAT(out.rewritten->from.parameters,
                ElementsAre(message::parameter{"BY", "60;R", message::relay_rule::required, "DELIVERBY", "5.3.0"}));
    EXPECT_THAT(out.rewritten->to[0].parameters, IsEmpty());
    EXPECT_THAT(out.rewritten->to[2].parameters,
                ElementsAre(message::parameter{"XR", "later", message::relay_rule::required, "XRCPT", "5.7.0"}));
    EXPECT_EQ(message.envelope.from.parameters[0].value, "120;R");
}

TEST_F(an_outgoing_transaction, drops_a_parameter)
{
    message.envelope.from.parameters = {{"BY", "120;R", message::relay_rule::required, "DELIVERBY", "5.3.0"}};
    EXPECT_TRUE(takes(hook_point::client_params, {{edit_op::param_drop, of_mail, "BY", ""}}));
    EXPECT_THAT(out.rewritten->from.parameters, IsEmpty());
}

TEST_F(an_outgoing_transaction, has_its_parameters_changed_by_their_owner_alone)
{
    EXPECT_FALSE(takes(hook_point::client_params, {{edit_op::param_set, of_mail, "SIZE", "1"}}));
    EXPECT_FALSE(takes(hook_point::client_params, {{edit_op::param_drop, of_mail, "MT-PRIORITY", ""}}));
    EXPECT_FALSE(takes(hook_point::client_params, {{edit_op::param_set, 0, "BY", "1"}})); // it is of MAIL
    EXPECT_FALSE(out.rewritten);
}

TEST_F(an_outgoing_transaction, has_parameters_that_their_owner_stored_at_mail)
{
    plugin_reply reply = edits({{edit_op::param_set, of_mail, "XA", "1"}});
    links own;
    own.add("owner", reply, permissions{});
    auto all = own.take();
    all.front().owned = {{"XA", "XA", "5.7.0", true, false, true, false, message::relay_rule::never}};
    const chain order_of_one{std::move(all)};
    chain_run run{order_of_one, hook_point::cmd_mail, &message};
    ASSERT_NE(run.next(), nullptr);
    run.answered(reply);
    EXPECT_EQ(run.failure(), "");
    EXPECT_THAT(message.envelope.from.parameters,
                ElementsAre(message::parameter{"XA", "1", message::relay_rule::never, "XA", "5.7.0"}));
    order.add("stranger", reply, everything);
    EXPECT_EQ(walk(order, hook_point::cmd_mail, &message).failures.size(), 1U);
}

TEST_F(an_outgoing_transaction, has_parameters_that_their_owner_stored_for_what_the_header_section_says)
{
    plugin_reply reply = edits({{edit_op::param_set, of_mail, "XA", ""}});
    links own;
    own.add("owner", reply, permissions{});
    auto all = own.take();
    all.front().owned = {{"XA", "XA", "5.7.0", true, false, false, false, message::relay_rule::never}};
    const chain order_of_one{std::move(all)};
    chain_run run{order_of_one, hook_point::msg_headers, &message};
    ASSERT_NE(run.next(), nullptr);
    run.answered(reply);
    EXPECT_EQ(run.failure(), "");
    EXPECT_THAT(message.envelope.from.parameters,
                ElementsAre(message::parameter{"XA", std::nullopt, message::relay_rule::never, "XA", "5.7.0"}));
    EXPECT_FALSE(takes(hook_point::msg_end, {{edit_op::param_set, of_mail, "BY", "1"}}));
}

TEST_F(an_outgoing_transaction, has_values_that_stay_inside_a_command)
{
    for (const auto* bad : {"1 SIZE=0", "1\r\nRCPT TO:<x@y>", "a=b", "\x7f", ""})
        EXPECT_FALSE(takes(hook_point::client_params, {{edit_op::param_set, of_mail, "BY", bad}})) << bad;
    EXPECT_TRUE(takes(hook_point::client_params, {{edit_op::param_set, of_mail, "BY", std::string(1000, 'x')}}));
    EXPECT_FALSE(takes(hook_point::client_params, {{edit_op::param_set, of_mail, "BY", std::string(1001, 'x')}}));
}

TEST(client_line, is_a_verb_that_is_none_of_the_cores)
{
    for (const auto* good : {"XFORWARD NAME=a", "XCLIENT", "XTRACE  two  spaces", "ABC"})
        EXPECT_TRUE(is_client_line(good)) << good;
    for (const auto* bad : {"", "MAIL FROM:<>", "RCPT TO:<a@b>", "DATA", "BDAT 3 LAST", "RSET", "QUIT", "EHLO x", "STARTTLS",
                            "AUTH PLAIN", "mail FROM:<>", "AB", "XFORWARD\tA", " XFORWARD", "1XY", "X-FORWARD A"})
        EXPECT_FALSE(is_client_line(bad)) << bad;
    EXPECT_FALSE(is_client_line("XFORWARD A\r\nRSET"));
    EXPECT_FALSE(is_client_line(std::string_view{"XFORWARD A\0B", 12}));
    EXPECT_FALSE(is_client_line("XFORWARD gr\xc3\xbc"));
}

TEST(client_line, has_500_octets_at_most)
{
    EXPECT_TRUE(is_client_line("XFORWARD " + std::string(491, 'x')));
    EXPECT_FALSE(is_client_line("XFORWARD " + std::string(492, 'x')));
}

bool is_fine(hook_point hook, const outgoing_reply& said, verdict_kind verdict = verdict_kind::proceed)
{
    return broken_rule_of(hook, verdict, said).empty();
}

outgoing_reply with_tls(tls_need need, std::string name = {})
{
    outgoing_reply said;
    said.tls = need;
    said.name = std::move(name);
    return said;
}

outgoing_reply without(std::vector<std::string> keywords, bool next_host = false)
{
    outgoing_reply said;
    said.unused = std::move(keywords);
    said.next_host = next_host;
    return said;
}

outgoing_reply with_lines(std::size_t count, bool shows = false, bool restarts = false)
{
    outgoing_reply said;
    said.lines.assign(count, {"XFORWARD A", false});
    said.shows = shows;
    said.restarts = restarts;
    return said;
}

TEST(outgoing_reply, says_at_each_hook_what_that_knows)
{
    EXPECT_TRUE(is_fine(hook_point::delivery_tls_policy, with_tls(tls_need::none)));
    EXPECT_TRUE(is_fine(hook_point::delivery_peer, without({"CHUNKING"})));
    EXPECT_TRUE(is_fine(hook_point::client_verb, with_lines(1)));
    for (const auto hook : {hook_point::delivery_begin, hook_point::client_params, hook_point::cmd_mail}) {
        EXPECT_FALSE(is_fine(hook, with_tls(tls_need::none)));
        EXPECT_FALSE(is_fine(hook, without({"CHUNKING"})));
        EXPECT_FALSE(is_fine(hook, with_lines(1)));
    }
}

TEST(outgoing_reply, has_as_many_lines_and_keywords_as_there_may_be)
{
    EXPECT_TRUE(is_fine(hook_point::client_verb, with_lines(16, true, true)));
    EXPECT_FALSE(is_fine(hook_point::client_verb, with_lines(17)));
    EXPECT_TRUE(is_fine(hook_point::delivery_peer, without(std::vector<std::string>(100, "DSN"))));
    EXPECT_FALSE(is_fine(hook_point::delivery_peer, without(std::vector<std::string>(101, "DSN"))));
    EXPECT_FALSE(is_fine(hook_point::client_verb, with_lines(0, true)));
    EXPECT_FALSE(is_fine(hook_point::client_verb, with_lines(0, false, true)));
}

TEST(outgoing_reply, asks_for_another_host_only_where_it_puts_off)
{
    EXPECT_TRUE(is_fine(hook_point::delivery_peer, without({}, true), verdict_kind::tempfail));
    EXPECT_FALSE(is_fine(hook_point::delivery_peer, without({}, true), verdict_kind::reject));
    EXPECT_FALSE(is_fine(hook_point::delivery_peer, without({}, true)));
}

TEST(outgoing_reply, has_tlsa_records_for_dane_and_for_nothing_else)
{
    const auto fault = [](const outgoing_reply& said) {
        return broken_rule_of(hook_point::delivery_tls_policy, verdict_kind::proceed, said);
    };
    EXPECT_EQ(fault({.tls = tls_need::dane, .tlsa = {{3, 1, 1, "x"}}}), "");
    EXPECT_NE(fault({.tls = tls_need::dane}), "");
    EXPECT_NE(fault({.tls = tls_need::verified, .tlsa = {{3, 1, 1, "x"}}}), "");
    EXPECT_NE(fault({.tlsa = {{3, 1, 1, "x"}}}), "");
    EXPECT_EQ(fault({.tls = tls_need::dane, .tlsa = std::vector<base::tlsa_record>(most_tlsa)}), "");
    EXPECT_NE(fault({.tls = tls_need::dane, .tlsa = std::vector<base::tlsa_record>(most_tlsa + 1)}), "");
    EXPECT_NE(fault({.tls = tls_need::dane, .tlsa = {{3, 0, 0, std::string(longest_tlsa + 1, 'x')}}}), "");
}

TEST(outgoing_reply, says_whose_policy_it_is_in_printable_words)
{
    const auto fault = [](policy_origin origin) {
        outgoing_reply said;
        said.origin = std::move(origin);
        return broken_rule_of(hook_point::delivery_tls_policy, verdict_kind::proceed, said);
    };
    EXPECT_EQ(fault({"sts", "example.org", {"version: STSv1"}, {"*.example.org"}}), "");
    EXPECT_EQ(fault({"tlsa", "example.org", std::vector<std::string>(most_policy_texts, "x"), {}}), "");
    EXPECT_NE(fault({"tlsa", "example.org", std::vector<std::string>(most_policy_texts + 1, "x"), {}}), "");
    EXPECT_NE(fault({"other", "example.org", {}, {}}), "");
    EXPECT_NE(fault({"sts", "not a domain", {}, {}}), "");
    EXPECT_NE(fault({"sts", "example.org", {"a\r\nb"}, {}}), "");
    EXPECT_NE(fault({"sts", "example.org", {}, {std::string(1025, 'x')}}), "");
}

TEST(outgoing_reply, that_says_whose_policy_it_is_says_what_is_wrong_with_that_one)
{
    outgoing now;
    take_outgoing({.finding = tls_finding::tlsa_invalid, .origin = policy_origin{"tlsa", "example.org", {}, {}}}, now);
    take_outgoing({.tls = tls_need::required}, now);
    EXPECT_EQ(now.finding, tls_finding::tlsa_invalid);
    take_outgoing({.origin = policy_origin{"sts", "example.org", {}, {}}}, now);
    EXPECT_EQ(now.finding, tls_finding::ok);
    EXPECT_EQ(now.origin.type, "sts");
}

// RFC 3463 3.5
TEST(a_refused_connection, was_tried_in_vain_if_its_status_says_so)
{
    const auto tells = [](verdict_kind verdict, std::string enhanced) {
        outcome said;
        said.verdict = verdict;
        said.enhanced = std::move(enhanced);
        return tells_of_failure(said);
    };
    EXPECT_TRUE(tells(verdict_kind::tempfail, "4.4.1"));
    EXPECT_TRUE(tells(verdict_kind::tempfail, "4.4.2"));
    for (const auto* other : {"", "4.4.0", "4.4.3", "4.4.4", "4.4.10", "4.7.1", "4.3.0"})
        EXPECT_FALSE(tells(verdict_kind::tempfail, other)) << other;
    EXPECT_FALSE(tells(verdict_kind::reject, "5.4.1")) << "which is about the message, and final";
    EXPECT_FALSE(tells(verdict_kind::hold, "4.4.1"));
    EXPECT_FALSE(tells(verdict_kind::proceed, ""));
}

TEST(outgoing_reply, names_hosts_and_keywords)
{
    EXPECT_TRUE(is_fine(hook_point::delivery_tls_policy, with_tls(tls_need::verified, "mx-1.example.org")));
    EXPECT_FALSE(is_fine(hook_point::delivery_tls_policy, with_tls(tls_need::verified, "mx example")));
    EXPECT_FALSE(is_fine(hook_point::delivery_tls_policy, with_tls(tls_need::verified, std::string(256, 'a'))));
    EXPECT_FALSE(is_fine(hook_point::delivery_peer, without({"chunking"})));
    EXPECT_FALSE(is_fine(hook_point::delivery_peer, without({""})));
}

} // namespace
} // namespace postern::hooks
