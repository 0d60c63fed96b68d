#pragma once
// In which circumstances a run measures: how long, on which disk, and where its results go.

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace postern::bench {

/// What the disk does by itself, measured in the same run, in the folder for temporary files.
struct disk_figures {
    double sync_us = 0;           ///< median of an append of 4 KB and fdatasync
    double sync_p99_us = 0;       ///< of the same
    double octets_per_second = 0; ///< appended by 1 MB, each with fdatasync
};
/// Throws std::runtime_error if it cannot write there.
[[nodiscard]] disk_figures measure_disk();

struct setting {
    bool quick = false; ///< only whether everything works: no figure of such a run means anything
    disk_figures disk;
    std::filesystem::path results; ///< the folder of the JSON files

    [[nodiscard]] int rounds(int usual) const { return quick ? 1 : usual; }
    /// A tenth when quick, but one for each session at least.
    [[nodiscard]] unsigned messages(unsigned usual, unsigned sessions = 20) const
    {
        return quick ? std::max(usual / 10, sessions) : usual;
    }
};

/// A server accepted what it had not synced, counted wrong or changed a content: of what it does no figure is printed.
class dishonest : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// As many descriptors as the kernel lets us have; what is started later inherits them.
void raise_descriptor_limit();

} // namespace postern::bench
