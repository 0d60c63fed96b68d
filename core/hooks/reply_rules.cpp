#include "core/hooks/reply_rules.hpp"

#include "core/base/enhanced_code.hpp"
#include "core/hooks/login.hpp"
#include "core/hooks/outgoing.hpp"
#include "core/hooks/shaping.hpp"

#include <algorithm>

namespace postern::hooks {

namespace {

/// RFC 5321 4.2: textstring.
bool is_text(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

std::uint16_t default_code(verdict_kind verdict) noexcept
{
    switch (verdict) {
    case verdict_kind::reject:
        return 550;
    case verdict_kind::tempfail:
        return 451;
    case verdict_kind::disconnect:
        return 421;
    case verdict_kind::proceed:
    case verdict_kind::accept:
    case verdict_kind::discard:
    case verdict_kind::hold:
    case verdict_kind::score:
        break;
    }
    return 0;
}

bool code_fits(verdict_kind verdict, std::uint16_t code) noexcept
{
    // RFC 5321 4.2: the second digit of a reply code is at most 5.
    if (code / 10 % 10 > 5)
        return false;
    const auto kind = code / 100;
    if (verdict == verdict_kind::reject)
        return kind == 5;
    if (verdict == verdict_kind::tempfail)
        return kind == 4 && code != 421;
    return kind == 4 || kind == 5;
}

std::string default_enhanced(std::uint16_t code)
{
    std::string enhanced(1, static_cast<char>('0' + code / 100));
    switch (code) {
    case 450:
    case 451:
    case 550:
    case 554:
        return enhanced += ".7.1";
    case 421:
        return enhanced += ".7.0";
    case 452:
        return enhanced += ".3.1";
    case 552:
        return enhanced += ".3.4";
    default:
        return enhanced += ".0.0";
    }
}

} // namespace

bool is_allowed_at(hook_point hook, verdict_kind verdict) noexcept
{
    switch (hook) {
    case hook_point::txn_commit_before:
        return verdict == verdict_kind::proceed || verdict == verdict_kind::accept || verdict == verdict_kind::tempfail;
    case hook_point::queue_route:
    case hook_point::delivery_begin:
    case hook_point::delivery_tls_policy:
    case hook_point::delivery_peer:
    case hook_point::client_verb:
    case hook_point::client_params:
    case hook_point::delivery_source:
    case hook_point::delivery_connect:
    case hook_point::delivery_content:
    case hook_point::delivery_sign:
        return verdict == verdict_kind::proceed || verdict == verdict_kind::accept || verdict == verdict_kind::reject ||
               verdict == verdict_kind::tempfail || verdict == verdict_kind::hold;
    case hook_point::conn_open:
    case hook_point::tls_established:
    case hook_point::cmd_helo:
    case hook_point::cmd_mail:
    case hook_point::cmd_rcpt:
    case hook_point::cmd_data:
    case hook_point::msg_headers:
    case hook_point::msg_body:
    case hook_point::msg_end:
        return verdict <= verdict_kind::score;
    case hook_point::ehlo_caps:
    case hook_point::auth_mechanisms:
        return verdict == verdict_kind::proceed;
    case hook_point::auth_step:
    case hook_point::auth_verify:
    case hook_point::auth_result:
        return verdict == verdict_kind::proceed || verdict == verdict_kind::reject || verdict == verdict_kind::tempfail ||
               verdict == verdict_kind::disconnect;
    case hook_point::msg_end_rcpt:
        return verdict == verdict_kind::proceed || verdict == verdict_kind::accept || verdict == verdict_kind::reject ||
               verdict == verdict_kind::tempfail || verdict == verdict_kind::discard;
    case hook_point::dsn_make: // a report is neither refused nor put off: it goes out, or it is not wanted
        return verdict == verdict_kind::proceed || verdict == verdict_kind::accept || verdict == verdict_kind::discard;
    case hook_point::queue_policy:
    case hook_point::queue_admit:
        return verdict == verdict_kind::proceed || verdict == verdict_kind::accept || verdict == verdict_kind::tempfail;
    case hook_point::queue_retry:
        return verdict == verdict_kind::proceed || verdict == verdict_kind::accept || verdict == verdict_kind::reject ||
               verdict == verdict_kind::hold;
    case hook_point::delivery_reply:
        return verdict == verdict_kind::proceed || verdict == verdict_kind::accept || verdict == verdict_kind::reject ||
               verdict == verdict_kind::tempfail;
    case hook_point::verb:
    case hook_point::verb_data:
    case hook_point::param:
    case hook_point::cmd_rset:
    case hook_point::cmd_noop:
    case hook_point::cmd_help:
    case hook_point::cmd_vrfy:
    case hook_point::cmd_expn:
    case hook_point::cmd_unknown:
    case hook_point::cmd_quit:
        return verdict == verdict_kind::proceed || verdict == verdict_kind::reject || verdict == verdict_kind::tempfail ||
               verdict == verdict_kind::disconnect || verdict == verdict_kind::score;
    case hook_point::txn_committed:
    case hook_point::txn_aborted:
    case hook_point::conn_close:
    case hook_point::delivery_done:
    case hook_point::delivery_tls_result:
    case hook_point::report_in:
        break;
    }
    return false;
}

namespace {

std::string_view broken_rule_of(hook_point hook, const extension_reply& more) noexcept
{
    if (hook != hook_point::ehlo_caps && hook != hook_point::param && !is_command(hook))
        return "lines, a value or more to read at a hook that knows none";
    if (more.lines.size() > most_reply_lines)
        return "too many lines";
    if (!std::all_of(more.lines.begin(), more.lines.end(), is_text))
        return "a text with octets that no reply may hold";
    if (hook != hook_point::param && (!more.value.empty() || more.relay))
        return "a value at a hook that knows none";
    if (!is_parameter_value(more.value))
        return "a value that no parameter may have";
    if (hook != hook_point::verb && hook != hook_point::verb_data && more.then != follow_up::nothing)
        return "more to read at a hook that knows none";
    return "";
}

/// CONTINUE with the reply of a command.
std::string_view broken_rule_of_command(hook_point hook, const plugin_reply& answer) noexcept
{
    const auto then = answer.more ? answer.more->then : follow_up::nothing;
    const auto kind = answer.smtp_code / 100;
    if (then == follow_up::restart)
        return answer.smtp_code != 0 ? "a reply before a restart, whose greeting is the reply" : "";
    if (answer.smtp_code == 0)
        return then != follow_up::nothing || (answer.more && !answer.more->lines.empty()) || !answer.enhanced.empty()
                   ? "a reply without a code"
                   : "";
    const bool closes = answer.smtp_code == 221; // RFC 5321 4.2.2: the answer to QUIT, and to nothing else
    if (answer.smtp_code / 10 % 10 > 5 || kind != (then == follow_up::nothing ? 2 : 3) ||
        closes != (hook == hook_point::cmd_quit))
        return "a reply code that does not fit: 2yz, or 3yz where more is to be read";
    if (!answer.enhanced.empty() && (kind != 2 || !base::is_enhanced_code(answer.enhanced, answer.smtp_code)))
        return "an enhanced status code that does not fit the reply code";
    return "";
}

} // namespace

bool is_parameter_value(std::string_view text) noexcept
{
    return text.size() <= longest_parameter &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '='; });
}

