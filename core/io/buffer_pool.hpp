#pragma once
// Receive buffers of one thread. An idle connection holds none: it waits for readability, then borrows one.

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace postern::io {

/// Threads: one.
class buffer_pool {
public:
    static constexpr std::size_t buffer_size = std::size_t{64} << 10U; ///< octets
    static constexpr std::size_t kept = 64;                            ///< buffers kept for reuse; more are freed

    /// A borrowed buffer; goes back when destroyed or reset. The pool outlives it.
    class buffer {
    public:
        buffer() = default;
        buffer(buffer&& other) noexcept : pool_{std::exchange(other.pool_, nullptr)}, octets_{std::move(other.octets_)} {}
        buffer& operator=(buffer&& other) noexcept
        {
            reset();
            pool_ = std::exchange(other.pool_, nullptr);
            octets_ = std::move(other.octets_);
            return *this;
        }
        ~buffer() { reset(); }

        [[nodiscard]] char* data() const noexcept { return octets_.get(); }
        [[nodiscard]] explicit operator bool() const noexcept { return octets_ != nullptr; }
        void reset() noexcept
        {
            if (octets_ && pool_->free_.size() < kept)
                pool_->free_.push_back(std::move(octets_)); // capacity reserved: cannot throw
            octets_.reset();
        }

    private:
        friend class buffer_pool;
        buffer(buffer_pool& pool, std::unique_ptr<char[]> octets) noexcept : pool_{&pool}, octets_{std::move(octets)} {}
        buffer_pool* pool_ = nullptr;
        std::unique_ptr<char[]> octets_;
    };

    buffer_pool() { free_.reserve(kept); }

    [[nodiscard]] buffer borrow()
    {
        if (free_.empty())
            return {*this, std::unique_ptr<char[]>{new char[buffer_size]}}; // not zeroed: recv fills it
        auto octets = std::move(free_.back());
        free_.pop_back();
        return {*this, std::move(octets)};
    }

private:
    std::vector<std::unique_ptr<char[]>> free_;
};

} // namespace postern::io
