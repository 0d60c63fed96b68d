// The SDK's fake host and the server refuse the same answers: one table of cases, run through both.

#include "core/hooks/chain.hpp"
#include "core/hooks/edit.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/testing/fake_host.hpp>
#include <postern/testing/grant_rules.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::hook_point;

struct change {
    std::uint32_t op;
    std::uint32_t index = 0;
    std::string name{};
    std::string value{};
};

struct test_case {
    std::string name;
    bool is_fine;
    std::uint32_t hook;
    std::uint32_t verdict = POSTERN_CONTINUE;
    std::uint32_t code = 0;
    std::string enhanced{};
    std::string text{};
    std::uint32_t flags = 0;
    std::vector<change> edits{};
    bool is_utf8 = false;
};

/// Calls `use` with the record that a case stands for.
template <class Use>
void with_record(const test_case& one, Use use)
{
    const auto str = [](const std::string& text) { return postern_str{text.data(), text.size()}; };
    std::vector<postern_edit> edits;
    for (const auto& each : one.edits)
        edits.push_back({each.op, each.index, str(each.name), str(each.value)});
    postern_reply reply{};
    reply.size = sizeof reply;
    reply.verdict = one.verdict;
    reply.smtp_code = one.code;
    reply.flags = one.flags;
    reply.enhanced = str(one.enhanced);
    reply.text = str(one.text);
    reply.edits = {edits.data(), static_cast<std::uint32_t>(edits.size()), sizeof(postern_edit)};
    use(&reply);
}

/// Why the server's bridge and chain refuse it; empty: they do not.
std::string refused_by_the_server(const test_case& one)
{
    scripted_plugin script;
    script.provides = {"postern.recipients/1"};
    script.subscriptions = {one.hook};
    script.on = [&](const postern_event& event) {
        with_record(one, [&](const postern_reply* reply) { (void)script.core->reply(script.host, event.ticket, reply); });
        return POSTERN_TAKEN;
    };
    scene here;
    here.draft.envelope.to.resize(2);
    here.draft.envelope.from.smtputf8 = one.is_utf8;
    here.draft.headers = message::header_block{"Subject: hi\r\nno field\r\nTo: b@example.com\r\n"};
    std::vector<hooks::link> links(1);
    links[0].who = script.make();
    links[0].may = {true, true, true, true, true, true};
    const hooks::chain order{links};
    hooks::chain_run run{order, static_cast<hook_point>(one.hook), &here.draft};
    const auto* next = run.next();
    if (here.call(*next->who, static_cast<hook_point>(one.hook)).status == hooks::call_status::failed)
        run.failed("failed");
    else
        run.answered(std::move(here.answer));
    return run.failure();
}

/// What the fake host complains of; empty: nothing.
std::string refused_by_the_fake(const test_case& one)
{
    static const test_case* now = nullptr;
    static postern_host* host = nullptr;
    static const postern_core_1* core = nullptr;
    static const char* const provides[] = {"postern.recipients/1", nullptr};
    static const auto create = [](postern_host* of, postern_get_fn get, const postern_create_args*, void** self) {
        *self = host = of;
        core = static_cast<const postern_core_1*>(get(of, POSTERN_CORE_1));
        return core->subscribe(of, now->hook, 0);
    };
    static const auto handle = [](void*, const postern_event* event) {
        if (event->ticket == 0)
            return postern_status{POSTERN_PASS};
        with_record(*now, [&](const postern_reply* reply) { (void)core->reply(host, event->ticket, reply); });
        return postern_status{POSTERN_TAKEN};
    };
    static constexpr postern_plugin table{
        sizeof(postern_plugin), 0, "org.example.table", "1", "test", provides, nullptr, create, handle, [](void*) {}};
    now = &one;
    testing::fake_host fake{table};
    EXPECT_EQ(fake.create(), POSTERN_PASS);
    testing::fake_session session{fake};
    testing::parameters params;
    if (one.is_utf8)
        params.emplace_back("SMTPUTF8", std::nullopt);
    auto said = session.mail("a@client.example", params);
    session.to = {"b@example.com"};
    const testing::fields section{{"Subject", "hi"}, {"", "no field"}, {"To", "b@example.com"}};
    if (one.hook == POSTERN_HOOK_RCPT)
        said = session.rcpt("c@example.com");
    session.to = {"b@example.com", "c@example.com"};
    switch (one.hook) {
    case POSTERN_HOOK_HEADERS:
        said = session.headers(section);
        break;
    case POSTERN_HOOK_BODY:
        said = session.body("hi\r\n");
        break;
    case POSTERN_HOOK_END:
        said = session.end(section, "Subject: hi\r\nno field\r\nTo: b@example.com\r\n\r\nhi\r\n");
        break;
    case POSTERN_HOOK_COMMIT_BEFORE:
        said = session.commit_before("4F1A");
        break;
    case POSTERN_HOOK_ROUTE:
        said = session.route("b@example.com");
        break;
    default:
        break;
    }
    EXPECT_EQ(said.is_failed(), !fake.complaints().empty());
    return fake.complaints().empty() ? "" : fake.complaints().front();
}

