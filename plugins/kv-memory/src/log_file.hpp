#pragma once
// The folder of a store, and one file of its log that is appended to. What the system refuses is a value.
// SECURITY: folder 0700, files 0600, O_NOFOLLOW | O_CLOEXEC; a folder that others may write is refused.

#include "record.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern_kv_memory {

/// A descriptor that is closed.
class descriptor {
public:
    explicit descriptor(int fd = -1) noexcept : fd_{fd} {}
    descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor();
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

private:
    int fd_;
};

/// What can go wrong with a disk; a test replaces it. Each returns 0 or an errno.
class disk {
public:
    disk() = default;
    virtual ~disk() = default;
    disk(const disk&) = delete;
    disk& operator=(const disk&) = delete;
    [[nodiscard]] virtual int write(int fd, std::string_view octets, std::uint64_t at) noexcept;
    [[nodiscard]] virtual int sync(int fd) noexcept;
};

/// A folder in use by one process.
class folder {
public:
    /// Makes it where it is missing. Nothing, and why in `error`.
    [[nodiscard]] static std::optional<folder> open(const std::string& path, std::string& error);

    /// Numbers of the logs in it, in order.
    [[nodiscard]] std::vector<std::uint64_t> logs() const;
    [[nodiscard]] static std::string name_of(std::uint64_t number);
    [[nodiscard]] static std::string damaged_name_of(std::uint64_t number) { return name_of(number) + ".damaged"; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Each: 0 or an errno.
    [[nodiscard]] int rename(const std::string& from, const std::string& to) const noexcept;
    [[nodiscard]] int sync(disk& on) const noexcept { return on.sync(fd_.get()); }
    void remove(const std::string& name) const noexcept;

private:
    folder(descriptor fd, descriptor lock) noexcept : fd_{std::move(fd)}, lock_{std::move(lock)} {}
    descriptor fd_;
    descriptor lock_;
};

class log_file {
public:
    /// A new one with its head, as `name`. Nothing, and an errno in `error`.
    [[nodiscard]] static std::optional<log_file> create(const folder& in, const std::string& name, disk& on, int& error);
    /// Goes on behind `size` octets of one that was read; what lies behind is cut off.
    [[nodiscard]] static std::optional<log_file> go_on(const folder& in, const std::string& name, file_mark mark,
                                                       std::uint64_t size, disk& on, int& error);

    /// 0, or an errno: then what was written counts for nothing.
    [[nodiscard]] int append(std::string_view octets) noexcept;
    [[nodiscard]] int sync() noexcept { return disk_->sync(fd_.get()); }
    [[nodiscard]] file_mark mark() const noexcept { return mark_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

private:
    log_file(descriptor fd, file_mark mark, std::uint64_t size, disk& on) noexcept
        : fd_{std::move(fd)}, mark_{mark}, size_{size}, disk_{&on}
    {
    }
    descriptor fd_;
    file_mark mark_;
    std::uint64_t size_;
    disk* disk_;
};

} // namespace postern_kv_memory
