#pragma once
// What limited a run, measured and not guessed: how busy the generator, the server, the next hop, all cores and the disk were
// while it ran.

#include <chrono>
#include <string>
#include <vector>

namespace postern::bench {

/// Shares of the time of a run.
struct usage {
    double generator = 0; ///< of the cores that the generator can have: mostly one
    double server = 0;    ///< of the cores that the server can have
    double next_hop = 0;  ///< of its one core; 0: there is none
    double machine = 0;   ///< of all cores, other programs' share included
    double disk = 0;      ///< in which the disk below the folder for temporary files had something to do, or synced
};

/// Figures of the whole machine between its construction and a later moment. Threads: any, one at a time.
class machine_watch {
public:
    /// `sync_us`: of one sync of that disk; each flush that the kernel counts is taken to last that long.
    explicit machine_watch(double sync_us);
    /// Adds the machine's and the disk's shares. The disk of a kernel that counts nothing is 0.
    void read(usage& to) const;

private:
    struct counts {
        double busy = 0, all = 0;             ///< clock ticks of all cores
        double disk_ms = 0, disk_flushes = 0; ///< of the disk
    };
    [[nodiscard]] static counts now();

    double sync_us_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    counts first_ = now();
};

/// "generator 98 %", or who else was at his limit; "waits (..)" with all shares where nobody was. Medians of the rounds.
[[nodiscard]] std::string bottleneck_of(const std::vector<usage>& rounds);

} // namespace postern::bench
