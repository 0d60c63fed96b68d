#pragma once
// A clock that a test moves: both ways of looking at it go on together, and its date can be set as an operator or NTP would.

#include "core/base/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace postern::test {

/// Threads: any.
class manual_clock final : public base::clock {
public:
    [[nodiscard]] base::instant now() const noexcept override
    {
        return base::instant{std::chrono::hours{1}} + std::chrono::milliseconds{passed_.load()};
    }
    [[nodiscard]] base::wall_time wall() const noexcept override
    {
        return base::wall_time{std::chrono::milliseconds{1'700'000'000'000 + passed_.load() + wrong_by_.load()}};
    }

    /// Time passes.
    void pass(std::chrono::milliseconds time) { passed_ += time.count(); }
    void pass_until(base::wall_time when) { pass(when - wall()); }
    /// Somebody sets the date; no time passes.
    void step(std::chrono::milliseconds by) { wrong_by_ += by.count(); }

private:
    std::atomic<std::int64_t> passed_{0};
    std::atomic<std::int64_t> wrong_by_{0};
};

} // namespace postern::test
