#pragma once
// The life of a stored message as an explicit state machine. All changes of state in the ledger go through `after`.

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::queue {

enum class life : std::uint8_t {
    received,   ///< its octets are arriving; not durable
    queued,     ///< durable, never attempted, due at once
    attempting, ///< in the hands of a delivery
    deferred,   ///< waits for its next attempt
    held,       ///< waits for an operator
    delivered,  ///< over: every recipient has it (or failed in an earlier attempt)
    bounced,    ///< over: the last open recipients failed, and whoever had to hear of it was told
    removed,    ///< over: an operator's decision, or the connection was lost before the message was durable
};

enum class life_event : std::uint8_t {
    commit, ///< it is durable
    hold,
    release, ///< out of held, due at once
    take,    ///< a delivery begins
    retry,   ///< an operator wants it tried at once
    defer,   ///< the attempt left recipients open
    deliver, ///< the attempt left none open, the last ones were delivered
    bounce,  ///< the attempt left none open, the last ones failed or expired
    remove,
};

/// The state that follows, or nothing where that event is not possible.
[[nodiscard]] std::optional<life> after(life state, life_event event) noexcept;

/// Whether the message has left the queue.
[[nodiscard]] constexpr bool is_over(life state) noexcept
{
    return state == life::delivered || state == life::bounced || state == life::removed;
}

/// "queued", as in logs and `postern queue list`.
[[nodiscard]] std::string_view name_of(life state) noexcept;

} // namespace postern::queue
