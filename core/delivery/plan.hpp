#pragma once
// What an attempt consists of and what follows from it: recipients by route, then results to a new state, the time of the next
// attempt, and who has to be told. Pure; runtime/ does the attempt and stores the state.
// STANDARDS: RFC 5321 4.5.4, 6.1; RFC 3461 4.1, 5.2, 6; RFC 3463 (4.4.7), RFC 3464 2.3.3.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/delivery/route.hpp"
#include "core/delivery/transport.hpp"
#include "core/message/dsn.hpp"
#include "core/queue/life.hpp"
#include "core/queue/policy.hpp"
#include "core/queue/record.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::delivery {

/// The indices of a message's recipients that are still to be delivered.
[[nodiscard]] std::vector<std::uint32_t> open_recipients(const queue::message_state& state);

/// A recipient and where it goes.
struct routed_recipient {
    std::uint32_t index = 0; ///< into the envelope's recipients
    route next;
};

/// One transaction to make.
struct route_group {
    route next;
    std::vector<std::uint32_t> recipients; ///< indices, ascending
};

/// One group a route, split so that none has more than `most` recipients (RFC 5321 4.5.3.1.8: 100 are always taken; 0: no limit).
/// Groups come in the order of their first recipient.
[[nodiscard]] std::vector<route_group> group_by_route(std::span<const routed_recipient> recipients, std::size_t most);

/// Who has a recipient's message after a delivery, as far as a sender who wants to know must be told (RFC 3461 5.2).
enum class taker : std::uint8_t {
    mailbox,   ///< a transport's: its way is at an end, "delivered"
    plain_hop, ///< a next hop without DSN, which will tell nobody: "relayed"
    dsn_hop,   ///< a next hop with DSN: to tell is its duty now
};

/// What became of one recipient, and who said so.
struct attempt_result {
    std::uint32_t index = 0;
    recipient_result what;
    std::string next_hop;       ///< route::text(), or empty when it was decided here
    taker by = taker::mailbox;  ///< of what was delivered
    bool lacks_keyword = false; ///< relayed to a next hop that does not offer stored_envelope::report_relay
};

/// What follows from an attempt.
struct decision {
    queue::message_state state;                        ///< to be stored, unless it is over
    queue::life_event what = queue::life_event::defer; ///< defer, deliver or bounce
    std::optional<base::wall_time> next_attempt;       ///< of defer
    bool is_only_untried = false;                      ///< of defer: nobody is left of those who were tried
    std::vector<std::uint32_t> failed;                 ///< that a failure DSN must name now; empty: none is due
    std::vector<std::uint32_t> delayed;                ///< that a delay DSN must name now; empty: none is due
    std::vector<std::uint32_t> succeeded;              ///< that a success DSN must name now; empty: none is due
    std::vector<std::uint32_t> stranded;               ///< that failed, and the postmaster must be told of instead of a sender

    /// The recipients that a DSN of that kind must name.
    [[nodiscard]] const std::vector<std::uint32_t>& named_in(message::dsn_kind kind) const noexcept;
    [[nodiscard]] bool has_reports() const noexcept
    {
        return !failed.empty() || !delayed.empty() || !succeeded.empty() || !stranded.empty();
    }
    void take_back_all();
    /// That DSN could not be stored: `state` no longer says that it was, so that the next attempt makes it due again.
    void take_back(message::dsn_kind kind);
    void take_back_stranded();
};

/// stored_envelope::origin of a notice to the postmaster, about which there is none.
inline constexpr std::string_view notice_origin = "postmaster";

/// What of an attempt that goes on must not be forgotten if it is broken off: who has got the message, or never will.
[[nodiscard]] queue::message_state progress(const queue::record& before, std::span<const attempt_result> results);

/// `results` holds at most one entry a recipient; an open recipient without one was not tried: it is due at
/// once, or when those are who were tried in vain. One that is not open is ignored. Counts one attempt.
/// `has_postmaster`: of a message from the null sender, whom nobody may tell, somebody here wants to know.
/// A DSN that is due must be durable before the new state is stored: `state` already says that it was reported.
[[nodiscard]] decision conclude(const queue::record& before, std::span<const attempt_result> results,
                                const queue::retry_policy& policy, base::wall_time now, base::random_source& random,
                                bool has_postmaster = false);

/// Whether anybody may be told about that recipient: never for a null sender (RFC 5321 6.1: no DSN about a DSN), never with
/// NOTIFY=NEVER; of a success only who asked for it.
[[nodiscard]] bool wants_failure_report(const message::envelope& envelope, std::uint32_t recipient) noexcept;
[[nodiscard]] bool wants_success_report(const message::envelope& envelope, std::uint32_t recipient) noexcept;
[[nodiscard]] bool wants_delay_report(const message::envelope& envelope, std::uint32_t recipient) noexcept;

} // namespace postern::delivery
