#pragma once
// What each destination said last, of those that were heard from lately: for whoever asks what is wrong there.
// SECURITY: whoever invents destinations has no more of this memory than `most` of them.

#include "core/base/clock.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postern::delivery {

/// Threads: one.
class last_replies {
public:
    struct reply {
        base::wall_time at;
        std::string text;
    };

    explicit last_replies(std::size_t most = 10'000) noexcept : most_{most} {}

    void heard(const std::string& destination, std::string text, base::wall_time now)
    {
        auto at = all_.find(destination);
        if (at == all_.end()) {
            if (all_.size() >= most_) {
                all_.erase(order_.front());
                order_.pop_front();
            }
            at = all_.try_emplace(destination).first;
            at->second.place = order_.insert(order_.end(), at);
        } else {
            order_.splice(order_.end(), order_, at->second.place);
        }
        at->second.what = {now, std::move(text)};
    }

    /// Null: nothing, or too long ago. Valid until the next call of heard().
    [[nodiscard]] const reply* of(std::string_view destination) const noexcept
    {
        const auto at = all_.find(destination);
        return at == all_.end() ? nullptr : &at->second.what;
    }
    /// The first destination behind that name.
    [[nodiscard]] std::optional<std::string_view> next_name(std::string_view after) const
    {
        const auto at = all_.upper_bound(after);
        return at == all_.end() ? std::nullopt : std::optional<std::string_view>{at->first};
    }
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    struct entry;
    using entries = std::map<std::string, entry, std::less<>>;
    using order = std::list<entries::iterator>; // the one that was heard from last at the end
    struct entry {
        reply what;
        order::iterator place;
    };

    std::size_t most_;
    entries all_;
    order order_;
};

} // namespace postern::delivery
