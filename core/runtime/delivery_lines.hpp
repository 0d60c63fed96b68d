#pragma once
// Who delivers where, now: the lines for destinations with their coroutines, and the destinations that rest. What is decided is
// delivery/destinations.hpp's and delivery/resting.hpp's; this waits and wakes. Messages that wait outside of a destination are
// the ledger's; here it is known when some of them may come in.

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/result.hpp"
#include "core/delivery/destinations.hpp"
#include "core/delivery/last_replies.hpp"
#include "core/delivery/resting.hpp"
#include "core/delivery/settings.hpp"
#include "core/delivery/suspensions.hpp"
#include "core/io/loop.hpp"
#include "core/queue/ledger.hpp"
#include "core/runtime/destination_item.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::runtime {

/// Threads: its loop's. It outlives its places.
class delivery_lines {
    using job = delivery::destinations::job;
    using admission = delivery::destinations::admission;

public:
    /// A job's standing at a destination, as a scout or among those who deliver; it is left when this goes.
    class place {
    public:
        place(place&& other) noexcept
            : lines_{std::exchange(other.lines_, nullptr)}, name_{std::move(other.name_)}, who_{other.who_}, as_{other.as_}
        {
        }
        place& operator=(place&&) = delete;
        ~place()
        {
            if (lines_ != nullptr)
                lines_->leave(*this);
        }

        /// It is still looking for a way, and takes nobody's place meanwhile.
        [[nodiscard]] bool is_scout() const noexcept { return as_ == admission::scout; }
        /// A scout has found somebody: returns when it may deliver. False: the server is going away.
        [[nodiscard]] io::task<bool> arrive();

    private:
        friend class delivery_lines;
        place(delivery_lines& of, std::string name, job who, admission as)
            : lines_{&of}, name_{std::move(name)}, who_{who}, as_{as}
        {
        }
        delivery_lines* lines_;
        std::string name_;
        job who_;
        admission as_;
    };

    /// What came of enter().
    struct entry {
        std::optional<place> at;
        bool is_full = false; ///< without `at`: the message waits outside; else the server is going away
    };
    struct manner {
        bool has_others = false; ///< there are other destinations: the line of this one must not take all the room of attempts
        bool is_known = false;   ///< there is a way for certain
    };

    /// Lets so many of those in who wait outside of a destination, if there are so many.
    using let_in = std::function<void(std::string_view destination, std::size_t most)>;

    delivery_lines(io::loop& home, base::log log, const base::clock& clock, let_in opens);

    /// At least once, and at each reload.
    void limit(const delivery::settings& settings, std::chrono::milliseconds first_retry);
    [[nodiscard]] io::task<entry> enter(std::string destination, manner how);
    /// Nobody waits any more, and nobody enters.
    void stop();

    /// Who would go there now would not get in: it rests, is being looked for, or has a long line.
    [[nodiscard]] bool is_closed(std::string_view destination);
    /// Why nobody is to go there now; nothing: go. `is_urgent`: somebody knows that it can be reached.
    [[nodiscard]] std::optional<std::string> why_not(std::string_view destination, bool is_urgent = false) const;
    /// Nobody there could be spoken to.
    void unreachable(const std::string& destination, const std::string& why);
    /// Somebody there could be spoken to. `has_answered`: and a transaction has come to an end that the peer told.
    void reached(const std::string& destination, bool has_answered);
    /// Nobody goes there for that time, however urgent it is.
    void rest(const std::string& destination, const std::string& why, std::chrono::milliseconds time);
    /// That is over, whoever wanted it.
    void end_rest(const std::string& destination);
    /// What holds there in place of the configuration's, until the next limit(); nothing: that of the configuration again.
    void rule(const std::string& destination, std::optional<delivery::destinations::rule> what);
    struct load {
        std::uint32_t active = 0;  ///< transactions there
        std::uint32_t waiting = 0; ///< in line for it
        std::uint32_t active_all = 0;
    };
    [[nodiscard]] load load_of(std::string_view destination) const;
    /// What came of a recipient there, for who asks.
    void heard(const std::string& destination, std::string text);

    /// All that an operator wants suspended, in place of what was before.
    void suspend(delivery::suspensions all);
    /// Up to `limit` destinations with names behind `after`, in the order of their names: of those at which somebody is busy or
    /// waits, which rest, are suspended, or were heard from lately. O(limit), whatever there is.
    [[nodiscard]] std::vector<destination_item> list(std::string_view after, std::size_t limit, const queue::ledger& queued);
    /// The same by the word of a plugin, which the log has.
    void let_alone(const std::string& destination, std::chrono::milliseconds length, const std::string& why,
                   std::string_view plugin);
    [[nodiscard]] bool is_let_alone(std::string_view destination) const;
    /// All that rest are tried again, by one each.
    void end_rests();
    /// Whoever has others to go to is not let in now.
    [[nodiscard]] bool has_no_room(std::string_view destination);
    /// One waits outside from now on.
    void has_outside(const std::string& destination);

private:
    /// A coroutine that waits in line.
    struct waiter {
        io::timer* bell;
        std::optional<admission> called;
    };
    struct young_scout {
        base::instant until;
        std::string name;
        job who;
    };

    [[nodiscard]] io::task<std::optional<admission>> wait(job who, const std::vector<delivery::destinations::called>& now);
    [[nodiscard]] delivery::destinations& destinations();
    void call(const std::vector<delivery::destinations::called>& who);
    void leave(const place& which);
    void set_out(const std::string& destination, job who);
    void watch_young();
    void watch_paces();
    void watch_rests();
    void watch_suspensions();
    [[nodiscard]] destination_item describe(std::string name, const queue::ledger& queued);

    io::loop& home_;
    base::log log_;
    const base::clock& clock_;
    let_in let_in_;
    delivery::destinations destinations_{{}};
    delivery::resting_destinations resting_;
    delivery::rest_times rest_times_;
    std::map<std::string, std::string, std::less<>> suspended_; // by the configuration, and why
    delivery::destinations::rules configured_;
    delivery::suspensions operators_;
    delivery::last_replies replies_;
    std::uint32_t each_ = 1;
    job jobs_ = 0;
    std::map<job, waiter*> waiting_;
    std::deque<young_scout> young_;
    io::timer youth_over_;
    io::timer rest_over_;
    io::timer pace_over_;
    io::timer suspension_over_;
    std::optional<base::instant> pace_watched_; // by pace_over_
    bool stopping_ = false;
};

} // namespace postern::runtime
