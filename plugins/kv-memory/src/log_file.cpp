#include "log_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern_kv_memory {
namespace {

constexpr std::string_view suffix = ".kv";
constexpr std::size_t digits = 12;

std::string text_of(int error)
{
    return std::generic_category().message(error);
}

/// "000000000001.kv"; nothing: another file.
std::optional<std::uint64_t> number_of(std::string_view name)
{
    if (name.size() != digits + suffix.size() || !name.ends_with(suffix))
        return std::nullopt;
    std::uint64_t out = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + digits, out);
    return failed == std::errc{} && end == name.data() + digits ? std::optional{out} : std::nullopt;
}

} // namespace

descriptor::~descriptor()
{
    if (fd_ >= 0)
        ::close(fd_);
}

int disk::write(int fd, std::string_view octets, std::uint64_t at) noexcept
{
    while (!octets.empty()) {
        const auto count = ::pwrite(fd, octets.data(), octets.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? errno : ENOSPC;
        octets.remove_prefix(static_cast<std::size_t>(count));
        at += static_cast<std::uint64_t>(count);
    }
    return 0;
}

int disk::sync(int fd) noexcept
{
    return ::fdatasync(fd) == 0 ? 0 : errno;
}

std::optional<folder> folder::open(const std::string& path, std::string& error)
{
    std::error_code failed;
    const std::filesystem::path whole{path};
    if (whole.has_parent_path())
        std::filesystem::create_directories(whole.parent_path(), failed);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        error = text_of(errno);
        return std::nullopt;
    }
    descriptor fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    struct stat facts {};
    if (!fd.is_open() || ::fstat(fd.get(), &facts) != 0) {
        error = text_of(errno);
        return std::nullopt;
    }
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        error = "it can be written by others";
        return std::nullopt;
    }
    descriptor lock{::openat(fd.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!lock.is_open() || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        error = lock.is_open() && errno == EWOULDBLOCK ? "another process uses it" : text_of(errno);
        return std::nullopt;
    }
    return folder{std::move(fd), std::move(lock)};
}

std::vector<std::uint64_t> folder::logs() const
{
    std::vector<std::uint64_t> out;
    const int own = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const listing = own < 0 ? nullptr : ::fdopendir(own);
    if (listing == nullptr)
        return out;
    while (const auto* const entry = ::readdir(listing)) {
        if (const auto number = number_of(entry->d_name))
            out.push_back(*number);
    }
    ::closedir(listing);
    std::sort(out.begin(), out.end());
    return out;
}

std::string folder::name_of(std::uint64_t number)
{
    auto text = std::to_string(number);
    return std::string(digits - std::min(digits, text.size()), '0') + text + std::string{suffix};
}

int folder::rename(const std::string& from, const std::string& to) const noexcept
{
    return ::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) == 0 ? 0 : errno;
}

void folder::remove(const std::string& name) const noexcept
{
    (void)::unlinkat(fd_.get(), name.c_str(), 0);
}

std::optional<log_file> log_file::create(const folder& in, const std::string& name, disk& on, int& error)
{
    file_mark mark = 0;
    if (::getrandom(&mark, sizeof mark, 0) != static_cast<ssize_t>(sizeof mark)) {
        error = errno;
        return std::nullopt;
    }
    descriptor fd{::openat(in.fd(), name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd.is_open()) {
        error = errno;
        return std::nullopt;
    }
    log_file made{std::move(fd), mark, 0, on};
    error = made.append(file_head(mark));
    return error == 0 ? std::optional{std::move(made)} : std::nullopt;
}

std::optional<log_file> log_file::go_on(const folder& in, const std::string& name, file_mark mark, std::uint64_t size, disk& on,
                                        int& error)
{
    descriptor fd{::openat(in.fd(), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd.is_open() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
        error = errno;
        return std::nullopt;
    }
    return log_file{std::move(fd), mark, size, on};
}

int log_file::append(std::string_view octets) noexcept
{
    const int failed = disk_->write(fd_.get(), octets, size_);
    if (failed == 0)
        size_ += octets.size();
    else
        (void)!::ftruncate(fd_.get(), static_cast<off_t>(size_)); // or a start cuts it off
    return failed;
}

} // namespace postern_kv_memory
