#pragma once
// How one plugin instance is doing: a circuit breaker and the times of its answers, for each hook. All its links share one,
// whatever the listener or thread.

#include "core/base/metrics.hpp"
#include "core/hooks/breaker.hpp"
#include "core/hooks/hook_point.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace postern::hooks {

/// A breaker a hook, not one for all: a plugin that has lost its backend may still answer at once where it needs none, and such
/// answers must neither close the breaker nor keep it from opening.
class vitals {
public:
    explicit vitals(breaker_rule rule) noexcept : vitals{rule, std::make_index_sequence<hook_point_count>{}} {}
    vitals(const vitals&) = delete;
    vitals& operator=(const vitals&) = delete;

    /// Its answers at `hook` are timed from now on. Before the first is asked.
    void time(hook_point hook, base::histogram& into) noexcept { times_[index(hook)] = &into; }

    [[nodiscard]] breaker& breaker_at(hook_point hook) noexcept { return breakers_[index(hook)]; }
    [[nodiscard]] const breaker_rule& rule() const noexcept { return breakers_.front().rule(); }
    /// Null: nobody counts.
    [[nodiscard]] base::histogram* times_at(hook_point hook) const noexcept { return times_[index(hook)]; }

    std::shared_ptr<base::metrics> registry; ///< of the histograms, kept alive; null: whoever made this keeps it

private:
    template <std::size_t... hooks>
    vitals(breaker_rule rule, std::index_sequence<hooks...>) noexcept : breakers_{((void)hooks, breaker{rule})...}
    {
    }
    [[nodiscard]] static constexpr std::size_t index(hook_point hook) noexcept { return static_cast<std::size_t>(hook); }

    std::array<breaker, hook_point_count> breakers_;
    std::array<base::histogram*, hook_point_count> times_{};
};

} // namespace postern::hooks
