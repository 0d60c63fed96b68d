#include "tests/bench/usage.hpp"

#include "tests/bench/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace postern::bench {
namespace {

constexpr double full = 0.9; // from which share on somebody is at his limit: begin and end of a run are not full

/// Where temporary folders are made.
[[nodiscard]] std::string temporary_place()
{
    const char* given = std::getenv("TMPDIR");
    return given != nullptr ? given : "/tmp";
}

} // namespace

machine_watch::counts machine_watch::now()
{
    counts all;
    std::ifstream stat{"/proc/stat"};
    std::string word;
    stat >> word;
    constexpr int idle = 3; // idle and iowait of proc(5)
    constexpr int waiting = 4;
    constexpr int kinds = 8; // what follows is part of the first ones
    for (int kind = 0; kind < kinds; ++kind) {
        double ticks = 0;
        stat >> ticks;
        all.all += ticks;
        all.busy += kind == idle || kind == waiting ? 0 : ticks;
    }
    struct stat where {};
    if (::stat(temporary_place().c_str(), &where) != 0)
        return all;
    // iostats.rst of the kernel: behind numbers and name, the 10th is milliseconds with I/O, the 16th flushes.
    constexpr std::size_t with_io = 9;
    constexpr std::size_t flushes = 15;
    std::ifstream disks{"/proc/diskstats"};
    for (std::string line; std::getline(disks, line);) {
        std::istringstream in{line};
        unsigned high = 0;
        unsigned low = 0;
        std::string name;
        in >> high >> low >> name;
        if (high != major(where.st_dev) || low != minor(where.st_dev))
            continue;
        std::array<double, 17> fields{};
        for (auto& each : fields)
            in >> each;
        all.disk_ms = fields[with_io];
        all.disk_flushes = fields[flushes];
    }
    return all;
}

machine_watch::machine_watch(double sync_us) : sync_us_{sync_us} {}

void machine_watch::read(usage& to) const
{
    const auto last = now();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin_;
    if (last.all > first_.all)
        to.machine = (last.busy - first_.busy) / (last.all - first_.all);
    const double with_io = (last.disk_ms - first_.disk_ms) / 1e3;
    const double syncing = (last.disk_flushes - first_.disk_flushes) * sync_us_ / 1e6;
    to.disk = std::min(1.0, std::max(with_io, syncing) / took.count());
}

std::string bottleneck_of(const std::vector<usage>& rounds)
{
    if (rounds.empty())
        return {};
    const auto median_of = [&](double usage::*what) {
        std::vector<double> values;
        for (const auto& each : rounds)
            values.push_back(each.*what);
        return median(values);
    };
    struct share {
        std::string_view name;
        double value;
    };
    std::array shares{share{"generator", median_of(&usage::generator)}, share{"server", median_of(&usage::server)},
                      share{"disk", median_of(&usage::disk)}, share{"next hop", median_of(&usage::next_hop)}};
    const auto percent = [](const share& one) { return fmt::format("{} {:.0f} %", one.name, 100 * one.value); };
    const auto most =
        *std::max_element(shares.begin(), shares.end(), [](const share& a, const share& b) { return a.value < b.value; });
    if (most.value >= full)
        return percent(most);
    const share machine{"all cores", median_of(&usage::machine)};
    if (machine.value >= full)
        return percent(machine);
    auto all = fmt::format("waits ({}, {}, {}", percent(shares[0]), percent(shares[1]), percent(shares[2]));
    if (shares[3].value > 0)
        all += ", " + percent(shares[3]);
    return all + ")";
}

} // namespace postern::bench
