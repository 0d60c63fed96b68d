#pragma once
// What a real host refuses in an answer, so that a plugin's tests meet it first. Permissions (`may`) are the operator's:
// grant_rules.hpp.

#include <postern/abi/admin.h>
#include <postern/sdk/reply_form.hpp>
#include <postern/testing/answer.hpp>
#include <postern/testing/contract_names.hpp>
#include <postern/testing/extension_rules.hpp>
#include <postern/testing/login_rules.hpp>
#include <postern/testing/mailbox.hpp>
#include <postern/testing/outgoing_rules.hpp>
#include <postern/testing/question.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace postern::testing {

[[nodiscard]] inline bool has_line_break(std::string_view text)
{
    return text.find_first_of(std::string_view{"\r\n\0", 3}) != text.npos;
}

/// A header value may fold: a CRLF in front of a space or tab.
[[nodiscard]] inline bool is_header_value(std::string_view text)
{
    for (std::size_t at = 0; (at = text.find_first_of(std::string_view{"\r\n\0", 3}, at)) != text.npos; at += 3) {
        const std::string_view fold = text.substr(at, 3);
        if (fold != "\r\n " && fold != "\r\n\t")
            return false;
    }
    return true;
}

/// RFC 5322 2.2: printable, no colon; 2.1.1: it fits into a line.
[[nodiscard]] inline bool is_header_name(std::string_view text)
{
    for (const char c : text) {
        if (c < 33 || c > 126 || c == ':')
            return false;
    }
    return !text.empty() && text.size() < 998;
}

/// RFC 5321 2.3.8: no NUL, CR and LF only as CRLF.
[[nodiscard]] inline bool is_canonical(std::string_view octets)
{
    for (std::size_t at = 0; (at = octets.find_first_of(std::string_view{"\r\n\0", 3}, at)) != octets.npos; at += 2) {
        if (octets.substr(at, 2) != "\r\n")
            return false;
    }
    return true;
}

/// Whether a hook knows an edit.
[[nodiscard]] inline bool allows(std::uint32_t hook, std::uint32_t op)
{
    switch (op) {
    case POSTERN_EDIT_HEADER_ADD:
    case POSTERN_EDIT_HEADER_INSERT:
    case POSTERN_EDIT_HEADER_REPLACE:
    case POSTERN_EDIT_HEADER_REMOVE:
        return hook == POSTERN_HOOK_HEADERS || hook == POSTERN_HOOK_END || hook == POSTERN_HOOK_DELIVERY_CONTENT ||
               (hook == POSTERN_HOOK_DELIVERY_SIGN && op == POSTERN_EDIT_HEADER_INSERT);
    case POSTERN_EDIT_SENDER_SET:
        return hook == POSTERN_HOOK_MAIL || hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_RCPT_ADD:
    case POSTERN_EDIT_RCPT_REPLACE:
        return hook == POSTERN_HOOK_RCPT || hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_RCPT_REMOVE:
        return hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_BODY_REPLACE:
        return hook == POSTERN_HOOK_BODY || hook == POSTERN_HOOK_END || hook == POSTERN_HOOK_DELIVERY_CONTENT;
    case POSTERN_EDIT_ROUTE_SET:
        return hook == POSTERN_HOOK_ROUTE;
    case POSTERN_EDIT_PEER_SET:
        return hook == POSTERN_HOOK_VERB || hook == POSTERN_HOOK_VERB_DATA;
    case POSTERN_EDIT_PRIORITY_SET:
    case POSTERN_EDIT_RELEASE_AT:
    case POSTERN_EDIT_EXPIRE_AT:
    case POSTERN_EDIT_WARN_AT:
    case POSTERN_EDIT_ACCEPTED_SET:
    case POSTERN_EDIT_REPORT_RELAY:
        return hook == POSTERN_HOOK_PARAM || hook == POSTERN_HOOK_MAIL || hook == POSTERN_HOOK_HEADERS ||
               hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_RCPT_LATER:
        return hook == POSTERN_HOOK_DELIVERY_BEGIN;
    case POSTERN_EDIT_PARAM_SET:
        return hook == POSTERN_HOOK_CLIENT_PARAMS || hook == POSTERN_HOOK_MAIL || hook == POSTERN_HOOK_HEADERS;
    case POSTERN_EDIT_PARAM_DROP:
    case POSTERN_EDIT_PARAM_REQUIRE:
        return hook == POSTERN_HOOK_CLIENT_PARAMS;
    default:
        return false;
    }
}

