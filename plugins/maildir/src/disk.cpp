#include "disk.hpp"

#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildir {

int disk::make_folder(const char* path)
{
    return ::mkdir(path, 0700);
}
int disk::open_folder(int at, const char* path)
{
    return ::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}
int disk::create(int folder, const char* name)
{
    return ::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}
ssize_t disk::write(int file, const char* octets, std::size_t count)
{
    return ::write(file, octets, count);
}
int disk::sync(int file)
{
    return ::fsync(file);
}
int disk::close(int file)
{
    return ::close(file);
}
int disk::link(int folder, const char* from, const char* to)
{
    return ::linkat(folder, from, folder, to, 0);
}
int disk::rename(int folder, const char* from, const char* to)
{
    return ::renameat2(folder, from, folder, to, RENAME_NOREPLACE);
}
int disk::unlink(int folder, const char* name)
{
    return ::unlinkat(folder, name, 0);
}

} // namespace maildir
