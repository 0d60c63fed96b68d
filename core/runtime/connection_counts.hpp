#pragma once
// How many connections are open, in all and from each address: the limits that no single thread can see.

#include "core/base/ip_address.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace postern::runtime {

/// Threads: any.
class connection_counts {
public:
    /// One counted connection; gives its place back when destroyed.
    class place {
    public:
        place(place&& other) noexcept : counts_{std::exchange(other.counts_, nullptr)}, address_{other.address_} {}
        place& operator=(place&&) = delete;
        ~place()
        {
            if (counts_ != nullptr)
                counts_->leave(address_);
        }

    private:
        friend class connection_counts;
        place(connection_counts& counts, const base::ip_address& address) noexcept : counts_{&counts}, address_{address} {}
        connection_counts* counts_;
        base::ip_address address_;
    };

    /// A place, unless `most` are open or `most_per_address` (0: no limit) from this address.
    [[nodiscard]] std::optional<place> enter(const base::ip_address& address, std::uint32_t most, std::uint32_t most_per_address)
    {
        const std::lock_guard lock{guard_};
        if (open_ >= most)
            return std::nullopt;
        auto& here = by_address_[address];
        if (most_per_address != 0 && here >= most_per_address)
            return std::nullopt; // an entry that is full is not a new one: nothing to undo
        ++here;
        ++open_;
        return place{*this, address};
    }
    /// A place is for somebody else than whoever it was taken for. False: `most_per_address` (0: no limit) are open from there,
    /// and the place is what it was.
    [[nodiscard]] bool move(place& which, const base::ip_address& to, std::uint32_t most_per_address)
    {
        const std::lock_guard lock{guard_};
        auto& there = by_address_[to];
        if (to == which.address_)
            return true;
        if (most_per_address != 0 && there >= most_per_address)
            return false;
        ++there;
        forget(which.address_);
        which.address_ = to;
        return true;
    }
    [[nodiscard]] std::uint64_t open() const
    {
        const std::lock_guard lock{guard_};
        return open_;
    }

private:
    void leave(const base::ip_address& address) noexcept
    {
        const std::lock_guard lock{guard_};
        --open_;
        forget(address);
    }
    void forget(const base::ip_address& address) noexcept
    {
        if (const auto found = by_address_.find(address); found != by_address_.end() && --found->second == 0)
            by_address_.erase(found);
    }

    mutable std::mutex guard_;
    std::uint64_t open_ = 0;
    std::unordered_map<base::ip_address, std::uint32_t> by_address_;
};

} // namespace postern::runtime
