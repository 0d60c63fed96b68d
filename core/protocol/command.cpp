#include "core/protocol/command.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>
#include <array>

namespace postern::protocol {

namespace {

constexpr std::size_t verb_count = static_cast<std::size_t>(verb::unknown);

enum class argument_rule : std::uint8_t { none, optional, required, one_word, path };

struct verb_facts {
    std::string_view name;
    argument_rule argument;
    std::string_view usage; ///< the text of a 501
};

/// In the order of enum verb.
constexpr std::array<verb_facts, verb_count> verbs = {{
    {"HELO", argument_rule::one_word, "Syntax: HELO hostname"},
    {"EHLO", argument_rule::one_word, "Syntax: EHLO hostname"},
    {"LHLO", argument_rule::one_word, "Syntax: LHLO hostname"},
    {"MAIL", argument_rule::path, "Syntax: MAIL FROM:<address>"},
    {"RCPT", argument_rule::path, "Syntax: RCPT TO:<address>"},
    {"DATA", argument_rule::none, "DATA takes no argument"},
    {"BDAT", argument_rule::required, "Syntax: BDAT size [LAST]"},
    {"RSET", argument_rule::none, "RSET takes no argument"},
    {"NOOP", argument_rule::optional, "Syntax: NOOP [string]"},
    {"VRFY", argument_rule::required, "Syntax: VRFY address"},
    {"EXPN", argument_rule::required, "Syntax: EXPN list"},
    {"HELP", argument_rule::optional, "Syntax: HELP [topic]"},
    {"QUIT", argument_rule::none, "QUIT takes no argument"},
    {"STARTTLS", argument_rule::none, "STARTTLS takes no argument"},
    {"AUTH", argument_rule::required, "Syntax: AUTH mechanism [initial-response]"},
}};

const verb_facts& facts_of(verb what) noexcept
{
    return verbs[static_cast<std::size_t>(what)];
}

verb verb_of(std::string_view name) noexcept
{
    for (std::size_t i = 0; i < verbs.size(); ++i)
        if (base::equals_ignoring_case(name, verbs[i].name))
            return static_cast<verb>(i);
    return verb::unknown;
}

constexpr bool is_control(char c) noexcept
{
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet == 0x7f;
}

/// Leaves the path in `argument`: what follows "FROM:" or "TO:".
command_error take_path(std::string_view& argument, verb what, command_rules rules) noexcept
{
    const std::string_view prefix = what == verb::mail ? "FROM:" : "TO:";
    if (!base::equals_ignoring_case(argument.substr(0, prefix.size()), prefix))
        return command_error::bad_argument;
    auto path = argument.substr(prefix.size());
    if (rules.space_before_path)
        path.remove_prefix(std::min(path.find_first_not_of(' '), path.size()));
    // RFC 5321 3.3: "spaces are not permitted on either side of the colon".
    if (!path.starts_with('<'))
        return command_error::bad_argument;
    argument = path;
    return command_error::none;
}

command_error check_argument(command& what, command_rules rules) noexcept
{
    const auto rule = facts_of(what.what).argument;
    if (what.argument.empty())
        return rule == argument_rule::none || rule == argument_rule::optional ? command_error::none
                                                                              : command_error::missing_argument;
    const auto is_word_octet = [](char c) { return c > ' ' && c <= '~'; };
    switch (rule) {
    case argument_rule::none:
        return command_error::unexpected_argument;
    case argument_rule::path:
        return take_path(what.argument, what.what, rules);
    case argument_rule::one_word:
        // RFC 5321 4.1.1.1, RFC 6531 3.7.1: one domain or address literal, in ASCII.
        return std::all_of(what.argument.begin(), what.argument.end(), is_word_octet) ? command_error::none
                                                                                      : command_error::bad_argument;
    case argument_rule::optional:
    case argument_rule::required:
        break;
    }
    return command_error::none;
}

} // namespace

std::string_view name_of(verb what) noexcept
{
    return what == verb::unknown ? std::string_view{} : facts_of(what).name;
}

command parse_command(std::string_view line, command_rules rules) noexcept
{
    // RFC 5321 4.1.1: trailing white space before the CRLF is tolerated.
    line = line.substr(0, line.find_last_not_of(" \t") + 1);
    command found;
    const auto end = std::min(line.find(' '), line.size());
    found.name = line.substr(0, end);
    found.argument = line.substr(end);
    found.argument.remove_prefix(std::min(found.argument.find_first_not_of(' '), found.argument.size()));
    found.what = verb_of(found.name);
    if (std::any_of(line.begin(), line.end(), is_control))
        found.error = command_error::bad_octets;
    else if (found.what == verb::unknown)
        found.error = command_error::unknown_verb;
    else
        found.error = check_argument(found, rules);
    return found;
}

command_refusal refusal_of(const command& what) noexcept
{
    switch (what.error) {
    case command_error::none:
    case command_error::unknown_verb:
        break;
    case command_error::bad_octets:
        return {500, "5.5.2", "Control characters in a command"};
    case command_error::missing_argument:
    case command_error::unexpected_argument:
    case command_error::bad_argument:
        return {501, "5.5.4", what.what == verb::unknown ? "Bad argument" : facts_of(what.what).usage};
    }
    return {500, "5.5.1", "Command not recognized"};
}

} // namespace postern::protocol
