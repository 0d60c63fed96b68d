#pragma once
// Patterns of names: "*" is any octets, all else itself, letters of either case. It must not know what is named.
// SECURITY: the text may be anybody's: the work is at most pattern times text, and nothing is kept on a stack.

#include <string_view>

namespace replies {

/// The whole of `text` fits.
[[nodiscard]] bool fits(std::string_view pattern, std::string_view text) noexcept;

} // namespace replies
