// The SDK's fake host and the server refuse the same answers to ehlo.caps, param, verbs and commands: one table of cases, run
// through both.

#include "core/hooks/edit.hpp"
#include "core/hooks/reply_rules.hpp"
#include "core/host/reply_reader.hpp"

#include <postern/testing/fake_host.hpp>
#include <postern/testing/rules.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using hooks::hook_point;

const std::vector<std::uint32_t> commands{POSTERN_HOOK_VERB, POSTERN_HOOK_VERB_DATA, POSTERN_HOOK_RSET,
                                          POSTERN_HOOK_NOOP, POSTERN_HOOK_HELP,      POSTERN_HOOK_VRFY,
                                          POSTERN_HOOK_EXPN, POSTERN_HOOK_UNKNOWN,   POSTERN_HOOK_QUIT};

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

/// Why the server does not take it; empty: it does. All rights are granted.
std::string refused_by_the_server(std::uint32_t hook, const postern_reply& record)
{
    hooks::plugin_reply reply;
    if (const char* wrong = read_reply(static_cast<hook_point>(hook), record, reply))
        return wrong;
    if (const auto wrong = hooks::broken_rule(static_cast<hook_point>(hook), reply); !wrong.empty())
        return std::string{wrong};
    if (reply.verdict != hooks::verdict_kind::proceed && reply.verdict != hooks::verdict_kind::score)
        return {}; // edits of a refusal are not looked at
    hooks::draft message;
    hooks::connection_facts facts;
    std::optional<std::string> chunk;
    std::optional<hooks::edit> route;
    const bool has_message = hook == POSTERN_HOOK_PARAM;
    return hooks::apply(std::move(reply.edits), {true, true, true, true, true, true, true, true}, "test",
                        {static_cast<hook_point>(hook), has_message ? &message : nullptr, &facts, 0, chunk, route});
}

std::string refused_by_the_fake(std::uint32_t hook, const postern_reply& record)
{
    testing::question asked;
    asked.hook = hook;
    asked.most_octets = 1'000'000; // what a verb may ask for is the session's business
    auto said = testing::copy_of(record, hook);
    auto fault = testing::rules::read_more(record, hook, said);
    return fault.empty() ? testing::fault_of(said, asked) : fault;
}

void expect_agreement(bool is_fine, const std::string& name, std::uint32_t hook, const postern_reply& record)
{
    const auto server = refused_by_the_server(hook, record);
    const auto fake = refused_by_the_fake(hook, record);
    EXPECT_EQ(server.empty(), is_fine) << name << " at " << hook << ": the server says: " << server;
    EXPECT_EQ(fake.empty(), is_fine) << name << " at " << hook << ": the fake host says: " << fake;
}

postern_command_reply command(std::uint32_t code, std::uint32_t then = 0, std::string_view enhanced = {},
                              std::uint32_t verdict = 0)
{
    postern_command_reply reply{};
    reply.base.size = sizeof reply;
    reply.base.verdict = verdict;
    reply.base.smtp_code = code;
    reply.base.enhanced = str(enhanced);
    reply.then = then;
    return reply;
}

TEST(extension_answer_rules, are_the_same_in_tests_and_in_the_server_for_codes)
{
    for (const auto hook : commands) {
        const bool is_verb = hook == POSTERN_HOOK_VERB || hook == POSTERN_HOOK_VERB_DATA;
        const bool is_quit = hook == POSTERN_HOOK_QUIT;
        for (const std::uint32_t code :
             {0U, 199U, 200U, 221U, 250U, 259U, 260U, 299U, 300U, 354U, 359U, 360U, 421U, 451U, 550U, 999U})
            for (std::uint32_t then = 0; then <= POSTERN_THEN_RESTART + 1; ++then) {
                const bool reads = then >= POSTERN_THEN_OCTETS && then <= POSTERN_THEN_TEXT;
                const bool fits = code / 100 == (reads ? 3U : 2U) && code / 10 % 10 <= 5 && (code == 221) == is_quit;
                const bool is_fine = then == 0                      ? code == 0 || fits
                                     : then == POSTERN_THEN_RESTART ? is_verb && code == 0
                                                                    : is_verb && reads && fits;
                expect_agreement(is_fine, std::to_string(code) + " then " + std::to_string(then), hook, command(code, then).base);
            }
        const std::uint32_t good = is_quit ? 221 : 250;
        for (const char* fits : {"", "2.0.0", "2.123.456"})
            expect_agreement(true, fits, hook, command(good, 0, fits).base);
        for (const char* does_not : {"5.0.0", "2.0", "2.0.0.0", "no", "2.01.0"})
            expect_agreement(false, does_not, hook, command(good, 0, does_not).base);
        expect_agreement(false, "an enhanced code alone", hook, command(0, 0, "2.0.0").base);
        expect_agreement(false, "an enhanced code of a question", hook, command(354, POSTERN_THEN_LINE, "3.0.0").base);
        for (const std::uint32_t code : {0U, 451U, 421U, 550U, 560U, 250U, 501U})
            for (const std::uint32_t verdict : {POSTERN_REJECT, POSTERN_TEMPFAIL, POSTERN_DISCONNECT}) {
                const bool is_class = code / 100 == 5 ? verdict != POSTERN_TEMPFAIL && code != 560
                                                      : code / 100 == 4 && verdict != POSTERN_REJECT &&
                                                            (code != 421 || verdict == POSTERN_DISCONNECT);
                expect_agreement(code == 0 || is_class, "refusal " + std::to_string(code), hook,
                                 command(code, 0, {}, verdict).base);
            }
    }
}

