#include "mailbox.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fcntl.h>

namespace maildir {
namespace {

constexpr std::size_t buffer_octets = 64 * 1024;
constexpr int attempts_at_a_name = 3;

outcome failed(const char* step, int error = errno) noexcept
{
    return {std::error_code{error, std::generic_category()}, step};
}

/// A descriptor that is closed on every way out.
class descriptor {
public:
    descriptor(disk& files, int number) noexcept : files_{files}, number_{number} {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor()
    {
        if (number_ >= 0)
            files_.close(number_);
    }
    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
    [[nodiscard]] int close() noexcept { return files_.close(std::exchange(number_, -1)); }

private:
    disk& files_;
    int number_;
};

/// Makes a folder's entries durable.
int sync_folder(disk& files, int at, const char* path)
{
    const descriptor folder{files, files.open_folder(at, path)};
    return folder.is_open() ? files.sync(folder.get()) : -1;
}

/// Makes a folder if it is not there, and its name durable.
int make_folder(disk& files, const std::string& path)
{
    if (files.make_folder(path.c_str()) != 0)
        return errno == EEXIST ? 0 : -1;
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    return sync_folder(files, AT_FDCWD, parent.c_str());
}

int write_all(disk& files, int file, const char* octets, std::size_t count)
{
    while (count != 0) {
        const ssize_t done = files.write(file, octets, count);
        if (done < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        if (done == 0) { // no file system should; it must not become a loop
            errno = EIO;
            return -1;
        }
        octets += done;
        count -= static_cast<std::size_t>(done);
    }
    return 0;
}

} // namespace

bool outcome::is_full() const noexcept
{
    return error.value() == ENOSPC || error.value() == EDQUOT;
}

mailbox::mailbox(std::string path, disk& files, name_source names)
    : path_{std::move(path)}, files_{files}, names_{std::move(names)}
{
    while (path_.size() > 1 && path_.back() == '/')
        path_.pop_back();
}

outcome mailbox::prepare() const
{
    for (std::size_t slash = path_.find('/', 1); slash != path_.npos; slash = path_.find('/', slash + 1)) {
        if (make_folder(files_, path_.substr(0, slash)) != 0)
            return failed("make parent folder");
    }
    if (make_folder(files_, path_) != 0)
        return failed("make folder");
    for (const char* part : {"/tmp", "/new", "/cur"}) {
        if (make_folder(files_, path_ + part) != 0)
            return failed("make subfolder");
    }
    return {};
}

outcome mailbox::store(std::string_view preface, const content_source& content, std::uint64_t size) const
{
    for (bool is_prepared = false;; is_prepared = true) {
        const descriptor folder{files_, files_.open_folder(AT_FDCWD, path_.c_str())};
        const outcome done = folder.is_open() ? store_in(folder.get(), preface, content, size) : failed("open folder");
        if (is_prepared || done.error.value() != ENOENT)
            return done;
        if (const outcome made = prepare(); !made.is_ok())
            return made;
    }
}

/// A file in tmp that is taken away unless it was published.
class mailbox::file {
public:
    file(disk& files, int folder) noexcept : files_{files}, folder_{folder} {}
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    ~file()
    {
        if (!name_.empty())
            files_.unlink(folder_, ("tmp/" + name_).c_str());
    }
    /// Its descriptor.
    int create(const name_source& names)
    {
        for (int attempt = 1;; ++attempt) {
            std::string name = names();
            const int number = files_.create(folder_, ("tmp/" + name).c_str());
            if (number >= 0)
                name_ = std::move(name);
            if (number >= 0 || errno != EEXIST || attempt == attempts_at_a_name)
                return number;
        }
    }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    disk& files_;
    int folder_;
    std::string name_;
};

outcome mailbox::store_in(int folder, std::string_view preface, const content_source& content, std::uint64_t size) const
{
    file made{files_, folder};
    descriptor to{files_, made.create(names_)};
    if (!to.is_open())
        return failed("create");

    const auto buffer = std::make_unique_for_overwrite<char[]>(buffer_octets);
    if (preface.size() >= buffer_octets)
        return failed("preface", EMSGSIZE);
    std::size_t held = preface.size(); // with the content, to save a write
    std::memcpy(buffer.get(), preface.data(), held);
    for (std::uint64_t offset = 0; offset < size || held != 0;) {
        if (held < buffer_octets && offset < size) {
            const auto room = std::min<std::uint64_t>(buffer_octets - held, size - offset);
            const std::int64_t count = content(offset, buffer.get() + held, static_cast<std::size_t>(room));
            if (count <= 0) // an early end would be a torn message
                return failed("read content", EIO);
            offset += static_cast<std::uint64_t>(count);
            held += static_cast<std::size_t>(count);
        }
        if (held == buffer_octets || offset == size) {
            if (write_all(files_, to.get(), buffer.get(), held) != 0)
                return failed("write");
            held = 0;
        }
    }
    if (files_.sync(to.get()) != 0)
        return failed("sync");
    if (to.close() != 0)
        return failed("close");
    return publish(folder, made.name());
}

outcome mailbox::publish(int folder, const std::string& name) const
{
    const std::string from = "tmp/" + name;
    const std::string to = "new/" + name;
    if (files_.link(folder, from.c_str(), to.c_str()) != 0) {
        // A file system without hard links.
        const bool lacks_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK;
        if (!lacks_links || files_.rename(folder, from.c_str(), to.c_str()) != 0)
            return failed("link");
    }
    // The file's own sync does not promise its name.
    if (sync_folder(files_, folder, "new") != 0) {
        const int error = errno;
        files_.unlink(folder, to.c_str()); // it will be tried again: no second copy
        return failed("sync folder", error);
    }
    return {};
}

} // namespace maildir
