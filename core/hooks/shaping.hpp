#pragma once
// When and how fast mail leaves: what plugins are told at queue.policy, queue.admit, delivery.reply and queue.retry, and what
// they make of it. Values; it must not know queues, destinations or plugins. STANDARDS: RFC 5321 4.5.4. SECURITY: replies are
// next hops'.

#include "core/base/clock.hpp"
#include "core/hooks/hook_point.hpp"
#include "core/hooks/verdict.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

/// By what rules a next hop is delivered to.
struct shaping_policy {
    std::uint32_t concurrency = 0; ///< transactions at the same time
    std::uint32_t rate_count = 0;  ///< in rate_per, evenly spaced; 0: as fast as it goes
    std::chrono::milliseconds rate_per{0};
    std::string pool = {};         ///< of source addresses; empty: none in particular
    std::chrono::seconds valid{0}; ///< nobody is asked again before; 0: nobody said
};

/// How far a delivery had come. The numbers are those of the plugin ABI.
enum class delivery_stage : std::uint8_t {
    route = 0, ///< no way, or nobody to connect to
    peer = 1,  ///< greeting, EHLO, TLS, login, a plugin's lines
    mail = 2,
    rcpt = 3,
    data = 4, ///< DATA, or BDAT before the last
    end = 5,  ///< the content was all sent
};

/// A recipient who is left, and what was last heard of it.
struct tried_recipient {
    std::string recipient;
    std::string next_hop;
    std::string enhanced;
    std::string text;
    std::uint16_t smtp_code = 0;
};

struct shaping {
    std::string next_hop;
    shaping_policy policy;          ///< queue.policy: what holds
    std::vector<std::string> pools; ///< queue.policy: of source addresses, those that there are

    std::vector<std::string> recipients; ///< queue.admit, delivery.reply: those whom it is about
    std::uint64_t size = 0;              ///< octets of the message
    base::wall_time received;
    std::int32_t priority = 0;
    std::uint32_t active = 0;     ///< queue.admit: transactions with the next hop now
    std::uint32_t waiting = 0;    ///< messages in line for it
    std::uint32_t active_all = 0; ///< transactions with all next hops

    delivery_stage stage = delivery_stage::route; ///< delivery.reply
    std::string address;                          ///< of the peer; empty: there was none
    std::uint16_t smtp_code = 0;
    std::string enhanced;
    std::string text;
    bool is_failure = false; ///< rather than a deferral

    std::vector<tried_recipient> tried; ///< queue.retry
    base::wall_time expires;
    base::wall_time next;
    std::uint32_t attempts = 0;

    std::chrono::milliseconds wait{0}; ///< what was said; 0: nothing
    std::string wait_why;              ///< in the words of who said that
    std::string wait_by;               ///< an instance
};

/// What an answer says beyond its verdict.
struct shaping_reply {
    shaping_policy policy = {};
    std::chrono::milliseconds wait{0};
};

inline constexpr std::uint32_t most_concurrency = 10'000;
inline constexpr std::chrono::hours longest_policy{24};
inline constexpr std::chrono::seconds usual_policy{300};
inline constexpr std::chrono::hours longest_wait{24 * 30};

/// Why `said` may not be taken at `hook`: a literal for the log; empty if it may.
[[nodiscard]] std::string_view broken_rule_of(hook_point hook, verdict_kind verdict, const shaping_reply& said) noexcept;

/// Of a policy what is said counts, and the shortest time that it is valid; of waits the longest.
void take_shaping(const shaping_reply& said, shaping& to);

} // namespace postern::hooks
