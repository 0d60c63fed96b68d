#pragma once
// A value that is mostly absent, so that its absence costs a pointer and not its size: sessions have many of those, and there are
// many idle sessions. Otherwise like std::optional. It must not know what it holds.

#include <memory>
#include <utility>

namespace postern::base {

/// Copies copy the value. Empty after it was moved from. Memory: one allocation while there is a value.
template <class T>
class rare {
public:
    rare() = default;
    rare(T value) : held_{std::make_unique<T>(std::move(value))} {} // NOLINT(google-explicit-constructor): as an optional has it
    rare(const rare& other) : held_{other.held_ ? std::make_unique<T>(*other.held_) : nullptr} {}
    rare(rare&&) noexcept = default;
    rare& operator=(const rare& other)
    {
        if (this != &other)
            held_ = other.held_ ? std::make_unique<T>(*other.held_) : nullptr;
        return *this;
    }
    rare& operator=(rare&&) noexcept = default;
    ~rare() = default;

    [[nodiscard]] explicit operator bool() const noexcept { return held_ != nullptr; }
    [[nodiscard]] bool has_value() const noexcept { return held_ != nullptr; }
    [[nodiscard]] T* operator->() noexcept { return held_.get(); }
    [[nodiscard]] const T* operator->() const noexcept { return held_.get(); }
    [[nodiscard]] T& operator*() noexcept { return *held_; }
    [[nodiscard]] const T& operator*() const noexcept { return *held_; }
    void reset() noexcept { held_.reset(); }

private:
    std::unique_ptr<T> held_;
};

} // namespace postern::base
