#pragma once
// What a real host refuses in an answer, so that a plugin's tests meet it first. Permissions (`may`) are the operator's and
// not judged here.

#include <postern/testing/answer.hpp>

#include <string>
#include <string_view>

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

/// RFC 5322 2.2: printable, no colon.
[[nodiscard]] inline bool is_header_name(std::string_view text)
{
    for (const char c : text) {
        if (c < 33 || c > 126 || c == ':')
            return false;
    }
    return !text.empty();
}

[[nodiscard]] inline bool allows(std::uint32_t hook, std::uint32_t op)
{
    switch (op) {
    case POSTERN_EDIT_HEADER_ADD:
    case POSTERN_EDIT_HEADER_INSERT:
    case POSTERN_EDIT_HEADER_REPLACE:
    case POSTERN_EDIT_HEADER_REMOVE:
        return hook == POSTERN_HOOK_HEADERS || hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_SENDER_SET:
        return hook == POSTERN_HOOK_MAIL || hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_RCPT_ADD:
    case POSTERN_EDIT_RCPT_REPLACE:
        return hook == POSTERN_HOOK_RCPT || hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_RCPT_REMOVE:
        return hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_BODY_REPLACE:
        return hook == POSTERN_HOOK_BODY || hook == POSTERN_HOOK_END;
    case POSTERN_EDIT_ROUTE_SET:
        return hook == POSTERN_HOOK_ROUTE;
    default:
        return false;
    }
}

/// What is wrong with an answer; empty: nothing.
[[nodiscard]] inline std::string fault_of(const answer& what, std::uint32_t hook, bool may_vouch)
{
    if (what.is_failed())
        return {};
    if (what.verdict > POSTERN_SCORE)
        return "no such verdict: " + std::to_string(what.verdict);
    const auto is_class = [&](std::uint32_t first) { return what.smtp_code >= first && what.smtp_code <= first + 99; };
    if (what.smtp_code != 0 && hook != POSTERN_HOOK_DELIVER) {
        if (what.verdict == POSTERN_REJECT && !is_class(500))
            return "a reject with code " + std::to_string(what.smtp_code);
        if (what.verdict == POSTERN_TEMPFAIL && !is_class(400))
            return "a tempfail with code " + std::to_string(what.smtp_code);
    }
    if (has_line_break(what.text) || has_line_break(what.enhanced))
        return "CR, LF or NUL in a text";
    if ((what.flags & POSTERN_REPLY_VOUCH) != 0 && hook != POSTERN_HOOK_RCPT)
        return "vouched elsewhere than at cmd.rcpt";
    if ((what.flags & POSTERN_REPLY_VOUCH) != 0 && !may_vouch)
        return "vouched without providing postern.recipients/1";
    for (const edit& one : what.edits) {
        if (!allows(hook, one.op))
            return "edit " + std::to_string(one.op) + " is not allowed on this hook";
        const bool names = one.op == POSTERN_EDIT_HEADER_ADD || one.op == POSTERN_EDIT_HEADER_INSERT;
        if (names && !is_header_name(one.name))
            return "\"" + one.name + "\" is no name of a header field";
        if (one.op == POSTERN_EDIT_BODY_REPLACE)
            continue;
        if (one.op <= POSTERN_EDIT_HEADER_REMOVE ? !is_header_value(one.value) : has_line_break(one.value))
            return "CR, LF or NUL in an edit";
    }
    return {};
}

} // namespace postern::testing