namespace {

/// Of an answer whose verdict the hook knows.
std::string_view broken_form(hook_point hook, const plugin_reply& answer) noexcept
{
    if (answer.more)
        if (const auto why = broken_rule_of(hook, *answer.more); !why.empty())
            return why;
    if (answer.login)
        if (const auto why = answer.verdict == verdict_kind::proceed
                                 ? broken_rule_of(hook, *answer.login)
                                 : std::string_view{"a refusal with an identity or a challenge"};
            !why.empty())
            return why;
    if (answer.out)
        if (const auto why = broken_rule_of(hook, answer.verdict, *answer.out); !why.empty())
            return why;
    if (answer.shape)
        if (const auto why = broken_rule_of(hook, answer.verdict, *answer.shape); !why.empty())
            return why;
    if (is_command(hook) && answer.verdict == verdict_kind::proceed)
        return is_text(answer.text) ? broken_rule_of_command(hook, answer) : "a text with octets that no reply may hold";
    if (!is_text(answer.text))
        return "a text with octets that no reply may hold";
    const auto usual = default_code(answer.verdict);
    if (usual == 0)
        return answer.smtp_code != 0 || !answer.enhanced.empty() ? "a reply code with a verdict that has none" : "";
    const auto code = answer.smtp_code == 0 ? usual : answer.smtp_code;
    if (!code_fits(answer.verdict, code))
        return "a reply code that does not fit the verdict";
    if (!answer.enhanced.empty() && !base::is_enhanced_code(answer.enhanced, code))
        return "an enhanced status code that does not fit the reply code";
    return "";
}

} // namespace

std::string broken_rule(hook_point hook, const plugin_reply& answer)
{
    if (!is_allowed_at(hook, answer.verdict))
        return std::string{name_of(answer.verdict)}.append(": not at ").append(name_of(hook));
    return std::string{broken_form(hook, answer)};
}

void complete(outcome& what)
{
    const auto usual = default_code(what.verdict);
    if (usual == 0)
        return;
    if (what.smtp_code == 0)
        what.smtp_code = usual;
    if (what.enhanced.empty())
        what.enhanced = default_enhanced(what.smtp_code);
    if (!what.text.empty())
        return;
    if (what.verdict == verdict_kind::reject)
        what.text = "refused";
    else
        what.text = what.verdict == verdict_kind::tempfail ? "try again later" : "closing the connection";
}

} // namespace postern::hooks
