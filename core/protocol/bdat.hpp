#pragma once
// The argument of BDAT. A size that cannot be read leaves the stream out of step: 501 and close, never a guess.
// STANDARDS: RFC 3030 2. SECURITY: every octet comes from a peer.

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::protocol {

/// Sizes above this are refused, so that sums of two never overflow.
inline constexpr std::uint64_t max_chunk_size = (std::uint64_t{1} << 63U) - 1;

struct bdat_argument {
    std::uint64_t size = 0; ///< octets that follow the command line
    bool is_last = false;
};

/// "n" or "n LAST" (any case), n in decimal digits only, at most 20. Nothing: not that, or above max_chunk_size.
[[nodiscard]] std::optional<bdat_argument> parse_bdat(std::string_view argument) noexcept;

} // namespace postern::protocol