test_case reply(std::string name, bool is_fine, std::uint32_t verdict, std::uint32_t code, std::string enhanced = {},
                std::string text = {}, std::uint32_t hook = POSTERN_HOOK_MAIL)
{
    return {std::move(name), is_fine, hook, verdict, code, std::move(enhanced), std::move(text)};
}

test_case edited(std::string name, bool is_fine, std::uint32_t hook, std::vector<change> edits, bool is_utf8 = false)
{
    return {std::move(name), is_fine, hook, POSTERN_CONTINUE, 0, {}, {}, 0, std::move(edits), is_utf8};
}

std::vector<test_case> replies()
{
    std::vector<test_case> all;
    for (const std::uint32_t code :
         {0U, 250U, 399U, 400U, 421U, 451U, 459U, 460U, 499U, 500U, 550U, 559U, 560U, 571U, 599U, 600U, 999U, 1000U}) {
        const auto number = std::to_string(code);
        const auto second = code / 10 % 10 <= 5;
        all.push_back(reply("reject " + number, code == 0 || (code / 100 == 5 && second), POSTERN_REJECT, code));
        all.push_back(
            reply("tempfail " + number, code == 0 || (code / 100 == 4 && second && code != 421), POSTERN_TEMPFAIL, code));
        all.push_back(reply("disconnect " + number, code == 0 || ((code / 100 == 4 || code / 100 == 5) && second),
                            POSTERN_DISCONNECT, code));
        all.push_back(reply("continue " + number, code == 0, POSTERN_CONTINUE, code));
    }
    for (const char* good : {"5.7.1", "5.0.0", "5.123.456", ""})
        all.push_back(reply(std::string{"enhanced "} + good, true, POSTERN_REJECT, 550, good));
    for (const char* bad :
         {"4.7.1", "5", "5.7", "5.7.", "5..1", "5.7.1.1", "5.07.1", "5.7.1234", "5.7.1 ", "bogus", "5.7.1.1.1.1.1.1.1.1"})
        all.push_back(reply(std::string{"enhanced "} + bad, false, POSTERN_REJECT, 550, bad));
    all.push_back(reply("enhanced of the default", true, POSTERN_TEMPFAIL, 0, "4.7.1"));
    all.push_back(reply("enhanced not of the default", false, POSTERN_TEMPFAIL, 0, "5.7.1"));
    all.push_back(reply("enhanced of a disconnect", true, POSTERN_DISCONNECT, 554, "5.7.1"));
    all.push_back(reply("enhanced without a code", false, POSTERN_HOLD, 0, "5.7.1"));
    all.push_back(reply("a printable text", true, POSTERN_REJECT, 550, "", "a\tb ~"));
    for (const std::string& bad : {std::string{"a\r\n250 ok"}, std::string{"a\n"}, std::string{"caf\xc3\xa9"},
                                   std::string{"\x7f"}, std::string(1, '\0')}) {
        all.push_back(reply("a text that is not", false, POSTERN_REJECT, 550, "", bad));
        all.push_back(reply("a reason that is not", false, POSTERN_HOLD, 0, "", bad));
        all.push_back(reply("a symbol that is not", false, POSTERN_SCORE, 0, "", bad));
    }
    all.push_back(reply("a text of 4096", true, POSTERN_REJECT, 550, "", std::string(4096, 'x')));
    all.push_back(reply("a text of 4097", false, POSTERN_REJECT, 550, "", std::string(4097, 'x')));
    for (const std::uint32_t hook : {POSTERN_HOOK_MAIL, POSTERN_HOOK_RCPT, POSTERN_HOOK_HEADERS, POSTERN_HOOK_BODY,
                                     POSTERN_HOOK_END, POSTERN_HOOK_COMMIT_BEFORE, POSTERN_HOOK_ROUTE})
        for (std::uint32_t verdict = 0; verdict <= POSTERN_SCORE + 1; ++verdict) {
            const bool may = hook == POSTERN_HOOK_COMMIT_BEFORE ? verdict <= POSTERN_ACCEPT || verdict == POSTERN_TEMPFAIL
                             : hook == POSTERN_HOOK_ROUTE       ? verdict <= POSTERN_TEMPFAIL || verdict == POSTERN_HOLD
                                                                : verdict <= POSTERN_SCORE;
            all.push_back(
                reply("verdict " + std::to_string(verdict) + " at " + std::to_string(hook), may, verdict, 0, "", "", hook));
            auto vouching = reply("vouching " + std::to_string(verdict) + " at " + std::to_string(hook),
                                  may && hook == POSTERN_HOOK_RCPT, verdict, 0, "", "", hook);
            vouching.flags = POSTERN_REPLY_VOUCH;
            all.push_back(vouching);
        }
    return all;
}

