#pragma once
// Values of the core as records of the plugin contract have them.

#include "core/base/clock.hpp"

#include <postern/abi/core.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace postern::daemon {

/// Borrows the records.
template <class Record>
[[nodiscard]] postern_list list_of(const std::vector<Record>& records) noexcept
{
    return {records.data(), static_cast<std::uint32_t>(records.size()), sizeof(Record)};
}

/// Since 1970, rounded down; of what was before: 0.
[[nodiscard]] inline std::uint64_t seconds_of(base::wall_time when) noexcept
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
    return seconds < 0 ? 0 : static_cast<std::uint64_t>(seconds);
}

} // namespace postern::daemon
