#pragma once
// Takes tokens from buckets in the store, all or none, against whoever else does. It must not know why.
//
// First all are looked at; if a rule refuses, nothing is taken from any. Then all are taken by compare-and-swap in one request,
// each with a look behind it; what another session or node was faster at is tried again with what that look found. When one is
// empty meanwhile, what was taken from others is given back. SECURITY: an attempt makes at most two requests in each of
// most_rounds, and as many to give back, however many race with it.

#include "charges.hpp"

#include <postern/plugin.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace rate_limit {

/// A rule whose bucket has not enough.
struct shortage {
    charge what;
    nanoseconds wait{0};      ///< until it has
    bool is_for_ever = false; ///< it never holds so many
};

class ledger {
public:
    static constexpr unsigned most_rounds = 14;

    /// `seed` differs between nodes and starts; `conflicts` counts rounds that were lost to others.
    ledger(const postern::host& host, std::uint64_t seed, postern::counter conflicts) noexcept
        : host_{host}, seed_{seed}, conflicts_{conflicts}
    {
    }

    /// The shortages, in the order of the charges. One of a rule that refuses: nothing was taken. Throws postern::kv_error.
    [[nodiscard]] postern::task<std::vector<shortage>> take(std::vector<charge> charges);
    /// The same, and takes nothing in any case.
    [[nodiscard]] postern::task<std::vector<shortage>> look(std::vector<charge> charges);

private:
    class attempt;

    /// Reads all buckets that are not done with.
    [[nodiscard]] postern::task<> look_at(attempt& what);
    /// From the third round on a pause, and another look: what was seen before it is old.
    [[nodiscard]] postern::task<> make_way(attempt& what, unsigned round);
    /// One request for all buckets that are open; the status of the store if it was not done.
    [[nodiscard]] postern::task<std::optional<postern::kv_status>> try_once(attempt& what);
    /// Undoes what was taken and is not kept, and writes anew what is adrift. As well as it goes: what fails stays as it is.
    [[nodiscard]] postern::task<> clean_up(attempt& what);
    [[nodiscard]] std::uint64_t next_tag() noexcept;
    /// Longer and longer, and never the same for two who race.
    [[nodiscard]] nanoseconds pause_before(unsigned round) noexcept;

    postern::host host_;
    std::uint64_t seed_;
    std::atomic<std::uint64_t> count_{0};
    postern::counter conflicts_;
};

} // namespace rate_limit
