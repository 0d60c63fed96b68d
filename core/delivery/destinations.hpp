#pragma once
// Who may deliver now: concurrency in total and to one destination, and a line in which the others wait. Pure accounting.

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

    /// Both limits at least 1.
    destinations(std::uint32_t total, std::uint32_t each) noexcept;

    /// True: the job may go at once, and release() is owed. False: it waits in line, and some release() will name it.
    [[nodiscard]] bool acquire(std::string_view destination, job who);
    /// A job has ended. Those that may go now, oldest first: each counts as acquired.
    [[nodiscard]] std::vector<job> release(std::string_view destination);
    /// Takes a waiting job out of the line; false if it does not wait there.
    [[nodiscard]] bool forget(std::string_view destination, job who);
    /// New limits (a reload). Those that may go now; running ones above a smaller limit finish undisturbed.
    [[nodiscard]] std::vector<job> limit(std::uint32_t total, std::uint32_t each);

    [[nodiscard]] std::uint32_t active() const noexcept { return active_; }
    [[nodiscard]] std::uint32_t active(std::string_view destination) const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    [[nodiscard]] std::size_t waiting(std::string_view destination) const noexcept;

private:
    struct place {
        std::uint64_t since; // order of arrival over all destinations
        job who;
    };
    struct line {
        std::uint32_t active = 0;
        std::deque<place> waiting;
    };
    using lines = std::map<std::string, line, std::less<>>;

    void note(lines::iterator which);
    void unnote(lines::const_iterator which);
    [[nodiscard]] std::vector<job> admit();

    std::uint32_t total_;
    std::uint32_t each_;
    std::uint32_t active_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t arrivals_ = 0;
    lines lines_;
    std::set<std::pair<std::uint64_t, std::string_view>> ready_; // heads of lines below their limit; views of lines_'s keys
};

} // namespace postern::delivery
