#pragma once
// The keyword lines of EHLO, both ways: what a server offers and what a client read.
// STANDARDS: RFC 5321 4.1.1.1, 4.1.1.10; RFC 1870, 2034, 2920, 3030, 3207, 3461, 4954, 6152, 6531, 9422.
// SECURITY: read from peers; what a plugin adds is checked before it is written.

#include "core/protocol/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::protocol {

/// LIMITS (RFC 9422): 0 is "not said".
struct session_limits {
    std::uint32_t rcpt_max = 0;        ///< recipients a transaction
    std::uint32_t mail_max = 0;        ///< transactions a connection
    std::uint32_t rcpt_domain_max = 0; ///< domains of recipients a connection

    bool operator==(const session_limits&) const = default;
};

/// A keyword line that this struct has no member for.
struct ehlo_line {
    std::string keyword;    ///< upper case
    std::string parameters; ///< raw, separated by spaces; may be empty

    bool operator==(const ehlo_line&) const = default;
};

/// More mechanisms than that in AUTH are not read: comparing names must not cost a hostile server's peer its time.
inline constexpr std::size_t max_auth_mechanisms = 64;

/// What EHLO offers; all false or empty: nothing.
struct capabilities {
    bool pipelining = false;
    bool eight_bit_mime = false;
    bool enhanced_status_codes = false;
    bool chunking = false;
    bool binary_mime = false;
    bool smtputf8 = false;
    bool dsn = false;
    bool starttls = false;
    std::optional<std::uint64_t> size; ///< SIZE: octets; 0: offered without a limit
    std::vector<std::string> auth;     ///< mechanisms, upper case; empty: no AUTH
    session_limits limits;
    std::vector<ehlo_line> others;

    /// Whether `others` has that keyword (upper case).
    [[nodiscard]] const ehlo_line* find(std::string_view keyword) const noexcept;
    /// As if that keyword (upper case) had not been offered.
    void forget(std::string_view keyword);
    /// The keyword lines, as append_ehlo_reply writes them.
    [[nodiscard]] std::vector<ehlo_line> lines() const;
    bool operator==(const capabilities&) const = default;
};

/// RFC 5321 4.1.1.1: ehlo-keyword, and ehlo-params separated by single spaces (may be empty).
[[nodiscard]] bool is_ehlo_line(std::string_view keyword, std::string_view parameters) noexcept;

/// Appends the whole reply "250-HOSTNAME ... 250 LAST". A line of `others` or a mechanism that breaks the syntax or the length
/// of a line is left out.
void append_ehlo_reply(std::string& out, std::string_view hostname, const capabilities& offered);

/// What a 250 to EHLO offers. The first line is the greeting. Lines that make no sense are ignored, repeated ones add up,
/// as does the old form "AUTH=MECHANISM".
[[nodiscard]] capabilities parse_capabilities(const reply& ehlo);

} // namespace postern::protocol