/// Whether a hook knows a verdict.
[[nodiscard]] inline bool knows(std::uint32_t hook, std::uint32_t verdict)
{
    if (hook == POSTERN_HOOK_CONFIG_PREPARE) // ready, or not
        return verdict == POSTERN_CONTINUE || verdict == POSTERN_REJECT;
    if (hook == POSTERN_HOOK_CAPS || hook == POSTERN_HOOK_AUTH_MECHANISMS) // what is not offered is not listed
        return verdict == POSTERN_CONTINUE;
    if (is_login(hook))
        return verdict == POSTERN_CONTINUE || verdict == POSTERN_REJECT || verdict == POSTERN_TEMPFAIL ||
               verdict == POSTERN_DISCONNECT;
    if (hook == POSTERN_HOOK_END_RCPT) // there are others: nothing is held, and nobody is cut off
        return verdict == POSTERN_CONTINUE || verdict == POSTERN_ACCEPT || verdict == POSTERN_REJECT ||
               verdict == POSTERN_TEMPFAIL || verdict == POSTERN_DISCARD;
    if (is_extension(hook)) // they are about a command, not about a message
        return verdict == POSTERN_CONTINUE || verdict == POSTERN_SCORE || verdict == POSTERN_REJECT ||
               verdict == POSTERN_TEMPFAIL || verdict == POSTERN_DISCONNECT;
    if (is_shaping(hook)) {
        const bool proceeds = verdict == POSTERN_CONTINUE || verdict == POSTERN_ACCEPT;
        if (hook == POSTERN_HOOK_QUEUE_RETRY)
            return proceeds || verdict == POSTERN_REJECT || verdict == POSTERN_HOLD;
        return proceeds || verdict == POSTERN_TEMPFAIL || (hook == POSTERN_HOOK_DELIVERY_REPLY && verdict == POSTERN_REJECT);
    }
    if (hook == POSTERN_HOOK_DSN_MAKE) // it goes out, or it is not wanted
        return verdict == POSTERN_CONTINUE || verdict == POSTERN_ACCEPT || verdict == POSTERN_DISCARD;
    if (verdict == POSTERN_CONTINUE || verdict == POSTERN_ACCEPT || verdict == POSTERN_TEMPFAIL)
        return true;
    if (hook == POSTERN_HOOK_COMMIT_BEFORE) // what is about to be durable can only be put off
        return false;
    if (hook == POSTERN_HOOK_ROUTE || is_outgoing(hook)) // behind the queue there is no connection, and nothing is deleted
        return verdict == POSTERN_REJECT || verdict == POSTERN_HOLD;
    return verdict <= POSTERN_SCORE;
}

