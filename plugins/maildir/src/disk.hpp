#pragma once
// The system calls of a delivery, one function each, so that tests can let the n-th of them fail. Errors as errno, -1.

#include <cstddef>

#include <sys/types.h>

namespace maildir {

class disk {
public:
    disk() = default;
    disk(const disk&) = delete;
    disk& operator=(const disk&) = delete;
    virtual ~disk() = default;

    /// Makes a folder for its owner alone (mode 0700).
    virtual int make_folder(const char* path);
    /// A descriptor of a folder; `at` may be AT_FDCWD.
    virtual int open_folder(int at, const char* path);
    /// A descriptor for writing to a file that did not exist (mode 0600).
    virtual int create(int folder, const char* name);
    virtual ssize_t write(int file, const char* octets, std::size_t count);
    virtual int sync(int file);
    /// Gives the descriptor up even when it fails.
    virtual int close(int file);
    virtual int link(int folder, const char* from, const char* to);
    /// Replaces nothing: fails if `to` is there.
    virtual int rename(int folder, const char* from, const char* to);
    virtual int unlink(int folder, const char* name);
};

} // namespace maildir
