#pragma once
// The 64-bit names of what lives long: sessions, transactions, messages. Printed as 13 digits of Crockford base32,
// which sort as the numbers do and are safe in logs, replies and file names.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postern::base {

template <class Tag>
struct strong_id {
    std::uint64_t value = 0; ///< 0: none

    [[nodiscard]] explicit operator bool() const noexcept { return value != 0; }
    auto operator<=>(const strong_id&) const = default;
};

using session_id = strong_id<struct session_tag>;         ///< one connection, in or out
using transaction_id = strong_id<struct transaction_tag>; ///< one MAIL..end of data
using message_id = strong_id<struct message_tag>;         ///< one stored message: the queue id

/// 13 characters, 0-9A-Z without I L O U.
[[nodiscard]] std::string id_text(std::uint64_t value);

template <class Tag>
[[nodiscard]] std::string to_text(strong_id<Tag> id)
{
    return id_text(id.value);
}

/// The number that `text` spells, in either case; nothing if it is not 13 digits of that alphabet.
[[nodiscard]] std::optional<std::uint64_t> parse_id(std::string_view text) noexcept;

/// Hands out ids that are unique across restarts: 42 bits of milliseconds, then bits of a counter that starts at random.
/// Threads: one; give each thread its own `lane` (0..255) so that two never meet.
class id_source {
public:
    id_source(const clock& clock, random_source& random, std::uint8_t lane) noexcept;
    [[nodiscard]] std::uint64_t next() noexcept;

private:
    const clock& clock_;
    std::uint64_t lane_;
    std::uint64_t last_ms_ = 0;
    std::uint64_t count_;
};

} // namespace postern::base

template <class Tag>
struct std::hash<postern::base::strong_id<Tag>> {
    std::size_t operator()(const postern::base::strong_id<Tag>& id) const noexcept
    {
        return std::hash<std::uint64_t>{}(id.value);
    }
};