TEST(extension_answer_rules, are_the_same_in_tests_and_in_the_server_for_verdicts)
{
    auto hooks = commands;
    hooks.push_back(POSTERN_HOOK_PARAM);
    hooks.push_back(POSTERN_HOOK_CAPS);
    for (const auto hook : hooks)
        for (std::uint32_t verdict = 0; verdict <= POSTERN_SCORE + 1; ++verdict) {
            postern_reply bare{};
            bare.size = sizeof bare;
            bare.verdict = verdict;
            const bool is_known = verdict == POSTERN_CONTINUE || verdict == POSTERN_SCORE ||
                                  (verdict >= POSTERN_REJECT && verdict <= POSTERN_DISCONNECT);
            const bool is_fine = hook == POSTERN_HOOK_CAPS ? verdict == POSTERN_CONTINUE : is_known;
            expect_agreement(is_fine, "verdict " + std::to_string(verdict), hook, bare);
            bare.size = sizeof bare + 8;
            expect_agreement(false, "a record in between", hook, bare);
        }
}

TEST(extension_answer_rules, are_the_same_in_tests_and_in_the_server_for_lines)
{
    const std::string long_line(4097, 'x');
    const auto with = [&](bool is_fine, const std::string& name, std::vector<postern_str> lines, std::uint32_t code = 250) {
        auto reply = command(code);
        reply.lines = {lines.data(), static_cast<std::uint32_t>(lines.size()), sizeof(postern_str)};
        expect_agreement(is_fine, name, POSTERN_HOOK_VERB, reply.base);
    };
    with(true, "lines", {str("a"), str(""), str("a\tb ~")});
    with(false, "lines without a code", {str("a")}, 0);
    for (const std::string bad : {"a\r\n250 b", "a\n", "caf\xc3\xa9", "\x7f"})
        with(false, "a line that is none", {str("a"), str(bad)});
    with(true, "4096 octets", {str(std::string_view{long_line}.substr(1))});
    with(false, "4097 octets", {str(long_line)});
    with(true, "100 lines", std::vector<postern_str>(100, str("a")));
    with(false, "101 lines", std::vector<postern_str>(101, str("a")));
    with(false, "NULL with a length", {{nullptr, 1}});
    auto reply = command(250);
    reply.lines = {nullptr, 1, sizeof(postern_str)};
    expect_agreement(false, "no records", POSTERN_HOOK_VERB, reply.base);
    const postern_str one = str("a");
    reply.lines = {&one, 1, sizeof one - 1};
    expect_agreement(false, "a short stride", POSTERN_HOOK_VERB, reply.base);
    reply = command(250);
    reply.base.text = str("a\r\nb");
    expect_agreement(false, "a text that is none", POSTERN_HOOK_VERB, reply.base);
}

TEST(extension_answer_rules, are_the_same_in_tests_and_in_the_server_for_values_and_offers)
{
    const auto value = [](bool is_fine, const std::string& text, std::uint32_t relay = 0, std::uint32_t set_relay = 0) {
        postern_param_reply reply{};
        reply.base.size = sizeof reply;
        reply.value = str(text);
        reply.relay = relay;
        reply.set_relay = set_relay;
        expect_agreement(is_fine, text, POSTERN_HOOK_PARAM, reply.base);
    };
    for (const char* good : {"", "v", "!<>~", "a+2Bb"})
        value(true, good);
    for (const char* bad : {"a b", "a=b", "a\r\n", "\t", "\x7f", "\xc3\xa4"})
        value(false, bad);
    value(true, std::string(1000, 'v'));
    value(false, std::string(1001, 'v'));
    for (const std::uint32_t relay : {0U, 1U, 2U, 3U}) {
        value(relay <= POSTERN_RELAY_REQUIRED, "v", relay, 1);
        value(true, "v", relay, 0);
    }
    const auto offers = [](bool is_fine, const std::string& name, std::vector<postern_keyword> lines) {
        postern_caps_reply reply{};
        reply.base.size = sizeof reply;
        reply.lines = {lines.data(), static_cast<std::uint32_t>(lines.size()), sizeof(postern_keyword)};
        expect_agreement(is_fine, name, POSTERN_HOOK_CAPS, reply.base);
    };
    const auto line = [](std::string_view keyword, std::string_view parameters) {
        return postern_keyword{sizeof(postern_keyword), 0, str(keyword), str(parameters)};
    };
    const std::string long_one(4096, 'p');
    offers(true, "none", {});
    offers(true, "one", {line("XA", "1 2")});
    offers(false, "a line break", {line("XA", "1\r\n250 XB")});
    offers(true, "100", std::vector<postern_keyword>(100, line("XA", "")));
    offers(false, "101", std::vector<postern_keyword>(101, line("XA", "")));
    offers(false, "4098 octets", {line("XA", long_one)});
    offers(false, "NULL with a length", {postern_keyword{sizeof(postern_keyword), 0, {nullptr, 1}, {}}});
}