std::vector<test_case> edits_by_hook()
{
    std::vector<test_case> all;
    const std::vector<std::uint32_t> hooks{POSTERN_HOOK_MAIL, POSTERN_HOOK_RCPT,          POSTERN_HOOK_HEADERS, POSTERN_HOOK_BODY,
                                           POSTERN_HOOK_END,  POSTERN_HOOK_COMMIT_BEFORE, POSTERN_HOOK_ROUTE};
    const std::map<std::uint32_t, std::vector<std::uint32_t>> where{
        {POSTERN_EDIT_HEADER_ADD, {POSTERN_HOOK_HEADERS, POSTERN_HOOK_END}},
        {POSTERN_EDIT_HEADER_INSERT, {POSTERN_HOOK_HEADERS, POSTERN_HOOK_END}},
        {POSTERN_EDIT_HEADER_REPLACE, {POSTERN_HOOK_HEADERS, POSTERN_HOOK_END}},
        {POSTERN_EDIT_HEADER_REMOVE, {POSTERN_HOOK_HEADERS, POSTERN_HOOK_END}},
        {POSTERN_EDIT_SENDER_SET, {POSTERN_HOOK_MAIL, POSTERN_HOOK_END}},
        {POSTERN_EDIT_RCPT_ADD, {POSTERN_HOOK_RCPT, POSTERN_HOOK_END}},
        {POSTERN_EDIT_RCPT_REPLACE, {POSTERN_HOOK_RCPT, POSTERN_HOOK_END}},
        {POSTERN_EDIT_RCPT_REMOVE, {POSTERN_HOOK_END}},
        {POSTERN_EDIT_BODY_REPLACE, {POSTERN_HOOK_BODY, POSTERN_HOOK_END}},
        {POSTERN_EDIT_ROUTE_SET, {POSTERN_HOOK_ROUTE}}};
    for (const auto hook : hooks) {
        for (const auto& [op, there] : where) {
            const bool is_header = op <= POSTERN_EDIT_HEADER_REMOVE;
            const change one{op, hook == POSTERN_HOOK_RCPT ? 1U : 0U, is_header ? "X" : "", is_header ? "v" : "x@example.org"};
            const bool is_fine = std::find(there.begin(), there.end(), hook) != there.end();
            const auto name = std::to_string(op) + " at " + std::to_string(hook);
            all.push_back(edited("edit " + name, is_fine, hook, {one}));
            auto refusing = edited("edit of a refusal " + name, true, hook, {one}); // not applied, so not judged
            refusing.verdict = POSTERN_TEMPFAIL;
            all.push_back(refusing);
        }
        all.push_back(edited("edit 0", false, hook, {{0}}));
        all.push_back(edited("edit 11", false, hook, {{11}}));
    }
    return all;
}

