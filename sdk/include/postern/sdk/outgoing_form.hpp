#pragma once
// What lines to a next hop, names of hosts and counts may look like: what the host would refuse in an answer, said where the
// answer is made. Pure; it must not know answers.
// STANDARDS: RFC 5321 2.4, RFC 1035 2.3.4. SECURITY: lines often quote what a client sent.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace postern::sdk {

inline constexpr std::size_t most_client_lines = 16;    ///< of an answer
inline constexpr std::size_t longest_client_line = 500; ///< octets
inline constexpr std::size_t most_unused = 100;         ///< keywords
inline constexpr std::size_t most_names = 10;           ///< of a certificate
inline constexpr std::size_t most_tlsa = 100;           ///< records of a policy
inline constexpr std::size_t longest_tlsa = 8192;       ///< octets of a record's data
inline constexpr std::size_t most_policy_texts = 200;   ///< lines of a policy, and patterns of its hosts
inline constexpr std::size_t longest_policy_text = 1024;
inline constexpr std::array<std::string_view, 14> core_verbs{"HELO", "EHLO", "MAIL", "RCPT", "DATA", "BDAT",     "RSET",
                                                             "NOOP", "VRFY", "EXPN", "HELP", "QUIT", "STARTTLS", "AUTH"};

[[nodiscard]] constexpr bool is_upper_or_digit(char c) noexcept
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// A verb of 3 to 32 letters and digits, upper case, that is none of the core's, and printable ASCII behind it.
[[nodiscard]] constexpr bool is_client_line(std::string_view text) noexcept
{
    const std::string_view verb = text.substr(0, text.find(' '));
    return text.size() <= longest_client_line && verb.size() >= 3 && verb.size() <= 32 && verb.front() >= 'A' &&
           std::all_of(verb.begin(), verb.end(), is_upper_or_digit) &&
           std::find(core_verbs.begin(), core_verbs.end(), verb) == core_verbs.end() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// A name that a certificate can be for, or the text of an address.
[[nodiscard]] constexpr bool is_host_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_upper_or_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == ':';
    });
}

} // namespace postern::sdk