namespace rules {

/// What is wrong with the form of a reply: with what would be followed or copied.
[[nodiscard]] inline std::string fault_of_record(const postern_reply* reply, std::uint32_t hook)
{
    if (reply == nullptr || reply->size < sizeof(postern_reply))
        return "a reply record that is too small";
    if (!is_sound(reply->enhanced) || !is_sound(reply->text))
        return "a NULL text that has a length";
    if (!is_sound(reply->edits, sizeof(postern_edit)))
        return "a list of edits without records, or with a stride smaller than a record";
    if (reply->edits.count > sdk::most_edits)
        return "more than 10000 edits";
    for (std::uint32_t i = 0; i < reply->edits.count; ++i) {
        const auto one = sdk::record_at<postern_edit>(reply->edits, i);
        if (!is_sound(one.name) || !is_sound(one.value))
            return "an edit with a NULL text that has a length";
    }
    if (hook == POSTERN_HOOK_DELIVER && reply->size >= sizeof(postern_deliver_reply) &&
        !is_sound(reinterpret_cast<const postern_deliver_reply*>(reply)->results, sizeof(postern_delivery_result)))
        return "a list of results without records, or with a stride smaller than a record";
    return {};
}

[[nodiscard]] inline std::string fault_of_texts(std::uint32_t code, std::string_view enhanced, std::string_view text)
{
    if (code > 999)
        return "code " + std::to_string(code);
    if (enhanced.size() > sdk::most_enhanced)
        return "an enhanced code of more than 16 octets";
    if (text.size() > sdk::most_reply_text)
        return "a text of more than 4096 octets";
    return {};
}

/// Code, enhanced code and text of a verdict.
[[nodiscard]] inline std::string fault_of_reply(const answer& what, std::uint32_t hook)
{
    if (std::string fault = fault_of_texts(what.smtp_code, what.enhanced, what.text); !fault.empty())
        return fault;
    if (!sdk::is_reply_text(what.text))
        return has_line_break(what.text) ? "CR, LF or NUL in a text" : "a text with octets that no reply may hold";
    if (is_command(hook) && what.verdict == POSTERN_CONTINUE)
        return fault_of_command(what, hook);
    const bool rejects = what.verdict == POSTERN_REJECT;
    const bool defers = what.verdict == POSTERN_TEMPFAIL;
    if (!rejects && !defers && what.verdict != POSTERN_DISCONNECT)
        return what.smtp_code != 0 || !what.enhanced.empty() ? "a reply code with a verdict that has none" : "";
    const std::uint32_t code = what.smtp_code != 0 ? what.smtp_code : rejects ? 550 : defers ? 451 : 421;
    const std::uint32_t reply_class = rejects ? 5 : defers ? 4 : code / 100;
    if (!sdk::is_reply_code(code, reply_class) || (defers && code == 421) || reply_class < 4 || reply_class > 5)
        return (rejects  ? "a reject with code "
                : defers ? "a tempfail with code "
                         : "a disconnect with code ") +
               std::to_string(code);
    if (!what.enhanced.empty() && !sdk::is_enhanced_code(what.enhanced, reply_class))
        return "enhanced code \"" + what.enhanced + "\" with code " + std::to_string(code);
    return {};
}

/// A place in a list that edits change by the indices from before the batch.
class places {
public:
    explicit places(std::size_t count) : gone_(count, false) {}
    [[nodiscard]] bool has(std::uint32_t index) const { return index < gone_.size() && !gone_[index]; }
    [[nodiscard]] std::size_t size() const noexcept { return gone_.size(); }
    void remove(std::uint32_t index) { gone_[index] = true; }
    [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(std::count(gone_.begin(), gone_.end(), false)); }

private:
    std::vector<bool> gone_;
};

[[nodiscard]] inline std::string fault_of_header(const edit& one, const question& asked, places& fields)
{
    const bool adds = one.op == POSTERN_EDIT_HEADER_ADD || one.op == POSTERN_EDIT_HEADER_INSERT;
    if (adds && !is_header_name(one.name))
        return "\"" + one.name + "\" is no name of a header field";
    if (one.op == POSTERN_EDIT_HEADER_INSERT && one.index > fields.size())
        return "an edit of header field " + std::to_string(one.index) + ", which is not there";
    if (!adds && (!fields.has(one.index) || (one.op == POSTERN_EDIT_HEADER_REPLACE && !asked.fields[one.index])))
        return "an edit of header field " + std::to_string(one.index) + ", which is not there";
    if (one.op == POSTERN_EDIT_HEADER_REMOVE)
        fields.remove(one.index);
    else if (!is_header_value(one.value))
        return "CR, LF or NUL in an edit";
    return {};
}

[[nodiscard]] inline std::string fault_of_recipient(const edit& one, const question& asked, places& recipients)
{
    if (one.op != POSTERN_EDIT_RCPT_REMOVE && !is_mailbox(one.value, asked.body.is_utf8))
        return "\"" + one.value + "\" is no address";
    if (one.op == POSTERN_EDIT_RCPT_ADD)
        return {};
    if (!recipients.has(one.index) || (asked.hook == POSTERN_HOOK_RCPT && one.index != asked.asked_recipient))
        return "an edit of recipient " + std::to_string(one.index) + ", who is not there or not asked about";
    if (one.op == POSTERN_EDIT_RCPT_REMOVE)
        recipients.remove(one.index);
    return {};
}

/// RCPT_LATER takes a recipient out of the transaction; the others name one, or MAIL.
[[nodiscard]] inline std::string fault_of_sent(const edit& one, const question& asked, places& recipients)
{
    if (one.index != POSTERN_OF_MAIL || one.op == POSTERN_EDIT_RCPT_LATER) {
        if (!recipients.has(one.index))
            return "an edit of recipient " + std::to_string(one.index) + ", who is not there";
    }
    if (one.op == POSTERN_EDIT_RCPT_LATER)
        recipients.remove(one.index);
    if (recipients.left() == 0 && asked.recipients != 0)
        return "a transaction without recipients: TEMPFAIL says so";
    return sdk::is_parameter_value(one.value) ? "" : "\"" + one.value + "\" is no value of a parameter";
}

[[nodiscard]] inline std::string fault_of_other(const edit& one, const question& asked, int& bodies)
{
    const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
    switch (one.op) {
    case POSTERN_EDIT_SENDER_SET:
        return one.value.empty() || is_mailbox(one.value, asked.body.is_utf8) ? "" : "\"" + one.value + "\" is no address";
    case POSTERN_EDIT_BODY_REPLACE:
        if (++bodies > 1)
            return "a second body";
        return asked.body.is_binary || is_canonical(one.value) ? "" : "a bare CR, bare LF or NUL in a body";
    case POSTERN_EDIT_PEER_SET:
        return is_peer_fact(one.name, one.value) ? "" : "\"" + one.value + "\" is no " + one.name + " of a connection";
    case POSTERN_EDIT_PRIORITY_SET:
    case POSTERN_EDIT_RELEASE_AT:
    case POSTERN_EDIT_EXPIRE_AT:
    case POSTERN_EDIT_WARN_AT:
        return is_queue_number(one.op, one.value) ? "" : "\"" + one.value + "\" is no number, or out of range";
    case POSTERN_EDIT_REPORT_RELAY:
        return one.value.empty() && std::all_of(one.name.begin(), one.name.end(), is_visible)
                   ? ""
                   : "\"" + one.name + "\" is no keyword";
    case POSTERN_EDIT_ACCEPTED_SET:
        return sdk::is_enhanced_code(one.name, 2) && !one.value.empty() && one.value.size() <= 400 &&
                       std::all_of(one.value.begin(), one.value.end(), [](char c) { return c >= ' ' && c <= '~'; })
                   ? ""
                   : "no enhanced code of class 2 with a text";
    default: // POSTERN_EDIT_ROUTE_SET
        return std::all_of(one.name.begin(), one.name.end(), is_visible) &&
                       std::all_of(one.value.begin(), one.value.end(), is_visible)
                   ? ""
                   : "no name of a transport or next hop";
    }
}

/// The numbers that are given out, with their gaps.
[[nodiscard]] constexpr bool is_edit(std::uint32_t op) noexcept
{
    return op >= POSTERN_EDIT_HEADER_ADD && op <= POSTERN_EDIT_REPORT_RELAY;
}

[[nodiscard]] inline std::string fault_of_edits(const answer& what, const question& asked)
{
    if (what.edits.size() > sdk::most_edits)
        return "more than 10000 edits";
    for (const edit& one : what.edits) {
        if (!is_edit(one.op))
            return "no such edit: " + std::to_string(one.op);
        if (one.name.size() > sdk::most_reply_text)
            return "an edit with a name of more than 4096 octets";
        if (one.value.size() > std::size_t{64} << 20u)
            return "an edit with a value of more than 64 MiB";
    }
    if (what.rejects() || what.defers() || what.verdict == POSTERN_DISCONNECT)
        return {}; // not applied
    places fields{asked.fields.size()};
    places recipients{asked.recipients};
    std::size_t added = 0;
    int bodies = 0;
    for (const edit& one : what.edits) {
        if (!allows(asked.hook, one.op))
            return edit_name(one.op) + ": not at " + hook_name(asked.hook);
        const bool is_header = one.op <= POSTERN_EDIT_HEADER_REMOVE;
        const bool is_recipient = one.op >= POSTERN_EDIT_RCPT_ADD && one.op <= POSTERN_EDIT_RCPT_REMOVE;
        added += one.op == POSTERN_EDIT_RCPT_ADD ? 1 : 0;
        const bool is_sent = one.op >= POSTERN_EDIT_RCPT_LATER && one.op <= POSTERN_EDIT_PARAM_REQUIRE;
        std::string fault = is_header      ? fault_of_header(one, asked, fields)
                            : is_recipient ? fault_of_recipient(one, asked, recipients)
                            : is_sent      ? fault_of_sent(one, asked, recipients)
                                           : fault_of_other(one, asked, bodies);
        if (!fault.empty())
            return fault;
    }
    return recipients.size() != 0 && recipients.left() + added == 0 ? "a message without recipients: DISCARD says so" : "";
}

[[nodiscard]] inline std::string fault_of_delivery(const answer& what, const question& asked)
{
    if (what.results.size() != (what.has_one_result ? 1 : asked.recipients))
        return std::to_string(what.results.size()) + " results for " + std::to_string(asked.recipients) + " recipients";
    for (const result& one : what.results) {
        if (one.verdict != POSTERN_CONTINUE && one.verdict != POSTERN_TEMPFAIL && one.verdict != POSTERN_REJECT)
            return "no verdict about a delivery: " + std::to_string(one.verdict);
        if (std::string fault = fault_of_texts(one.smtp_code, one.enhanced, one.text); !fault.empty())
            return fault;
    }
    return {};
}

[[nodiscard]] inline std::string fault_of_admin(const answer& what)
{
    if (what.verdict != POSTERN_CONTINUE && what.verdict != POSTERN_REJECT && what.verdict != POSTERN_TEMPFAIL)
        return verdict_name(what.verdict) + ": not at admin";
    if (what.output.size() > std::size_t{1} << 20u)
        return "an output of more than 1 MiB";
    return fault_of_texts(what.smtp_code, what.enhanced, what.text);
}

} // namespace rules

