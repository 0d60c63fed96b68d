#pragma once
// Who may deliver now: concurrency in total, concurrency and pace to one destination, and a line in which the others wait. Pure
// accounting.
//
// Nobody who is looking for a way takes the place of one who could deliver: where it is not known that a destination can be
// reached, one job goes ahead as its scout, and takes a place when it has found somebody there. Behind it they come by few at
// first: a destination that has just been reached may be a small one.

#include "core/base/clock.hpp"
#include "core/delivery/pace.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::delivery {

/// Threads: one. Names of destinations are those of route::text(). A job is the owner's number for one attempt.
/// Fair: of all that could go, the one that has waited longest goes; a destination at its limit holds up nobody else.
class destinations {
public:
    using job = std::uint64_t;

    struct limits {
        std::uint32_t total = 1;       ///< that deliver, at least 1; and of the scouts those who have just set out
        std::uint32_t each = 1;        ///< that deliver to one destination, at least 1
        std::uint32_t scouts = 10'000; ///< each of them has a socket
        pace rate = {};                ///< of those who begin to deliver to one destination
        std::uint32_t first = 5;       ///< at least 1: of `each`, when it has just been reached; widen() makes it more
    };
    /// What differs for one destination.
    struct rule {
        std::optional<std::uint32_t> each;
        std::optional<pace> rate;
    };
    using rules = std::map<std::string, rule, std::less<>>;
    enum class admission : std::uint8_t {
        wait, ///< in line; some later call will name it
        go,   ///< release() is owed
        scout ///< arrive() or give_up() is owed
    };
    struct called {
        job who;
        admission as; ///< go or scout
        bool operator==(const called&) const = default;
    };

    explicit destinations(limits of) noexcept;

    /// What time it is for the calls that follow. It does not go back.
    void it_is(base::instant now) noexcept { now_ = std::max(now_, now); }
    /// When tick() is due: somebody may go then for whom it is too soon now.
    [[nodiscard]] std::optional<base::instant> next_tick() const noexcept;
    /// `open`: gets destinations for which it was too soon, and where nobody waits in line.
    [[nodiscard]] std::vector<called> tick(std::vector<std::string>& open);
    /// Its pace lets nobody begin now.
    [[nodiscard]] bool is_too_soon(std::string_view destination) const noexcept;

    /// `is_known`: there is a way, for certain (a transport of this process).
    [[nodiscard]] admission acquire(std::string_view destination, job who, bool is_known = false);
    /// A job has ended. Those that may go now, oldest first: what they may do counts from now on.
    [[nodiscard]] std::vector<called> release(std::string_view destination);

    /// The scout has found somebody, and wants a place: it comes before all who wait in line, and may be named at once. From now
    /// on until the last one leaves nobody scouts there.
    [[nodiscard]] std::vector<called> arrive(std::string_view destination, job scout);
    /// The scout is under way for long, and holds up no other any more. Of one that is no longer its scout: nothing.
    [[nodiscard]] std::vector<called> tire(std::string_view destination, job scout);
    /// The scout has found nobody, and is gone: the next one that waits there is the next scout.
    [[nodiscard]] std::vector<called> give_up(std::string_view destination);
    /// A delivery there has come to an end that the peer told: there may be one more of them at the same time, up to the limit,
    /// so that their number doubles while all goes well. Those that may go now.
    [[nodiscard]] std::vector<called> widen(std::string_view destination);
    /// It could not be reached by those who have places: whoever comes next is a scout.
    void doubt(std::string_view destination);

    /// Takes a waiting job out of the line; false if it does not wait there.
    [[nodiscard]] bool forget(std::string_view destination, job who);
    /// New limits (a reload). Those that may go now; running ones above a smaller limit finish undisturbed.
    [[nodiscard]] std::vector<called> limit(limits of, rules own = {});

    /// What differs for one; nothing: no longer. Likewise.
    [[nodiscard]] std::vector<called> set_rule(std::string_view destination, const std::optional<rule>& what);

    [[nodiscard]] std::uint32_t active() const noexcept { return active_; }
    [[nodiscard]] std::uint32_t active(std::string_view destination) const noexcept;
    [[nodiscard]] std::uint32_t scouts() const noexcept { return scouts_; }
    [[nodiscard]] bool has_scout(std::string_view destination) const noexcept;
    /// Somebody delivers there, scouts or waits.
    [[nodiscard]] bool is_busy(std::string_view destination) const noexcept { return lines_.find(destination) != lines_.end(); }
    /// The first one behind that name at which somebody is busy.
    [[nodiscard]] std::optional<std::string_view> next_name(std::string_view after) const
    {
        const auto at = lines_.upper_bound(after);
        return at == lines_.end() ? std::nullopt : std::optional<std::string_view>{at->first};
    }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    [[nodiscard]] std::size_t waiting(std::string_view destination) const noexcept;

private:
    struct place {
        std::uint64_t since; // order of arrival over all destinations
        job who;
    };
    struct line {
        std::uint32_t active = 0;
        bool is_known = false;
        bool has_scout = false;
        bool is_scout_young = false;
        job scout = 0;
        std::uint32_t arrived = 0; // in arrived_
        std::uint32_t each = 1;
        std::uint32_t width = 0; // of `each`, so far
        pace rate;
        paced pacing;
        std::deque<place> waiting;
    };
    using lines = std::map<std::string, line, std::less<>>;
    using heads = std::set<std::pair<std::uint64_t, std::string_view>>; // views of lines_'s keys

    [[nodiscard]] static bool has_room(const line& at) noexcept { return at.active < at.each && at.active < at.width; }
    [[nodiscard]] bool has_room() const noexcept { return active_ < limits_.total; }
    [[nodiscard]] bool lets_scout() const noexcept;
    [[nodiscard]] bool is_soon(const line& which) const noexcept { return which.pacing.next() > now_; }
    void obey(lines::iterator which);
    void note(lines::iterator which);
    void unnote(lines::const_iterator which);
    void changed(lines::iterator which);
    void begin(lines::iterator which, job who, admission as);
    void end_scout(line& of) noexcept;
    [[nodiscard]] called call_head(lines::iterator which, admission as);
    [[nodiscard]] std::vector<called> admit();

    limits limits_;
    rules rules_;
    base::instant now_{};
    std::uint32_t active_ = 0;
    std::uint32_t scouts_ = 0;
    std::uint32_t young_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t arrivals_ = 0;
    lines lines_;
    heads ready_; // of lines that are known and below their limit
    std::set<std::pair<base::instant, std::string_view>>
        paced_;                                           // lines in which somebody waits for its time, or that last as long
    heads unscouted_;                                     // of lines that are not known and have no scout
    std::deque<std::pair<lines::iterator, job>> arrived_; // scouts that wait for a place
};

} // namespace postern::delivery
