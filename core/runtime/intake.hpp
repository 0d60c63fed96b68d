#pragma once
// From a finished transaction to a stored message that the delivery side knows of: a session's one door into the queue.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/metrics.hpp"
#include "core/hooks/draft.hpp"
#include "core/queue/record.hpp"
#include "core/queue/store.hpp"

#include <cstdint>
#include <string>

namespace postern::runtime {

class delivery_engine;

/// A draft as it goes into queue::store::commit, and then into the ledger.
struct sealed_message {
    base::message_id id;
    queue::record record;
    std::string envelope; ///< record.envelope, encoded
    std::string state;    ///< record.state, encoded
    std::string head;     ///< header section and empty line
};

/// Threads: any.
class intake {
public:
    intake(queue::store& store, delivery_engine& deliveries, const base::clock& clock, base::metrics& metrics)
        : store_{store}, deliveries_{deliveries}, clock_{clock}, accepted_{metrics.add_counter({"postern_messages_accepted_total",
                                                                                                "Messages that were stored"})}
    {
    }

    [[nodiscard]] queue::store& store() noexcept { return store_; }
    [[nodiscard]] sealed_message seal(const hooks::draft& message, const hooks::connection_facts& from, std::uint64_t body_size,
                                      bool body_has_8bit) const;
    /// The store keeps it: hand it to the delivery side.
    void stored(sealed_message message);
    /// Messages stored since start.
    [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_.value(); }

private:
    queue::store& store_;
    delivery_engine& deliveries_;
    const base::clock& clock_;
    base::counter& accepted_;
};

} // namespace postern::runtime
