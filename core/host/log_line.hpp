#pragma once
// One log event as one line, as text or as JSON. Pure.
// SECURITY: values come from peers and plugins. Nothing of them can end the line, forge a key or reach a terminal raw.

#include "core/base/clock.hpp"
#include "core/base/log.hpp"

#include <span>
#include <string>
#include <string_view>

namespace postern::daemon {

/// "2026-01-31T23:59:59.123Z info event key=value key="two words"", without a line end. Octets outside printable ASCII are \xNN.
void append_text_line(std::string& to, base::wall_time when, base::log_level level, std::string_view event,
                      std::span<const base::log_field> fields);

/// {"time":"...","level":"info","event":"...","key":"value"}, without a line end. Valid UTF-8 stays; other octets become \\xNN.
/// A field called time, level or event is written with a "_" behind its name.
void append_json_line(std::string& to, base::wall_time when, base::log_level level, std::string_view event,
                      std::span<const base::log_field> fields);

[[nodiscard]] std::string_view name_of(base::log_level level) noexcept;

} // namespace postern::daemon
