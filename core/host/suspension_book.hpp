#pragma once
// What an operator has suspended, in a file of data_dir, so that it outlives restarts: written whole and anew at each change, and
// on the disk before the change counts. It knows no server.
// Threads: one at a time.

#include "core/base/clock.hpp"
#include "core/delivery/suspensions.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postern::daemon {

inline constexpr const char* suspension_file = "suspended.json"; ///< under data_dir

class suspension_book {
public:
    explicit suspension_book(std::filesystem::path file) : file_{std::move(file)} {}

    /// Reads the file; none is an empty one. Empty, or why it cannot be used: then nobody knows where mail must not go.
    [[nodiscard]] std::string load();
    /// What holds at `now`.
    [[nodiscard]] delivery::suspensions all(base::wall_time now) const;

    /// From now on, in place of what was said of that destination before. `destination`: as the log names it; its name as it
    /// counts comes back in it. Empty, or why not: then nothing has changed.
    [[nodiscard]] std::string suspend(std::string& destination, std::string_view why,
                                      std::optional<std::chrono::milliseconds> how_long, base::wall_time now);
    /// Likewise.
    [[nodiscard]] std::string resume(std::string& destination, base::wall_time now);

private:
    [[nodiscard]] std::string keep(delivery::suspensions next, base::wall_time now);

    std::filesystem::path file_;
    delivery::suspensions all_;
};

} // namespace postern::daemon