/// Edits at msg.end, where nearly all are allowed.
class cases_at_end {
public:
    void operator()(std::string name, bool is_fine, std::vector<change> changes, bool is_utf8 = false)
    {
        all.push_back(edited(std::move(name), is_fine, POSTERN_HOOK_END, std::move(changes), is_utf8));
    }
    std::vector<test_case> all;
};

std::vector<test_case> edits_of_fields()
{
    cases_at_end at_end;
    for (const char* good : {"X", "X-Y", "__proto__", "!~"})
        at_end("a field name", true, {{POSTERN_EDIT_HEADER_ADD, 0, good, "v"}});
    for (const std::string bad : {"", "X Y", "X:", "X\r\n", "\xc3\xa9"})
        at_end("no field name", false, {{POSTERN_EDIT_HEADER_ADD, 0, bad, "v"}});
    at_end("a field name of 997", true, {{POSTERN_EDIT_HEADER_ADD, 0, std::string(997, 'x'), "v"}});
    at_end("a field name of 998", false, {{POSTERN_EDIT_HEADER_ADD, 0, std::string(998, 'x'), "v"}});
    for (const std::string good : {"", "v", "a\r\n b", "\r\n\tb", "caf\xc3\xa9", "a\r\n \r\n b"})
        for (const auto op : {POSTERN_EDIT_HEADER_ADD, POSTERN_EDIT_HEADER_INSERT, POSTERN_EDIT_HEADER_REPLACE})
            at_end("a field value", true, {{op, 0, "X", good}});
    for (const std::string bad : {"a\r\nBcc: b", "a\n", "a\r", "a\n b", "a\r\n", "a\r\n\r\n b"})
        for (const auto op : {POSTERN_EDIT_HEADER_ADD, POSTERN_EDIT_HEADER_INSERT, POSTERN_EDIT_HEADER_REPLACE})
            at_end("no field value", false, {{op, 0, "X", bad}});
    at_end("NUL in a value", false, {{POSTERN_EDIT_HEADER_ADD, 0, "X", std::string(1, '\0')}});
    return at_end.all;
}

std::vector<test_case> edits_by_place()
{
    cases_at_end at_end;
    for (const std::uint32_t index : {0U, 2U, 3U, 4U}) {
        at_end("insert", index <= 3, {{POSTERN_EDIT_HEADER_INSERT, index, "X", "v"}});
        at_end("replace", index <= 2, {{POSTERN_EDIT_HEADER_REPLACE, index, "", "v"}});
        at_end("remove", index <= 2, {{POSTERN_EDIT_HEADER_REMOVE, index}});
        at_end("replace recipient", index <= 1, {{POSTERN_EDIT_RCPT_REPLACE, index, "", "x@y"}});
        at_end("remove recipient", index <= 1, {{POSTERN_EDIT_RCPT_REMOVE, index}});
    }
    at_end("replace of a line that is no field", false, {{POSTERN_EDIT_HEADER_REPLACE, 1, "", "v"}});
    at_end("remove of a line that is no field", true, {{POSTERN_EDIT_HEADER_REMOVE, 1}});
    at_end("remove twice", false, {{POSTERN_EDIT_HEADER_REMOVE, 0}, {POSTERN_EDIT_HEADER_REMOVE, 0}});
    at_end("replace after remove", false, {{POSTERN_EDIT_HEADER_REMOVE, 0}, {POSTERN_EDIT_HEADER_REPLACE, 0, "", "v"}});
    at_end("replace twice", true, {{POSTERN_EDIT_HEADER_REPLACE, 0, "", "v"}, {POSTERN_EDIT_HEADER_REPLACE, 0, "", "w"}});
    at_end("insert where one was removed", true, {{POSTERN_EDIT_HEADER_REMOVE, 0}, {POSTERN_EDIT_HEADER_INSERT, 0, "X", "v"}});
    at_end("recipient removed twice", false, {{POSTERN_EDIT_RCPT_REMOVE, 0}, {POSTERN_EDIT_RCPT_REMOVE, 0}});
    at_end("all recipients removed", false, {{POSTERN_EDIT_RCPT_REMOVE, 0}, {POSTERN_EDIT_RCPT_REMOVE, 1}});
    at_end("all recipients exchanged", true,
           {{POSTERN_EDIT_RCPT_REMOVE, 0}, {POSTERN_EDIT_RCPT_REMOVE, 1}, {POSTERN_EDIT_RCPT_ADD, 0, "", "x@y"}});
    at_end.all.push_back(
        edited("another recipient at rcpt", false, POSTERN_HOOK_RCPT, {{POSTERN_EDIT_RCPT_REPLACE, 0, "", "x@y"}}));
    at_end.all.push_back(
        edited("no such recipient at rcpt", false, POSTERN_HOOK_RCPT, {{POSTERN_EDIT_RCPT_REPLACE, 7, "", "x@y"}}));

    return at_end.all;
}

