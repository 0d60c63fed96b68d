#pragma once
// postern.log/1: a plugin's record as an event of the log.
// SECURITY: names are checked, values cut; the sink escapes them. Nothing of a plugin can be taken for an event of the server.

#include "core/base/log.hpp"

#include <postern/abi/log.h>

#include <cstdint>
#include <string_view>

namespace postern::daemon {

/// The lowest level that is written.
[[nodiscard]] std::uint32_t lowest_level(const base::log& to) noexcept;

/// "plugin.event plugin=INSTANCE name=NAME ...". A record that breaks a rule writes nothing.
[[nodiscard]] postern_status write_event(const base::log& to, std::string_view plugin, const postern_log_event* what);

} // namespace postern::daemon
