#pragma once
// The current generation of the configuration, where sessions and attempts find it when they begin.

#include "core/runtime/server.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace postern::runtime {

/// Threads: any.
class published {
public:
    explicit published(std::shared_ptr<const generation> first) : current_{std::move(first)} {}

    [[nodiscard]] std::shared_ptr<const generation> load() const
    {
        const std::lock_guard lock{guard_};
        return current_;
    }
    void store(std::shared_ptr<const generation> next)
    {
        const std::lock_guard lock{guard_};
        current_.swap(next); // the old one is released outside the lock, with the argument
    }

private:
    mutable std::mutex guard_;
    std::shared_ptr<const generation> current_;
};

} // namespace postern::runtime
