#pragma once
// Dates as mail writes them. STANDARDS: RFC 5322 3.3.

#include "core/base/clock.hpp"

#include <string>

namespace postern::message {

/// "Thu, 23 Nov 2023 20:00:00 +0000". Always UTC: where a server stands is nobody's business.
[[nodiscard]] std::string date_text(base::wall_time when);

} // namespace postern::message
