#pragma once
// A line of `postern queue destinations`: what a running server knows of a next hop.

#include "core/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace postern::runtime {

/// Whose word it is that nothing goes to a destination.
enum class suspended_by : std::uint8_t { nobody, configuration, an_operator };

struct destination_item {
    std::string next_hop; ///< as the log names it
    std::size_t waiting =
        0; ///< messages: in line, until somebody there can be reached, and those of the schedule whose way is known before
    std::uint32_t deliveries = 0; ///< transactions now
    bool is_sought = false;       ///< a way there is looked for now
    std::optional<base::wall_time> rests_until;
    suspended_by who = suspended_by::nobody;
    std::string why;                      ///< it is suspended
    std::optional<base::wall_time> since; ///< that an operator suspended it
    std::optional<base::wall_time> until; ///< when that is over by itself
    std::string last_reply;               ///< or what was wrong; empty: nothing lately
    std::optional<base::wall_time> last_heard;
};

} // namespace postern::runtime
