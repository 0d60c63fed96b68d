#pragma once
// A descriptor of the system that closes itself unless taken.

#include <unistd.h>

#include <utility>

namespace postern::base {

/// Threads: one at a time. `value` below 0: none, and errno of the call that gave it stays as it is.
class descriptor {
public:
    explicit descriptor(int value) noexcept : value_{value} {}
    ~descriptor()
    {
        if (value_ >= 0)
            ::close(value_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    [[nodiscard]] int get() const noexcept { return value_; }
    [[nodiscard]] int take() noexcept { return std::exchange(value_, -1); }

private:
    int value_;
};

} // namespace postern::base
