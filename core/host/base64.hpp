#pragma once
// Octets in a JSON string.

#include "core/base/base64.hpp"

#include <string>
#include <string_view>

namespace postern::daemon {

using base::from_base64;
using base::to_base64;

/// Text for JSON, which is UTF-8: an octet that is not ASCII becomes '?'.
[[nodiscard]] std::string as_utf8(std::string_view text);

} // namespace postern::daemon