TEST(extension_answer_rules, are_the_same_in_tests_and_in_the_server_for_edits)
{
    const auto edit = [](bool is_fine, std::uint32_t hook, std::uint32_t op, const std::string& name, const std::string& value) {
        const postern_edit one{op, 0, str(name), str(value)};
        postern_reply reply{};
        reply.size = sizeof reply;
        reply.edits = {&one, 1, sizeof one};
        expect_agreement(is_fine, std::to_string(op) + " " + name + "=" + value, hook, reply);
    };
    auto hooks = commands;
    hooks.push_back(POSTERN_HOOK_PARAM);
    for (const auto hook : hooks) {
        const bool is_verb = hook == POSTERN_HOOK_VERB || hook == POSTERN_HOOK_VERB_DATA;
        for (std::uint32_t op = 0; op <= POSTERN_EDIT_PARAM_REQUIRE; ++op) {
            const bool is_peer = op == POSTERN_EDIT_PEER_SET;
            const bool is_queue = op >= POSTERN_EDIT_PRIORITY_SET && op <= POSTERN_EDIT_WARN_AT;
            edit((is_verb && is_peer) || (hook == POSTERN_HOOK_PARAM && is_queue), hook, op, is_peer ? "port" : "", "1");
        }
    }
    for (const char* name : {"address", "local_address"}) {
        for (const char* good : {"192.0.2.1", "2001:db8::1", "::"})
            edit(true, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, good);
        for (const char* bad :
             {"", "192.0.2", "192.0.2.1 ", "[192.0.2.1]", "host.example", "IPv6:2001:db8::1", "2001:db8::1%eth0"})
            edit(false, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, bad);
        edit(false, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, std::string{"192.0.2.1\0", 10});
    }
    for (const char* name : {"port", "local_port"}) {
        for (const char* good : {"0", "25", "65535", "00025"})
            edit(true, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, good);
        for (const char* bad : {"", "65536", "-1", "+1", "1 ", "x"})
            edit(false, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, bad);
    }
    for (const char* name : {"helo", "identity"}) {
        edit(true, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, "");
        edit(true, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, std::string(255, 'x'));
        edit(false, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, std::string(256, 'x'));
        for (const char* bad : {"a b", "a\r\n", "caf\xc3\xa9"})
            edit(false, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, bad);
    }
    for (const char* good : {"", "DELIVERBY", "X-1"})
        edit(true, POSTERN_HOOK_PARAM, POSTERN_EDIT_REPORT_RELAY, good, "");
    edit(false, POSTERN_HOOK_PARAM, POSTERN_EDIT_REPORT_RELAY, "two words", "");
    edit(false, POSTERN_HOOK_PARAM, POSTERN_EDIT_REPORT_RELAY, "DELIVERBY", "1");
    edit(false, POSTERN_HOOK_VERB, POSTERN_EDIT_REPORT_RELAY, "", "");
    edit(true, POSTERN_HOOK_PARAM, POSTERN_EDIT_ACCEPTED_SET, "2.3.6", std::string(400, 'x'));
    edit(false, POSTERN_HOOK_PARAM, POSTERN_EDIT_ACCEPTED_SET, "2.3.6", std::string(401, 'x'));
    for (const char* bad : {"", "2.3", "4.3.6", "2.3.6 "})
        edit(false, POSTERN_HOOK_PARAM, POSTERN_EDIT_ACCEPTED_SET, bad, "text");
    for (const char* bad : {"", "a\r\n250 b", "caf\xc3\xa9"})
        edit(false, POSTERN_HOOK_PARAM, POSTERN_EDIT_ACCEPTED_SET, "2.3.6", bad);
    for (const char* name : {"", "HELO", "name"})
        edit(false, POSTERN_HOOK_VERB, POSTERN_EDIT_PEER_SET, name, "x");
    for (const char* good : {"-9", "-0", "0", "9", "007"})
        edit(true, POSTERN_HOOK_PARAM, POSTERN_EDIT_PRIORITY_SET, "", good);
    for (const char* bad : {"", "-10", "10", "+1", "1 ", "x", "9223372036854775808"})
        edit(false, POSTERN_HOOK_PARAM, POSTERN_EDIT_PRIORITY_SET, "", bad);
    for (const std::uint32_t op : {POSTERN_EDIT_RELEASE_AT, POSTERN_EDIT_EXPIRE_AT, POSTERN_EDIT_WARN_AT}) {
        for (const char* good : {"0", "1900000000", "253402300799"})
            edit(true, POSTERN_HOOK_PARAM, op, "", good);
        for (const char* bad : {"", "-1", "253402300800", "1.5", "soon"})
            edit(false, POSTERN_HOOK_PARAM, op, "", bad);
    }
}

} // namespace
} // namespace postern::daemon
