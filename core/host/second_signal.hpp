#pragma once
// Whether another signal to end means "at once". Who is asked to end may be told so twice for one reason: timeout(1) signals its
// child and then the group of both, a terminal and a service manager may do so together. That is no impatience.

#include "core/base/clock.hpp"

#include <chrono>

namespace postern::daemon {

class second_signal {
public:
    static constexpr std::chrono::seconds grace{1};

    explicit second_signal(base::instant first) noexcept : first_{first} {}
    /// Whether one that comes now counts.
    [[nodiscard]] bool counts(base::instant now) const noexcept { return now - first_ >= grace; }

private:
    base::instant first_;
};

} // namespace postern::daemon