std::vector<test_case> edits_of_addresses()
{
    cases_at_end at_end;
    for (const std::string good : {"a@b", "a.b@example.org", "\"a b\"@x", "\"a@b\"@x", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]",
                                   "a@[tag:x]", "!#$%&'*+-/=?^_`{|}~@x-y.z"})
        for (const auto op : {POSTERN_EDIT_SENDER_SET, POSTERN_EDIT_RCPT_ADD})
            at_end("address " + good, true, {{op, 0, "", good}});
    for (const std::string bad : {"not an address", "a",        "@b",    "a@",         "a@b@c",       "<a@b>",
                                  "a..b@x",         ".a@x",     "a.@x",  "a@x.",       "a@-x",        "a@x-",
                                  "a@x..y",         "a b@x",    "\"a@x", "\"a\nb\"@x", "a@[192.0.2]", "a@[IPv6:192.0.2.1]",
                                  "a@[192.0.2.1",   "a@[tag:]", "a@x_y", "postmaster", "a@b\r\n",     "\"\\",
                                  "\"\"",           "a@[-:x]"})
        for (const auto op : {POSTERN_EDIT_SENDER_SET, POSTERN_EDIT_RCPT_ADD})
            at_end("address " + bad, false, {{op, 0, "", bad}});
    at_end("no recipient", false, {{POSTERN_EDIT_RCPT_ADD, 0, "", ""}});
    at_end("the null reverse path", true, {{POSTERN_EDIT_SENDER_SET, 0, "", ""}});
    for (const bool is_utf8 : {false, true}) {
        at_end("a local part beyond ASCII", is_utf8, {{POSTERN_EDIT_RCPT_ADD, 0, "", "caf\xc3\xa9@x"}}, is_utf8);
        at_end("a domain beyond ASCII", is_utf8, {{POSTERN_EDIT_RCPT_ADD, 0, "", "a@caf\xc3\xa9"}}, is_utf8);
    }
    at_end("a local part of 64", true, {{POSTERN_EDIT_RCPT_ADD, 0, "", std::string(64, 'a') + "@x"}});
    at_end("a local part of 65", false, {{POSTERN_EDIT_RCPT_ADD, 0, "", std::string(65, 'a') + "@x"}});
    at_end("a local part that needs no quotes", true, {{POSTERN_EDIT_RCPT_ADD, 0, "", "\"" + std::string(64, 'a') + "\"@x"}});
    at_end("a local part that needs its quotes", false, {{POSTERN_EDIT_RCPT_ADD, 0, "", "\"" + std::string(62, 'a') + " \"@x"}});
    at_end("a label of 63", true, {{POSTERN_EDIT_RCPT_ADD, 0, "", "a@" + std::string(63, 'x')}});
    at_end("a label of 64", false, {{POSTERN_EDIT_RCPT_ADD, 0, "", "a@" + std::string(64, 'x')}});
    std::string domain;
    for (int i = 0; i < 4; ++i)
        domain += std::string(62, 'x') + (i == 3 ? "" : ".");
    at_end("a path of 256", true, {{POSTERN_EDIT_RCPT_ADD, 0, "", "aa@" + domain}});
    at_end("a path of 257", false, {{POSTERN_EDIT_RCPT_ADD, 0, "", "aaa@" + domain}});

    return at_end.all;
}

