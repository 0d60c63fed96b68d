#include "core/host/plugin_image.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#ifndef MFD_EXEC // Linux 6.3
#define MFD_EXEC 0x0010U
#endif

namespace postern::daemon {
namespace {

constexpr std::size_t longest_name = 200; // memfd_create takes 249
constexpr off_t largest_file = off_t{1} << 30U;

std::string what_failed(const char* what)
{
    return fmt::format("{}: {}", what, std::generic_category().message(errno));
}

int new_copy(const std::string& name) noexcept
{
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    const auto short_name = name.substr(0, longest_name);
    const int copy = ::memfd_create(short_name.c_str(), flags | MFD_EXEC);
    return copy < 0 && errno == EINVAL ? ::memfd_create(short_name.c_str(), flags) : copy;
}

constexpr const char* changed = "changed while it was being read; try again";

/// Empty: exactly `size` octets were copied.
std::string copy_octets(int from, int to, off_t size)
{
    constexpr const char* what = "cannot be copied into memory";
    char piece[16384];
    for (off_t at = 0; at < size;) {
        const auto got = ::pread(from, piece, sizeof piece, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? changed : what_failed(what);
        for (ssize_t done = 0; done < got;) {
            const auto put = ::pwrite(to, piece + done, static_cast<std::size_t>(got - done), at + done);
            if (put <= 0 && errno != EINTR)
                return what_failed(what);
            done += std::max<ssize_t>(put, 0);
        }
        at += got;
    }
    return {};
}

bool is_same_moment(const timespec& a, const timespec& b) noexcept
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

} // namespace

bool seal(int memory, const std::function<void()>& between)
{
    constexpr int attempts = 20;
    for (int left = attempts;; between()) {
        if (::fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
            return true;
        if (errno != EBUSY || --left == 0)
            return false;
    }
}

std::optional<plugin_image> plugin_image::copy_of(int file, const std::string& name, std::string& why)
{
    struct stat before {};
    struct statvfs around {};
    if (::fstat(file, &before) != 0 || ::fstatvfs(file, &around) != 0) {
        why = what_failed("cannot be examined");
        return std::nullopt;
    }
    if ((around.f_flag & ST_NOEXEC) != 0) { // the copy would get around what the operator has forbidden
        why = "is on a file system that is mounted noexec";
        return std::nullopt;
    }
    if (before.st_size > largest_file) {
        why = "is too large for a plugin";
        return std::nullopt;
    }
    const int copy = new_copy(name);
    if (copy < 0) {
        why = what_failed("cannot be copied into memory (memfd_create)");
        return std::nullopt;
    }
    plugin_image made{copy, nullptr, 0};
    if (why = copy_octets(file, copy, before.st_size); !why.empty())
        return std::nullopt;
    struct stat after {};
    if (::fstat(file, &after) != 0 || after.st_size != before.st_size || !is_same_moment(after.st_mtim, before.st_mtim) ||
        !is_same_moment(after.st_ctim, before.st_ctim)) {
        why = changed;
        return std::nullopt;
    }
    if (!seal(copy, [] { std::this_thread::yield(); })) {
        why = what_failed("its copy cannot be sealed");
        return std::nullopt;
    }
    if (before.st_size == 0)
        return made;
    made.size_ = static_cast<std::size_t>(before.st_size);
    auto* at = ::mmap(nullptr, made.size_, PROT_READ, MAP_PRIVATE, copy, 0);
    if (at == MAP_FAILED) {
        made.size_ = 0;
        why = what_failed("its copy cannot be read");
        return std::nullopt;
    }
    made.octets_ = static_cast<const char*>(at);
    return made;
}

plugin_image::plugin_image(plugin_image&& other) noexcept
    : copy_{std::exchange(other.copy_, -1)}, octets_{std::exchange(other.octets_, nullptr)}, size_{std::exchange(other.size_, 0)},
      is_kept_{other.is_kept_}
{
}

plugin_image::~plugin_image()
{
    if (octets_ != nullptr)
        ::munmap(const_cast<char*>(octets_), size_);
    if (copy_ >= 0 && !is_kept_)
        ::close(copy_);
}

// Not "/proc/self": a debugger that reads the name from this process would look into itself.
std::string plugin_image::path() const
{
    return fmt::format("/proc/{}/fd/{}", ::getpid(), copy_);
}

} // namespace postern::daemon
