#pragma once
// The value of BY, and what is left of it later. Pure: times are told; it must not know the plugin contract.
// STANDARDS: RFC 2852 3, 4. SECURITY: the value is a client's, the offer a next hop's.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deliver_by {

using std::chrono::seconds;

enum class mode : std::uint8_t {
    back,   ///< "R": not delivered in time, it is returned
    notify, ///< "N": its sender is told, and it goes on
};

struct wish {
    seconds by{};
    deliver_by::mode mode = mode::back;
    bool has_trace = false; ///< "T": its sender is told of each relay

    bool operator==(const wish&) const = default;
};

/// RFC 2852 3: by-time ";" by-mode [by-trace], up to nine digits with a sign. Nothing for anything else, and for an R that is
/// over before it began.
[[nodiscard]] std::optional<wish> parse(std::string_view value);
[[nodiscard]] std::string to_text(const wish& what);

/// RFC 2852 4: a next hop is told what is left.
[[nodiscard]] wish after(wish what, seconds passed) noexcept;

/// RFC 2852 3: min-by-time of a next hop's keyword line; nothing where it says none.
[[nodiscard]] std::optional<seconds> least_of(std::string_view offer) noexcept;

} // namespace deliver_by