std::vector<test_case> edits_of_bodies_and_routes()
{
    cases_at_end at_end;
    for (const std::string good : {"", "a\r\n", "a\r\nb", "\r\n\r\n", "caf\xc3\xa9"})
        at_end("a body", true, {{POSTERN_EDIT_BODY_REPLACE, 0, "", good}});
    for (const std::string bad : {"a\n", "a\r", "a\r\r\n", "\n", "a\nb\r\n"})
        at_end("no body", false, {{POSTERN_EDIT_BODY_REPLACE, 0, "", bad}});
    at_end("NUL in a body", false, {{POSTERN_EDIT_BODY_REPLACE, 0, "", std::string(1, '\0')}});
    at_end("two bodies", false, {{POSTERN_EDIT_BODY_REPLACE, 0, "", "a\r\n"}, {POSTERN_EDIT_BODY_REPLACE, 0, "", "b\r\n"}});
    for (const std::string good : {"", "host:25", "[2001:db8::1]:25"})
        at_end.all.push_back(edited("a route", true, POSTERN_HOOK_ROUTE, {{POSTERN_EDIT_ROUTE_SET, 0, "box", good}}));
    for (const std::string bad : {"a b", "a\r\n", "caf\xc3\xa9"}) {
        at_end.all.push_back(edited("no route", false, POSTERN_HOOK_ROUTE, {{POSTERN_EDIT_ROUTE_SET, 0, "box", bad}}));
        at_end.all.push_back(edited("no transport", false, POSTERN_HOOK_ROUTE, {{POSTERN_EDIT_ROUTE_SET, 0, bad, "a:1"}}));
    }
    at_end("10000 edits", true, std::vector<change>(10'000, {POSTERN_EDIT_HEADER_ADD, 0, "X", "v"}));
    at_end("10001 edits", false, std::vector<change>(10'001, {POSTERN_EDIT_HEADER_ADD, 0, "X", "v"}));
    return at_end.all;
}

void expect_agreement(const std::vector<test_case>& cases)
{
    for (const auto& one : cases) {
        std::string what = one.name + ", hook " + std::to_string(one.hook);
        if (!one.edits.empty())
            what += ", \"" + one.edits.front().name + "\", \"" + one.edits.front().value + "\"";
        const auto server = refused_by_the_server(one);
        const auto fake = refused_by_the_fake(one);
        EXPECT_EQ(server.empty(), one.is_fine) << what << ": the server says: " << server;
        EXPECT_EQ(fake.empty(), one.is_fine) << what << ": the fake host says: " << fake;
    }
}

TEST(answer_rules, are_the_same_in_tests_and_in_the_server_for_replies)
{
    expect_agreement(replies());
}

TEST(answer_rules, ask_for_the_same_grants_in_tests_and_in_the_server)
{
    constexpr std::uint32_t last = POSTERN_EDIT_REPORT_RELAY;
    for (std::uint32_t op = POSTERN_EDIT_HEADER_ADD; op <= last; ++op)
        EXPECT_EQ(testing::grant_for(op), hooks::grant_for(static_cast<hooks::edit_op>(op))) << op;
}

TEST(answer_rules, are_the_same_in_tests_and_in_the_server_for_edits)
{
    for (const auto& cases :
         {edits_by_hook(), edits_of_fields(), edits_by_place(), edits_of_addresses(), edits_of_bodies_and_routes()})
        expect_agreement(cases);
}

} // namespace
} // namespace postern::daemon
