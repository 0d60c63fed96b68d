#pragma once
// What somebody else may say of a notification before it is made: to whom it goes, in which words, from whom by name, and with
// which fields beside its own. What is wrong with that is decided here; who may say it is not.
// STANDARDS: RFC 5322 2.2, 3.4, 3.6; RFC 2047; RFC 3834 5. SECURITY: words of plugins, which may quote anybody.

#include "core/message/address.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern::message {

struct extra_field {
    std::string name;
    std::string value; ///< one line of printable ASCII

    bool operator==(const extra_field&) const = default;
};

/// Empty: as it is without.
struct dsn_wording {
    std::string recipient = {};           ///< in place of the original's sender
    std::string text = {};                ///< in place of the explanation for people: lines of UTF-8, with LF between them
    std::string from_name = {};           ///< in place of "Mail Delivery System"
    std::vector<extra_field> fields = {}; ///< of the header section, behind its own

    bool operator==(const dsn_wording&) const = default;
};

inline constexpr std::size_t longest_dsn_text = std::size_t{16} << 10U; ///< octets
inline constexpr std::size_t longest_dsn_name = 100;                    ///< octets of from_name
inline constexpr std::size_t most_dsn_fields = 20;
inline constexpr std::size_t longest_dsn_field = 900; ///< octets of name and value

/// What is wrong with it: a literal, for the log; empty: nothing. `octets`: whether the recipient may be one of SMTPUTF8.
[[nodiscard]] std::string_view fault_of(const dsn_wording& what, utf8 octets);

/// As the name of a mailbox (RFC 5322 3.4): an atom, a quoted string, or words of RFC 2047. It has no fault.
[[nodiscard]] std::string to_display_name(std::string_view name);

} // namespace postern::message
