#pragma once
// Read access to octets that are spooled or stored: how a plugin reads a whole message.

#include <cstddef>
#include <cstdint>

namespace postern::base {

/// Threads: any; several may read at the same time. May block on a disk.
class blob_source {
public:
    virtual ~blob_source() = default;
    /// What the octets are made of may have changed: show that from now on. Called while nobody reads.
    virtual void refresh() {}
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
    /// Up to `length` octets from `offset` into `to`; the count, 0 at the end, or -1 on a failure that the log tells.
    [[nodiscard]] virtual std::int64_t read(std::uint64_t offset, char* to, std::size_t length) noexcept = 0;
};

} // namespace postern::base
