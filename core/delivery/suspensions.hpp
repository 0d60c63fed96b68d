#pragma once
// Destinations that an operator wants nothing to go to for now. Values and pure questions; where they are kept is somebody
// else's.

#include "core/base/clock.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::delivery {

struct suspension {
    std::string why = {}; ///< one line; empty: nobody said
    base::wall_time since = {};
    std::optional<base::wall_time> until = {}; ///< over by itself then

    [[nodiscard]] bool holds(base::wall_time now) const noexcept { return !until || now < *until; }
    bool operator==(const suspension&) const = default;
};

/// By the names of route::text().
using suspensions = std::map<std::string, suspension, std::less<>>;

/// Of that destination, if it holds now; else null. Valid until `of` is changed.
[[nodiscard]] inline const suspension* suspension_of(const suspensions& of, std::string_view destination, base::wall_time now)
{
    const auto found = of.find(destination);
    return found == of.end() || !found->second.holds(now) ? nullptr : &found->second;
}

/// When the next one is over by itself.
[[nodiscard]] inline std::optional<base::wall_time> next_end(const suspensions& of)
{
    std::optional<base::wall_time> next;
    for (const auto& [name, one] : of)
        if (one.until)
            next = next ? std::min(*next, *one.until) : *one.until;
    return next;
}

/// Takes out those that are over; their names.
[[nodiscard]] inline std::vector<std::string> take_ended(suspensions& of, base::wall_time now)
{
    std::vector<std::string> ended;
    for (auto at = of.begin(); at != of.end();)
        if (at->second.holds(now)) {
            ++at;
        } else {
            ended.push_back(at->first);
            at = of.erase(at);
        }
    return ended;
}

} // namespace postern::delivery
