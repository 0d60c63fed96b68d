#pragma once
// How many in how much time, evenly spaced: "600/1m" is one each 100 ms.

#include "core/base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace postern::delivery {

struct pace {
    std::uint32_t count = 0; ///< 0: as fast as it goes
    std::chrono::milliseconds per{0};

    [[nodiscard]] bool is_set() const noexcept { return count > 0 && per.count() > 0; }
    bool operator==(const pace&) const = default;
};

/// Where one who keeps to a pace stands.
class paced {
public:
    /// When the next one may go, at the earliest.
    [[nodiscard]] base::instant next() const noexcept { return next_; }
    void go(const pace& by, base::instant now) noexcept
    {
        if (by.is_set())
            next_ = std::max(next_, now) + std::chrono::duration_cast<base::instant::duration>(by.per) / by.count;
    }

private:
    base::instant next_{};
};

} // namespace postern::delivery
