#pragma once
// From a message in the queue to the DSN about it: what message/dsn.hpp needs, out of a record; and the record of the DSN itself.
// STANDARDS: RFC 3461 4.3, 6, RFC 3463 (4.4.7), RFC 3464.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/message/dsn.hpp"
#include "core/queue/policy.hpp"
#include "core/queue/record.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace postern::delivery {

/// Content that is returned whole where RET=FULL asks for it, in octets; of a larger message the header section is.
inline constexpr std::uint64_t most_returned = std::uint64_t{64} << 10U;

/// Whether the caller should read all of the content for make_report's `original` (else: its header section).
[[nodiscard]] bool returns_full(const queue::stored_envelope& envelope, message::dsn_kind kind) noexcept;

struct report_facts {
    message::dsn_kind kind = message::dsn_kind::failure;
    base::message_id id;       ///< of the DSN
    std::string_view queue_id; ///< of the original, as text
    base::wall_time now;
    std::string_view hostname;
    std::string_view original; ///< octets to give back: the header section, or the content if returns_full()
};

/// `who` are indices of recipients: decision.named_in(facts.kind), with `about.state` = decision.state.
/// The report borrows from `about` and from the views in `facts`.
[[nodiscard]] message::dsn_report make_report(const queue::record& about, std::span<const std::uint32_t> who,
                                              const queue::retry_policy& policy, const report_facts& facts);

/// The same about recipients that are stranded: as a notice to the postmaster.
[[nodiscard]] message::dsn_report make_notice(const queue::record& about, std::span<const std::uint32_t> who,
                                              const queue::retry_policy& policy, const report_facts& facts,
                                              std::string_view postmaster);

/// How the DSN itself is stored: from <> to the original's sender, or to `recipient`, who is never to hear what became of it. Its
/// size is that of header section, empty line and body.
[[nodiscard]] queue::record record_of(const message::dsn& made, const queue::record& about, base::wall_time now,
                                      std::string_view recipient = {});

} // namespace postern::delivery
