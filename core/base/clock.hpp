#pragma once
// Time as a parameter. Nothing below io/ asks the system what time it is; it is told.

#include <chrono>

namespace postern::base {

/// A moment for deadlines inside one process (monotonic).
using instant = std::chrono::steady_clock::time_point;

/// A date that is stored or printed (UTC, milliseconds).
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Source of both. Threads: any.
class clock {
public:
    virtual ~clock() = default;
    [[nodiscard]] virtual instant now() const noexcept = 0;
    [[nodiscard]] virtual wall_time wall() const noexcept = 0;
};

/// The operating system's clocks.
class system_clock final : public clock {
public:
    [[nodiscard]] instant now() const noexcept override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] wall_time wall() const noexcept override
    {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

} // namespace postern::base
