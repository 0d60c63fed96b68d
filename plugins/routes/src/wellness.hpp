#pragma once
// Which targets could not be reached when it was last tried: told by what became of deliveries, asked when one is to be chosen.
// It knows no clock. SECURITY: it remembers the table's targets alone, so nobody can make it grow.

#include "target.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace routes {

/// What delivery.done says of a next hop.
struct delivery_result {
    bool is_deferred = false;
    std::uint32_t smtp_code = 0; ///< 0: nobody said anything
    std::string_view enhanced;
};

/// Nobody was there, or not by TLS where that is needed, or who was there sent us away. What a next hop says about a message is
/// none of it: "try later" is for the same next hop.
[[nodiscard]] bool is_unreachable(const delivery_result& what) noexcept;

/// Threads: any.
class wellness {
public:
    using instant = std::chrono::steady_clock::time_point;

    /// Targets that there is no other one for are not to be known: see know().
    explicit wellness(std::chrono::nanoseconds down_for) : down_for_{down_for} {}
    void know(const std::string& name) { since_.emplace(name, instant::min()); }

    void note(std::string_view name, const delivery_result& what, instant now);
    /// The one of `in_turn`, which has one at least, that the message is to go to. At its first attempt a target that was not
    /// reached is left out for a while, and then tried again by one message. A later one never tries it before all others: it may
    /// be the message that found nobody there. When nobody is well, they come in turn, one an attempt.
    [[nodiscard]] const target& choose(const std::vector<const target*>& in_turn, std::uint32_t attempt, instant now);

private:
    [[nodiscard]] bool may_try(const target& what, std::uint32_t attempt, instant now);

    std::chrono::nanoseconds down_for_;
    std::mutex mutex_;
    std::map<std::string, instant, std::less<>> since_; ///< min: nothing is known against it
};

} // namespace routes
