#pragma once
// Whether files are still what they were when somebody looked last. It must not know what is in them.
// Files are looked at by name: one that was renamed over, or that a symbolic link leads elsewhere to, has changed.

#include <cstdint>
#include <filesystem>
#include <vector>

namespace postern::daemon {

/// Threads: one at a time.
class file_watch {
public:
    file_watch() = default;
    /// As the files are now: to be made before they are read, so that a change meanwhile is seen.
    explicit file_watch(std::vector<std::filesystem::path> files);

    /// Since it was made, or since the last call.
    [[nodiscard]] bool have_changed();

private:
    struct stamp {
        bool is_there = false;
        std::uint64_t device = 0;
        std::uint64_t number = 0;
        std::int64_t size = 0;
        std::int64_t written_ns = 0; ///< and changed_ns: a file that is written over keeps its number
        std::int64_t changed_ns = 0;

        bool operator==(const stamp&) const = default;
    };
    [[nodiscard]] static stamp look(const std::filesystem::path& at) noexcept;

    std::vector<std::filesystem::path> files_;
    std::vector<stamp> stamps_;
};

} // namespace postern::daemon
