// Command lines of a server session: which are taken, who handles them, and the verbs that change little.
// STANDARDS: RFC 5321 4.1, 4.3.2, 4.5.3.1; RFC 3207 4.
#include "core/session/server_state.hpp"

#include "core/base/ascii.hpp"
#include "core/protocol/reply.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postern::session {

using hooks::hook_point;
using protocol::verb;
using namespace protocol::literals;

namespace {

// Old clients put a space behind the colon; there is only one way to read it.
constexpr protocol::command_rules rules{.space_before_path = true};

constexpr std::string_view auth = "AUTH";

// Of a login that is sent in one go, whatever becomes of its AUTH: LOGIN has two, and a "*" may follow. What else a client says
// that nobody knows is for plugins and traces.
constexpr unsigned most_responses = 3;

/// AUTH, to whoever is generous about white space and about what follows; no other word that begins like it.
bool begins_with_auth(std::string_view line) noexcept
{
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!base::equals_ignoring_case(line.substr(0, auth.size()), auth))
        return false;
    const auto next = line.size() > auth.size() ? line[auth.size()] : ' ';
    return !base::is_letter(next) && !base::is_digit(next) && next != '-' && next != '_';
}

/// What of a line may be shown: what follows a mechanism is a secret.
std::string shown(std::string_view line)
{
    if (!begins_with_auth(line))
        return std::string{line};
    const auto start = line.find_first_not_of(" \t");
    const auto rest = line.substr(start);
    const auto name = rest.find_first_not_of(" \t", auth.size());
    const auto end = name == std::string_view::npos ? name : rest.find_first_of(" \t", name);
    if (end == std::string_view::npos)
        return std::string{line};
    return std::string{line.substr(0, start + end)} + " ***";
}

/// BDAT with its chunk behind it, to whoever is generous about white space.
bool begins_with_bdat(std::string_view line) noexcept
{
    constexpr std::string_view bdat = "BDAT";
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line.size() >= bdat.size() &&
           std::equal(bdat.begin(), bdat.end(), line.begin(), [](char a, char b) { return a == (b & ~0x20); });
}

} // namespace

/// Takes lines until one leads to a step or all octets are taken.
std::optional<step> server_session::state::take_commands()
{
    while (at == doing::commands && left == aftermath::nothing && !to_ask && !must_pause) {
        if (is_shutting_down) {
            say(421, "4.3.2", "shutting down");
            close("shutting down");
            break;
        }
        const auto line = lines.take(input);
        if (!line) {
            has_heard_secret = has_heard_secret || lines.is_inside_line(); // nobody knows yet what it is
            return read(phase::command);
        }
        const bool is_auth = begins_with_auth(line->text);
        const bool is_response = !is_auth && responses_ahead != 0 && !is_command(line->text);
        responses_ahead = is_auth ? most_responses : is_response ? responses_ahead - 1 : 0;
        hides_line = is_auth || is_response;
        has_heard_secret = has_heard_secret || hides_line;
        if (looks_on != nullptr)
            looks_on->heard(is_response ? std::string{"***"} : shown(line->text));
        take_line(*line);
    }
    return std::nullopt;
}

/// Whether it begins with a verb that somebody here knows. Responses to AUTH are base64, and rarely such a word.
bool server_session::state::is_command(std::string_view line) const noexcept
{
    const auto what = protocol::parse_command(line, rules);
    return what.what != verb::unknown || (config.extensions && config.extensions->verb(what.name) != nullptr);
}

void server_session::state::take_line(const protocol::line& line)
{
    switch (line.defect) {
    case protocol::line_defect::none: {
        const auto command = protocol::parse_command(line.text, rules);
        if (line.text.size() + 2 > config.limits.line && command.what != verb::auth)
            return overlong(line.text);
        // One that another server may take for BDAT is refused as a BDAT.
        return command.what == verb::unknown && begins_with_bdat(line.text) ? on_bdat(command) : take_command(command);
    }
    case protocol::line_defect::overlong:
        return overlong(line.text);
    case protocol::line_defect::bare_lf:
    case protocol::line_defect::bare_cr:
    case protocol::line_defect::nul:
        error(500, "5.5.2", "bare CR, bare LF or NUL in a command"); // RFC 5321 2.3.8: only CRLF ends a line
        break;
    }
    if (begins_with_bdat(line.text))
        close("a BDAT line that no command may look like"); // nobody can say where its chunk ends
}

void server_session::state::overlong(std::string_view line)
{
    error(500, "5.5.2", "line too long"); // RFC 5321 4.5.3.1.9
    if (begins_with_bdat(line))
        close("a BDAT line that no command may look like");
}