/// What is wrong with an answer; empty: nothing.
[[nodiscard]] inline std::string fault_of(const answer& what, const question& asked)
{
    if (what.is_failed())
        return {};
    if (asked.hook == POSTERN_HOOK_DELIVER)
        return rules::fault_of_delivery(what, asked);
    if (asked.hook == POSTERN_HOOK_HEALTH)
        return what.verdict != POSTERN_CONTINUE || what.health_state > POSTERN_HEALTH_DEGRADED
                   ? "no state of health"
                   : rules::fault_of_texts(0, {}, what.text);
    if (asked.hook >= POSTERN_HOOK_QUEUE_SCAN)
        return asked.hook == POSTERN_HOOK_QUEUE_FETCH && what.queue_result == POSTERN_QUEUE_OK && what.messages.size() != 1
                   ? "a fetch that gives " + std::to_string(what.messages.size()) + " messages"
                   : "";
    if (asked.hook == POSTERN_HOOK_ADMIN)
        return rules::fault_of_admin(what);
    if (what.verdict > POSTERN_SCORE)
        return "no such verdict: " + std::to_string(what.verdict);
    if (!knows(asked.hook, what.verdict))
        return verdict_name(what.verdict) + ": not at " + hook_name(asked.hook);
    if (std::string fault = rules::fault_of_reply(what, asked.hook); !fault.empty())
        return fault;
    if (what.more) {
        if (std::string fault = rules::fault_of_more(what, asked); !fault.empty())
            return fault;
    }
    if (what.login) {
        if (std::string fault = rules::fault_of_login(what, asked); !fault.empty())
            return fault;
    }
    if (is_outgoing(asked.hook)) {
        if (std::string fault = rules::fault_of_outgoing(what); !fault.empty())
            return fault;
    }
    if (is_shaping(asked.hook)) {
        if (std::string fault = rules::fault_of_shaping(what, asked.hook); !fault.empty())
            return fault;
    }
    if (asked.hook == POSTERN_HOOK_DSN_MAKE) {
        if (std::string fault = rules::fault_of_dsn(what); !fault.empty())
            return fault;
    }
    if ((what.flags & POSTERN_REPLY_VOUCH) != 0 && asked.hook != POSTERN_HOOK_RCPT)
        return "vouched elsewhere than at cmd.rcpt";
    if ((what.flags & POSTERN_REPLY_VOUCH) != 0 && !asked.may_vouch)
        return "vouched without providing postern.recipients/1";
    return rules::fault_of_edits(what, asked);
}

} // namespace postern::testing
