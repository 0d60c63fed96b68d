#include "tests/bench/setting.hpp"

#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace postern::bench {
namespace {

using clock = std::chrono::steady_clock;

/// Microseconds of each append of `size` octets and its fdatasync, sorted.
[[nodiscard]] std::vector<double> synced_appends(const std::filesystem::path& file, std::size_t size, int times)
{
    const test::descriptor out{::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    const std::string block(size, 'x');
    std::vector<double> took;
    for (int i = 0; i < times; ++i) {
        const auto begin = clock::now();
        if (::write(out.number(), block.data(), block.size()) != static_cast<ssize_t>(size) || ::fdatasync(out.number()) != 0)
            throw std::runtime_error{"the disk below " + file.parent_path().string() + " takes nothing"};
        took.push_back(std::chrono::duration<double, std::micro>{clock::now() - begin}.count());
    }
    std::sort(took.begin(), took.end());
    return took;
}

} // namespace

disk_figures measure_disk()
{
    constexpr std::size_t small = 4096;
    constexpr std::size_t large = 1'000'000;
    const test::temporary_folder folder;
    const auto syncs = synced_appends(folder / "small", small, 500);
    const auto writes = synced_appends(folder / "large", large, 100);
    return {.sync_us = syncs[syncs.size() / 2],
            .sync_p99_us = syncs[syncs.size() * 99 / 100],
            .octets_per_second = large * 1e6 / writes[writes.size() / 2]};
}

void raise_descriptor_limit()
{
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

} // namespace postern::bench
