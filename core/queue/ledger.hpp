#pragma once
// The index in memory of all messages of the queue: where each is in its life, which is due next, and for which destination it
// is. Envelopes, replies and contents stay in the store; about 230 octets a message are kept here. Rebuilt from decoded records
// at start.
// It knows no store, no clock and no thread, and not what is the matter with a destination: the owner tells it what happened and
// what time it is, and which destinations are closed.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/queue/life.hpp"
#include "core/queue/record.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
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

/// Threads: one. Every operation is O(log n) but page, flush and let_all_in, which are linear in what they touch.
///
/// A message whose destination is closed waits outside: nobody looks at it again, in the store or here, until its destination
/// lets it in or its time is up. Whatever else becomes of it ends that. Names of destinations are the owner's.
class ledger {
public:
    /// Whether the destination of a message that is due is closed to it: until when it waits outside, then, at the latest.
    using gate = std::function<std::optional<base::wall_time>(const ledger_entry&, std::string_view destination)>;

    /// A message just made durable, or one found in the store at start: held if its state says so, deferred if it was tried
    /// before, else queued. False, changing nothing, for an id that is known or a message that is over.
    /// `destination`: where all that is left of it goes; empty: nobody can tell before an attempt.
    [[nodiscard]] bool add(base::message_id id, const record& what, base::wall_time now, std::string_view destination = {});

    /// When the next message is due; nothing if none waits.
    [[nodiscard]] std::optional<base::wall_time> next_due() const noexcept;
    /// Takes the message of the highest priority that is due at `now`, of several the one that has been due longest, and marks
    /// it as attempted; nothing if none is due. Those that it meets whose destination is known to be closed it sends outside;
    /// where these are very many, nothing is returned although next_due() is over.
    [[nodiscard]] std::optional<base::message_id> take_due(base::wall_time now, const gate& closed = {});
    /// Takes one that is due there, although others have been due longer, but none that has less priority than these.
    [[nodiscard]] std::optional<base::message_id> take_due_at(std::string_view destination);

    /// A message that waits (be it that an attempt has just put it off) waits outside from now on, for that destination.
    void wait_outside(base::message_id id, std::string_view destination, base::wall_time until);
    /// Makes up to `most` of those due that wait outside of that destination, the longest first; how many.
    std::size_t let_in(std::string_view destination, std::size_t most, base::wall_time now);
    /// All, of every destination; how many.
    std::size_t let_all_in(base::wall_time now);
    /// The destination that this message waits outside of; empty: none. Valid until the next call.
    [[nodiscard]] std::string_view waits_for(base::message_id id) const noexcept;

    /// The first destination behind that name that messages are known to be for. Valid until the next call.
    [[nodiscard]] std::optional<std::string_view> next_destination(std::string_view after) const
    {
        const auto at = destinations_.upper_bound(after);
        return at == destinations_.end() ? std::nullopt : std::optional<std::string_view>{at->first};
    }
    /// How many are.
    [[nodiscard]] std::size_t count_for(std::string_view destination) const
    {
        const auto at = destinations_.find(destination);
        return at == destinations_.end() ? 0 : at->second.messages;
    }

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
    /// Makes every deferred message due, and all that wait outside; how many.
    std::size_t flush(base::wall_time now);
    /// Makes those due that were tried before and wait until after `latest`; how many. What was never tried waits on.
    std::size_t bring_forward(base::wall_time latest, base::wall_time now);

    [[nodiscard]] std::optional<ledger_entry> find(base::message_id id) const;
    /// Up to `limit` messages with ids above `after`, in the order of their ids (which is that of their arrival).
    [[nodiscard]] std::vector<ledger_entry> page(base::message_id after, std::size_t limit) const;
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::size_t count(life state) const noexcept;

private:
    enum class place : std::uint8_t {
        nowhere, ///< attempted or held
        due,     ///< in due_
        ready,   ///< in ready_, and in its destination's line
        outside  ///< in due_, and outside of its destination
    };
    struct lines_at;
    using named = std::pair<const std::string, lines_at>;
    struct slot : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        ledger_entry entry;
        wish wanted = wish::none;
        place at = place::nowhere;
        bool is_usual = false; ///< `to` is known from add(), and not only while it waits outside
        named* to = nullptr;
    };
    struct lines_at {
        using line = boost::intrusive::list<slot, boost::intrusive::constant_time_size<false>>;
        line ready;               // in the order in which their time came
        line outside;             // the longest first
        std::size_t messages = 0; // that lead here: without any it is forgotten
    };
    using slots = std::map<base::message_id, slot>;

    void change(slot& which, life_event event);
    void wait_until(slot& which, base::wall_time at);
    void make_ready(slot& which, base::wall_time since);
    void wait_outside(slot& which, base::wall_time until);
    void stop_waiting(slot& which);
    [[nodiscard]] wish settle(slots::iterator which);
    void erase(slots::iterator which, life_event how);
    void lead(slot& which, std::string_view destination);
    void leave(slot& which);
    void forget_if_empty(named& which);

    slots entries_;
    // Queued and deferred: those that wait for their time, all with 0 in front, and those whose time has come, by -priority. Of
    // one type, so that a line of a million moves from one to the other without memory.
    using line = std::set<std::tuple<int, base::wall_time, base::message_id>>;
    line due_;
    line ready_;
    std::map<std::string, lines_at, std::less<>> destinations_;
    std::size_t counts_[8] = {}; // by life
};

} // namespace postern::queue
