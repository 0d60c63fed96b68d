#include "core/host/file_watch.hpp"

#include <utility>

#include <sys/stat.h>

namespace postern::daemon {

namespace {

std::int64_t nanoseconds(const timespec& when) noexcept
{
    constexpr std::int64_t in_a_second = 1'000'000'000;
    return when.tv_sec * in_a_second + when.tv_nsec;
}

} // namespace

file_watch::file_watch(std::vector<std::filesystem::path> files) : files_{std::move(files)}
{
    for (const auto& each : files_)
        stamps_.push_back(look(each));
}

bool file_watch::have_changed()
{
    bool any = false;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        const auto now = look(files_[i]);
        any = any || now != stamps_[i];
        stamps_[i] = now;
    }
    return any;
}

file_watch::stamp file_watch::look(const std::filesystem::path& at) noexcept
{
    struct stat found {};
    if (::stat(at.c_str(), &found) != 0)
        return {};
    return {true, found.st_dev, found.st_ino, found.st_size, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

} // namespace postern::daemon
