#pragma once
// A file descriptor that is closed with its owner. It must not know what it is of.

#include <utility>

#include <unistd.h>

namespace auth_file {

class owned_descriptor {
public:
    /// Negative: there is none.
    explicit owned_descriptor(int number = -1) noexcept : number_{number} {}
    owned_descriptor(owned_descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    owned_descriptor& operator=(owned_descriptor&& other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    ~owned_descriptor()
    {
        if (number_ >= 0)
            ::close(number_);
    }
    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_;
};

} // namespace auth_file
