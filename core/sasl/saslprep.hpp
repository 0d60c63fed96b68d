#pragma once
// Names and passwords in one form, whatever they were typed with. STANDARDS: RFC 4013, RFC 3454, RFC 4505 3. SECURITY: fed by
// peers.

#include "core/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::sasl {

inline constexpr std::size_t most_text_octets = 1024; ///< of a name or password

/// RFC 3454 7: what is asked with may hold characters that Unicode 3.2 did not have; what is kept may not.
enum class text_use { query, stored };

/// An error: not UTF-8, prohibited (controls, NUL among them), mixed directions, too long, or nothing is left.
[[nodiscard]] base::result<std::string> saslprep(std::string_view text, text_use use = text_use::query);

/// Whether `text` may be the trace information of ANONYMOUS: the profile "trace", without controls; may be empty.
[[nodiscard]] bool is_trace(std::string_view text);

} // namespace postern::sasl
