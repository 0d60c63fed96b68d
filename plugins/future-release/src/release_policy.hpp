#pragma once
// When a message is released that asks for a time. Pure: the time is told; it must not know the plugin contract.
// STANDARDS: RFC 4865 3, 4, 5.2. SECURITY: all parameters are a client's.

#include <postern/kit/date_time.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace future_release {

using postern::kit::seconds_since_1970;

/// RFC 4865 3: HOLDFOR is 1 to 999999999 seconds, without zeros in front. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::seconds> parse_interval(std::string_view text) noexcept;
/// RFC 4865 3 with erratum 2040: HOLDUNTIL is a date-time of RFC 3339, in UTC: with "Z", or with an offset of none.
[[nodiscard]] std::optional<seconds_since_1970> parse_until(std::string_view text) noexcept;

/// What MAIL said; absent: it did not.
struct wish {
    std::optional<std::string_view> hold_for;
    std::optional<std::string_view> hold_until;
    std::optional<std::string_view> by = {}; ///< RFC 2852: "3600;R"
};

/// A time, or why not, for the reply.
struct release {
    std::optional<seconds_since_1970> at;
    const char* problem = nullptr;
};

/// When that message is released that comes now. Without a wish neither is given. A time that is past is now.
[[nodiscard]] release release_of(const wish& asked, seconds_since_1970 now, std::chrono::seconds most) noexcept;

/// The parameters of the keyword: "604800 2026-12-06T16:30:00Z".
[[nodiscard]] std::string keyword_parameters(seconds_since_1970 now, std::chrono::seconds most);

} // namespace future_release
