#pragma once
// Destinations that could not be reached lately: they rest, longer each time. Others rest because somebody wants it. Pure
// accounting; the owner tells it what happened and what time it is, and sends somebody when a rest is over.

#include "core/base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::delivery {

/// How long; each failure doubles it up to `most`.
struct rest_times {
    std::chrono::milliseconds first = std::chrono::seconds{30};
    std::chrono::milliseconds most = std::chrono::minutes{15};
};

/// Threads: one. Names of destinations are those of route::text().
class resting_destinations {
public:
    explicit resting_destinations(std::size_t most = 100'000) noexcept : most_{most} {}

    /// Nobody there could be spoken to. Of deliveries that were under way together the first failure counts. Returns the one that
    /// was forgotten for it, where there are too many: nothing more is told of that.
    std::optional<std::string> failed(std::string_view destination, std::string why, base::instant now, const rest_times& times);
    /// It is let alone for that long, whoever answers there meanwhile. Of two times the later end counts. Returns as failed().
    std::optional<std::string> order(std::string_view destination, std::string why, base::instant now,
                                     std::chrono::milliseconds length);
    /// Somebody there answered. False: nothing else was known.
    bool reached(std::string_view destination, base::instant now);
    /// Whoever asks next for that one may try.
    void end(std::string_view destination, base::instant now);
    /// Whoever asks next may try, and what was before does not count (an operator's word).
    void end_all(base::instant now);

    /// It could not be reached the last time that anybody tried.
    [[nodiscard]] bool has_failed(std::string_view destination) const noexcept { return all_.find(destination) != all_.end(); }
    /// What was wrong, in words, if it rests now: valid until the next call. Else nothing.
    [[nodiscard]] std::optional<std::string_view> why_it_rests(std::string_view destination, base::instant now) const noexcept;

    /// When its rest is over, or was; nothing: it has not failed.
    [[nodiscard]] std::optional<base::instant> until(std::string_view destination) const noexcept
    {
        const auto at = all_.find(destination);
        return at == all_.end() ? std::nullopt : std::optional{at->second.until};
    }
    /// The first one behind that name that has failed.
    [[nodiscard]] std::optional<std::string_view> next_name(std::string_view after) const
    {
        const auto at = all_.upper_bound(after);
        return at == all_.end() ? std::nullopt : std::optional<std::string_view>{at->first};
    }
    /// Likewise, if somebody wants it to.
    [[nodiscard]] std::optional<std::string_view> why_it_is_let_alone(std::string_view destination,
                                                                      base::instant now) const noexcept;

    /// When the next rest is over that take_over() has not told of.
    [[nodiscard]] std::optional<base::instant> next_over() const noexcept;
    /// Those whose rest is over: each is told of once.
    [[nodiscard]] std::vector<std::string> take_over(base::instant now);

    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    struct entry {
        base::instant until;
        std::chrono::milliseconds length{0};
        std::string why;
        base::instant ordered{}; ///< until then somebody wants it to rest, and `why` is his
    };
    using entries = std::map<std::string, entry, std::less<>>;
    [[nodiscard]] entries::iterator find_or_add(std::string_view destination, std::optional<std::string>& forgotten);
    void last_until(entries::iterator which, base::instant until);
    void erase(entries::iterator which);

    std::size_t most_;
    entries all_;
    using ends = std::set<std::pair<base::instant, std::string_view>>; // views of all_'s keys
    ends ends_;                                                        // of rests that were not told of
    ends told_;
};

} // namespace postern::delivery
