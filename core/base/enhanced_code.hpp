#pragma once
// Enhanced status codes, "5.7.1". STANDARDS: RFC 3463 2, RFC 2034 4.

#include <cstdint>
#include <string_view>

namespace postern::base {

/// Class 2, 4 or 5, subject and detail of one to three digits without leading zeros; the class fits the reply code `code`.
[[nodiscard]] bool is_enhanced_code(std::string_view text, std::uint16_t code) noexcept;

} // namespace postern::base
