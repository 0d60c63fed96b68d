#pragma once
// The index in memory of all messages of the queue: where each is in its life, and which is due next. Envelopes, replies and
// contents stay in the store; about 200 octets a message are kept here. Rebuilt from decoded records at start.
// It knows no store, no clock and no thread: the owner tells it what happened and what time it is.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/queue/life.hpp"
#include "core/queue/record.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

namespace postern::queue {

/// One line of the ledger.
struct ledger_entry {
    base::message_id id;
    base::wall_time received;
    base::wall_time next_attempt; ///< meaningful in queued and deferred
    std::uint64_t size = 0;       ///< octets of content
    std::uint32_t attempts = 0;
    std::uint32_t open = 0; ///< recipients still to be delivered
    life state = life::queued;
    std::int8_t priority = 0; ///< as stored_envelope has it

    bool operator==(const ledger_entry&) const = default;
};

/// What is to be done when an attempt has ended, because an operator asked for it meanwhile.
enum class wish : std::uint8_t { none, hold, remove };

/// Threads: one. Every operation is O(log n) but page and flush, which are linear in what they touch.
class ledger {
public:
    /// A message just made durable, or one found in the store at start: held if its state says so, deferred if it was tried
    /// before, else queued. False, changing nothing, for an id that is known or a message that is over.
    [[nodiscard]] bool add(base::message_id id, const record& what, base::wall_time now);

    /// When the next message is due; nothing if none waits.
    [[nodiscard]] std::optional<base::wall_time> next_due() const noexcept;
    /// Takes the message of the highest priority that is due at `now`, of several the one that has been due longest, and marks
    /// it as attempted; nothing if none is due.
    [[nodiscard]] std::optional<base::message_id> take_due(base::wall_time now);

    /// Ends of an attempt. Each returns what an operator wished meanwhile (the owner then stores the hold, or removes the
    /// message from the store); after `remove`, and after finish(), the message is no longer in the ledger.
    [[nodiscard]] wish defer(base::message_id id, base::wall_time next_attempt, std::uint32_t attempts, std::uint32_t open);
    /// `how`: deliver or bounce.
    void finish(base::message_id id, life_event how);
    /// The attempt did not take place (no route, the store failed, shutting down): due again at `at`, and not counted.
    [[nodiscard]] wish put_back(base::message_id id, base::wall_time at);

    /// An operator's wishes. False: no such message. One that is being attempted is held or removed when the attempt ends.
    [[nodiscard]] bool hold(base::message_id id);
    [[nodiscard]] bool release(base::message_id id,
                               base::wall_time now); ///< also takes back a wish to hold; true if it is not held
    [[nodiscard]] bool retry_now(base::message_id id, base::wall_time now); ///< a held message stays held
    [[nodiscard]] bool remove(base::message_id id);
    /// Makes every deferred message due; how many.
    std::size_t flush(base::wall_time now);
    /// Makes those due that were tried before and wait until after `latest`; how many. What was never tried waits on.
    std::size_t bring_forward(base::wall_time latest, base::wall_time now);

    [[nodiscard]] std::optional<ledger_entry> find(base::message_id id) const;
    /// Up to `limit` messages with ids above `after`, in the order of their ids (which is that of their arrival).
    [[nodiscard]] std::vector<ledger_entry> page(base::message_id after, std::size_t limit) const;
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::size_t count(life state) const noexcept;

private:
    struct slot {
        ledger_entry entry;
        wish wanted = wish::none;
        bool is_ready = false; ///< in ready_, else, if it waits, in due_
    };
    using slots = std::map<base::message_id, slot>;

    void change(slot& which, life_event event);
    void wait_until(slot& which, base::wall_time at);
    void stop_waiting(slot& which);
    [[nodiscard]] wish settle(slots::iterator which);
    void erase(slots::iterator which, life_event how);

    slots entries_;
    // Queued and deferred: those that wait for their time, all with 0 in front, and those whose time has come, by -priority. Of
    // one type, so that a line of a million moves from one to the other without memory.
    using line = std::set<std::tuple<int, base::wall_time, base::message_id>>;
    line due_;
    line ready_;
    std::size_t counts_[8] = {}; // by life
};

} // namespace postern::queue