void server_session::state::take_command(const protocol::command& what)
{
    if (what.what == verb::bdat)
        return on_bdat(what);
    if (what.what == verb::quit && what.error == protocol::command_error::none)
        return shut_out ? say_default(hook_point::cmd_quit) : consult(hook_point::cmd_quit, what);
    if (what.error == protocol::command_error::unknown_verb && take_extension(what))
        return;
    if (const auto why = closed_to(what.what)) {
        const bool is_hello = what.what == verb::ehlo || what.what == verb::helo || what.what == verb::lhlo;
        return error(why->code, is_hello ? std::string_view{} : why->enhanced, why->text); // RFC 2034 4
    }
    // Who sends the responses along with an AUTH that is refused has said a password here: it is nobody's business.
    if (what.error == protocol::command_error::unknown_verb && !what.name.empty() && !hides_line)
        return consult(hook_point::cmd_unknown, what);
    if (what.error != protocol::command_error::none) {
        const auto why = protocol::refusal_of(what);
        return error(why.code, why.enhanced, why.text);
    }
    switch (what.what) {
    case verb::helo:
    case verb::ehlo:
    case verb::lhlo:
        return on_hello(what);
    case verb::mail:
        return on_mail(what);
    case verb::rcpt:
        return on_rcpt(what);
    case verb::data:
        return on_data();
    case verb::rset:
        if (!count_idle())
            return;
        abort("RSET"); // whatever anybody says to it
        return consult(hook_point::cmd_rset, what);
    case verb::noop:
        return count_idle() ? consult(hook_point::cmd_noop, what) : void();
    case verb::vrfy:
        return count_idle() ? consult(hook_point::cmd_vrfy, what) : void();
    case verb::help:
        return count_idle() ? consult(hook_point::cmd_help, what) : void();
    case verb::expn:
        return consult(hook_point::cmd_expn, what);
    case verb::starttls:
        return on_starttls();
    case verb::auth:
        return on_auth(what);
    case verb::bdat:
    case verb::quit:
    case verb::unknown:
        break; // handled above
    }
}

/// Why the session as it stands takes no such command at all.
std::optional<protocol::command_refusal> server_session::state::closed_to(verb what) const
{
    if (shut_out)
        return protocol::command_refusal{shut_out->smtp_code, shut_out->enhanced, shut_out->text};
    // RFC 3207 4: 530 to everything but NOOP, EHLO, STARTTLS, QUIT; HELO and RSET change nothing that could leak.
    const bool is_free = what == verb::noop || what == verb::ehlo || what == verb::helo || what == verb::lhlo ||
                         what == verb::starttls || what == verb::rset || what == verb::quit || what == verb::unknown;
    if (config.tls == server_tls::required && !facts.tls && !is_free)
        return protocol::command_refusal{530, "5.7.0", "Must issue a STARTTLS command first"};
    return std::nullopt;
}

/// Asks whoever wants to answer a command that changes little.
void server_session::state::consult(hooks::hook_point hook, const protocol::command& what)
{
    said_name = what.name;
    said_argument = what.argument;
    to_ask = hook;
}

void server_session::state::command_answered(hooks::hook_point hook, hooks::outcome& outcome)
{
    if (is_refusal(outcome))
        refuse(outcome);
    else if (outcome.smtp_code != 0)
        say_answer(outcome);
    else
        return say_default(hook);
    if (hook == hooks::hook_point::cmd_quit)
        close("QUIT");
}

/// The reply that a plugin gave to a command.
void server_session::state::say_answer(const hooks::outcome& outcome)
{
    // RFC 2034 4: no enhanced code without a class that has one.
    const bool has_class = outcome.smtp_code / 100 != 3;
    protocol::reply reply{.code = outcome.smtp_code};
    if (has_class)
        reply.enhanced = outcome.enhanced.empty() ? fmt::format("{}.0.0", outcome.smtp_code / 100) : outcome.enhanced;
    if (outcome.more && !outcome.more->lines.empty())
        reply.lines = outcome.more->lines;
    else
        reply.lines.push_back(outcome.text.empty() ? "ok" : outcome.text);
    protocol::append_reply(output, reply);
}

void server_session::state::say_default(hooks::hook_point hook)
{
    using hooks::hook_point;
    switch (hook) {
    case hook_point::cmd_rset:
        return protocol::append_reply(output, "250 2.0.0 reset\r\n"_reply);
    case hook_point::cmd_noop:
        return protocol::append_reply(output, "250 2.0.0 ok\r\n"_reply);
    case hook_point::cmd_vrfy:
        // RFC 5321 3.5.3, 7.3: which addresses exist is not told to whoever asks.
        return protocol::append_reply(output, "252 2.5.0 cannot verify, but will take mail for it\r\n"_reply);
    case hook_point::cmd_help:
        return protocol::append_reply(output, 214, "2.0.0",
                                      fmt::format("commands: {} MAIL RCPT DATA BDAT RSET NOOP VRFY HELP STARTTLS {}QUIT",
                                                  config.lmtp ? "LHLO" : "EHLO HELO", config.auth ? "AUTH " : ""));
    case hook_point::cmd_expn:
        return error(502, "5.5.1", "not implemented");
    case hook_point::cmd_quit:
        protocol::append_reply(output, "221 2.0.0 closing the connection\r\n"_reply);
        return close("QUIT");
    default:
        return error(500, "5.5.1", "Command not recognized");
    }
}

} // namespace postern::session
