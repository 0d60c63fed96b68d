#pragma once
// What the control socket sends without being asked again: lines, as they come, until the client leaves.

#include <string>

namespace postern::daemon {

/// Threads: one.
class line_source {
public:
    virtual ~line_source() = default;
    /// Readable when take() has something.
    [[nodiscard]] virtual int descriptor() const noexcept = 0;
    /// Whole lines; empty: nothing is there just now.
    [[nodiscard]] virtual std::string take() = 0;
};

} // namespace postern::daemon
