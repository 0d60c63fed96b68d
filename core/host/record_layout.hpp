#pragma once
// Where the strings and lists of each ABI record are: one row a record. With it a record is copied whole without knowing its
// hook.

#include <postern/abi/core.h>

#include <cstddef>
#include <memory>
#include <memory_resource>

namespace postern::daemon {

/// An event with everything that it points to, for a plugin that works later or elsewhere. Movable only.
class owned_event {
public:
    /// Copies `event` and, by its hook, all its strings and lists. A hook without a layout is copied as a bare record.
    explicit owned_event(const postern_event& event);
    owned_event(owned_event&&) noexcept = default;
    owned_event& operator=(owned_event&& other) noexcept;
    ~owned_event(); ///< wipes what proves who somebody is

    [[nodiscard]] const postern_event& get() const noexcept { return *event_; }
    /// For who fills in what was not known when it was copied: scalars only.
    [[nodiscard]] postern_event& head() noexcept { return *event_; }
    /// What the copy takes, without what its memory comes in.
    [[nodiscard]] std::size_t octets() const noexcept { return octets_; }

private:
    std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_;
    postern_event* event_;
    std::size_t octets_ = 0;
};

} // namespace postern::daemon
