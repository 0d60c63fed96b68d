#include "posix_file_system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

namespace postern_queue_journal {

namespace {

std::error_code last_error() noexcept
{
    return {errno, std::generic_category()};
}

std::error_code checked(int result) noexcept
{
    return result < 0 ? last_error() : std::error_code{};
}

class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_{fd} {}
    ~descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_); // nothing to do about an error: what matters was synced before
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

class posix_file final : public file {
public:
    explicit posix_file(int fd) noexcept : fd_{fd} {}

    std::error_code read_at(std::uint64_t offset, std::span<char> to, std::size_t& got, patience how) noexcept override
    {
        got = 0;
        while (got < to.size()) {
            const auto rest = to.subspan(got);
            const ::iovec part{rest.data(), rest.size()};
            const auto at = static_cast<off_t>(offset + got);
            const auto n = ::preadv2(fd_.get(), &part, 1, at, how == patience::cached ? RWF_NOWAIT : 0);
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0 && how == patience::cached && (errno == EAGAIN || errno == EOPNOTSUPP))
                return make_error_code(std::errc::operation_would_block);
            if (n < 0)
                return last_error();
            if (n == 0)
                break;
            got += static_cast<std::size_t>(n);
        }
        return {};
    }

    std::error_code write_at(std::uint64_t offset, std::span<const std::string_view> parts) noexcept override
    {
        constexpr std::size_t most = IOV_MAX;
        std::array<::iovec, most> vector; // NOLINT: filled below as far as it is used
        std::size_t done_of_first = 0;
        while (!parts.empty()) {
            const std::size_t count = std::min(parts.size(), most);
            for (std::size_t i = 0; i < count; ++i)
                vector[i] = {const_cast<char*>(parts[i].data()), parts[i].size()}; // NOLINT: pwritev only reads
            vector[0].iov_base = static_cast<char*>(vector[0].iov_base) + done_of_first;
            vector[0].iov_len -= done_of_first;
            const auto n = ::pwritev(fd_.get(), vector.data(), static_cast<int>(count), static_cast<off_t>(offset));
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                return last_error();
            offset += static_cast<std::uint64_t>(n);
            auto written = static_cast<std::size_t>(n) + done_of_first;
            while (!parts.empty() && written >= parts.front().size()) {
                written -= parts.front().size();
                parts = parts.subspan(1);
            }
            done_of_first = written;
        }
        return {};
    }

    std::error_code sync() noexcept override { return checked(::fdatasync(fd_.get())); }
    std::error_code resize(std::uint64_t size) noexcept override
    {
        return checked(::ftruncate(fd_.get(), static_cast<off_t>(size)));
    }
    std::error_code allocate(std::uint64_t size) noexcept override
    {
        // Not posix_fallocate: where the file system cannot reserve, glibc's emulation would write all those zeros.
        if (::fallocate(fd_.get(), 0, 0, static_cast<off_t>(size)) == 0 || errno == EOPNOTSUPP || errno == ENOSYS)
            return {};
        return last_error();
    }
    std::error_code size(std::uint64_t& octets) noexcept override
    {
        struct ::stat status {};
        if (::fstat(fd_.get(), &status) != 0)
            return last_error();
        octets = static_cast<std::uint64_t>(status.st_size);
        return {};
    }

private:
    descriptor fd_;
};

class posix_folder final : public file_system {
public:
    explicit posix_folder(int fd) noexcept : folder_{fd} {}

    std::error_code create(const std::string& name, std::shared_ptr<file>& made) noexcept override
    {
        return open_as(name, O_RDWR | O_CREAT | O_EXCL, made);
    }
    std::error_code open(const std::string& name, std::shared_ptr<file>& opened) noexcept override
    {
        return open_as(name, O_RDWR, opened);
    }
    std::error_code make_folder(const std::string& name) noexcept override
    {
        if (::mkdirat(folder_.get(), name.c_str(), 0700) == 0 || errno == EEXIST)
            return {};
        return last_error();
    }
    std::error_code remove(const std::string& name) noexcept override
    {
        return checked(::unlinkat(folder_.get(), name.c_str(), 0));
    }
    std::error_code list(std::vector<std::string>& names) noexcept override
    {
        const int fd = ::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR* entries = fd < 0 ? nullptr : ::fdopendir(fd);
        if (entries == nullptr) {
            const auto error = last_error();
            if (fd >= 0)
                ::close(fd);
            return error;
        }
        names.clear();
        errno = 0;
        while (const auto* entry = ::readdir(entries)) {
            struct ::stat status {};
            if (::fstatat(folder_.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
                names.emplace_back(entry->d_name);
            errno = 0;
        }
        const int reason = errno;
        ::closedir(entries);
        return {reason, std::generic_category()};
    }
    std::error_code sync_folder(const std::string& name) noexcept override
    {
        const descriptor opened{::openat(folder_.get(), name.empty() ? "." : name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        return opened.get() < 0 ? last_error() : checked(::fsync(opened.get()));
    }
    std::error_code free_octets(std::uint64_t& octets) noexcept override
    {
        struct ::statvfs status {};
        if (::fstatvfs(folder_.get(), &status) != 0)
            return last_error();
        octets = std::uint64_t{status.f_bavail} * status.f_frsize;
        return {};
    }
    std::error_code lock(const std::string& name) noexcept override
    {
        // flock belongs to the open file, so it also keeps two stores of one process apart, and ends with the process.
        const int fd = ::openat(folder_.get(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return last_error();
        lock_ = std::make_unique<descriptor>(fd);
        if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
            return {};
        return errno == EWOULDBLOCK ? make_error_code(std::errc::device_or_resource_busy) : last_error();
    }

private:
    std::error_code open_as(const std::string& name, int flags, std::shared_ptr<file>& opened) noexcept
    {
        const int fd = ::openat(folder_.get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return last_error();
        opened = std::make_shared<posix_file>(fd);
        return {};
    }

    descriptor folder_;
    std::unique_ptr<descriptor> lock_;
};

} // namespace

std::unique_ptr<file_system> open_folder(const std::string& path, std::string& error)
{
    for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1))
        (void)::mkdir(path.substr(0, end).c_str(), 0700); // if that fails, the last one says why
    if (::mkdir(path.c_str(), 0700) == 0) {
        // The folder's own name must last as long as what is acknowledged inside.
        const auto slash = path.find_last_of('/', path.find_last_not_of('/'));
        const std::string above = slash == std::string::npos ? "." : path.substr(0, slash + 1);
        const descriptor parent{::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (parent.get() < 0 || ::fsync(parent.get()) != 0) {
            error = "cannot make the name of " + path + " durable: " + std::strerror(errno); // NOLINT(concurrency-mt-unsafe)
            return nullptr;
        }
    }
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        error = "cannot open the folder " + path + ": " + std::strerror(errno); // NOLINT(concurrency-mt-unsafe)
        return nullptr;
    }
    auto folder = std::make_unique<posix_folder>(fd);
    struct ::stat status {};
    if (::fstat(fd, &status) != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        error = "the folder " + path + " can be written by others: chmod 0700 it";
        return nullptr;
    }
    return folder;
}

} // namespace postern_queue_journal
