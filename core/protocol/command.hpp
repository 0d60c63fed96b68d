#pragma once
// One command line: which verb, with which argument, and whether its form is right. What is legal when is the session's
// business, what a path or a parameter means is room message's.
// STANDARDS: RFC 5321 4.1.1, 4.1.2; RFC 2033 4.1; RFC 3030 2; RFC 3207 4; RFC 4954 4. SECURITY: lines come from peers.

#include <cstdint>
#include <string_view>

namespace postern::protocol {

enum class verb : std::uint8_t {
    helo,
    ehlo,
    lhlo, ///< LMTP's (RFC 2033)
    mail,
    rcpt,
    data,
    bdat,
    rset,
    noop,
    vrfy,
    expn,
    help,
    quit,
    starttls,
    auth,
    unknown,
};

/// "MAIL"; "" for unknown.
[[nodiscard]] std::string_view name_of(verb what) noexcept;

enum class command_error : std::uint8_t {
    none,
    unknown_verb,        ///< 500 5.5.1; also an empty line
    bad_octets,          ///< 500 5.5.2: control characters
    missing_argument,    ///< 501 5.5.4
    unexpected_argument, ///< 501 5.5.4: DATA, RSET, QUIT, STARTTLS take none
    bad_argument,        ///< 501 5.5.4: MAIL without "FROM:<", RCPT without "TO:<", EHLO with more than one word
};

/// A command. Views into the line.
struct command {
    verb what = verb::unknown;
    command_error error = command_error::none;
    std::string_view name;     ///< as written
    std::string_view argument; ///< white space around it removed; of MAIL and RCPT: from the '<' on
};

/// The reply that an erroneous command gets. Literals.
struct command_refusal {
    std::uint16_t code;
    std::string_view enhanced;
    std::string_view text;
};

struct command_rules {
    bool space_before_path = false; ///< take "MAIL FROM: <..>", which RFC 5321 3.3 forbids and old clients send
};

/// Reads a line without defects (line_reader). The verb is case-insensitive and ends at a space; white space at the line's end
/// is ignored (RFC 5321 4.1.1).
[[nodiscard]] command parse_command(std::string_view line, command_rules rules = {}) noexcept;

/// What to answer to `what` when it has an error.
[[nodiscard]] command_refusal refusal_of(const command& what) noexcept;

} // namespace postern::protocol
