#pragma once
// What happens in a server, as told to those who observe all of it. The kinds are those of the plugin ABI
// (sdk/include/postern/abi/observe.h); host/ asserts it.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"

#include <cstdint>
#include <string_view>

namespace postern::hooks {

enum class notice_kind : std::uint8_t {
    connected = 1,
    disconnected = 2,
    refused = 3, ///< a connection
    decided = 4,
    accepted = 5, ///< a message is stored
    not_stored = 6,
    delivered = 7,
    deferred = 8,
    failed = 9,
    reloaded = 10,
    not_reloaded = 11,
    plugin_failed = 12,
    breaker_opened = 13,
    breaker_closed = 14,
};
inline constexpr unsigned notice_kind_count = 15;

/// Views: valid until who is told returns. What does not belong to a kind is empty.
struct notice {
    notice_kind kind;
    base::session_id session = {};
    base::message_id message = {};
    std::string_view sender = {};
    std::string_view recipient = {};
    std::string_view peer = {};
    std::string_view listener = {};
    std::string_view plugin = {};
    std::string_view hook = {};
    std::string_view verdict = {};
    std::string_view next_hop = {};
    std::string_view text = {};
    std::uint16_t smtp_code = 0;
    std::uint64_t size = 0;  ///< octets
    std::uint64_t count = 0; ///< messages, recipients, attempts, generation: by the kind
};

/// Threads: any.
class observer {
public:
    virtual ~observer() = default;
    [[nodiscard]] virtual bool wants(notice_kind kind) const noexcept = 0;
    /// Keeps a copy and returns: whoever tells does not wait.
    virtual void observe(const notice& what, base::wall_time when) noexcept = 0;
};

} // namespace postern::hooks
