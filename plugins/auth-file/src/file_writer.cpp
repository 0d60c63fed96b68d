#include "file_writer.hpp"

#include "kept_file.hpp"
#include "owned_descriptor.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace auth_file {
namespace {

constexpr std::chrono::seconds patience{5};
constexpr int pause_ms = 20; // between two tries for the lock: flock knows no deadline

std::string because(const std::string& what)
{
    return what + ": " + std::strerror(errno);
}

/// The file, locked, and still the one of that name: whoever had the lock before may have put another in its place.
owned_descriptor lock(const std::filesystem::path& file, std::string& why)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    while (true) {
        owned_descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
        if (opened.get() < 0) {
            why = because(file.string() + " cannot be opened");
            return opened;
        }
        const bool is_locked = ::flock(opened.get(), LOCK_EX | LOCK_NB) == 0;
        struct stat mine {};
        struct stat named {};
        if (is_locked && ::fstat(opened.get(), &mine) == 0 && ::stat(file.c_str(), &named) == 0 && mine.st_dev == named.st_dev &&
            mine.st_ino == named.st_ino)
            return opened;
        if (std::chrono::steady_clock::now() >= until) {
            why = file.string() + " is being changed by somebody else; try again";
            return owned_descriptor{};
        }
        if (!is_locked)
            static_cast<void>(::poll(nullptr, 0, pause_ms));
    }
}

bool write_all(int to, std::string_view octets)
{
    while (!octets.empty()) {
        const auto count = ::write(to, octets.data(), octets.size());
        if (count < 0 && errno != EINTR)
            return false;
        octets.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
    }
    return true;
}

/// Empty, or why not.
std::string fill(int to, std::string_view octets, const struct stat& like)
{
    struct stat own {};
    if (::fstat(to, &own) != 0)
        return because("the new file cannot be looked at");
    const bool is_same_owner = own.st_uid == like.st_uid && own.st_gid == like.st_gid;
    if (!is_same_owner && ::fchown(to, like.st_uid, like.st_gid) != 0)
        return because("the new file cannot be given to the owner of the old one");
    if (::fchmod(to, like.st_mode & 07777U) != 0)
        return because("the new file cannot have the mode of the old one");
    if (!write_all(to, octets) || ::fsync(to) != 0)
        return because("the new file cannot be written");
    return {};
}

/// Empty, or why not. The name of a file is durable when its folder is.
std::string replace(const std::filesystem::path& file, std::string_view octets, const struct stat& like)
{
    const auto folder = file.parent_path().empty() ? std::filesystem::path{"."} : file.parent_path();
    std::string name = (folder / ("." + file.filename().string() + ".XXXXXX")).string();
    const owned_descriptor made{::mkostemp(name.data(), O_CLOEXEC)}; // mode 0600
    if (made.get() < 0)
        return because("no file can be made in " + folder.string());
    std::string why = fill(made.get(), octets, like);
    if (why.empty() && ::rename(name.c_str(), file.c_str()) != 0)
        why = because("the new file cannot take the place of the old one");
    if (!why.empty()) {
        ::unlink(name.c_str());
        return why;
    }
    const owned_descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (opened.get() < 0 || ::fsync(opened.get()) != 0)
        return because("it is written, but " + folder.string() + " cannot be made durable");
    return {};
}

} // namespace

std::string edit_file(const std::filesystem::path& file, const std::function<edited(std::string_view)>& edit)
{
    std::error_code failed;
    const auto real = std::filesystem::canonical(file, failed); // a link stays one
    if (failed)
        return file.string() + " cannot be opened: " + failed.message();
    std::string why;
    const auto locked = lock(real, why);
    if (locked.get() < 0)
        return why;
    struct stat facts {};
    if (::fstat(locked.get(), &facts) != 0)
        return because(file.string() + " cannot be looked at");
    auto before = read_all(locked.get());
    if (!before)
        return file.string() + " cannot be read, or has more than 16 MiB";
    const wipes_at_end wipes_before{*before};
    auto after = edit(*before);
    const wipes_at_end wipes_after{after.text};
    return after.why.empty() ? replace(real, after.text, facts) : after.why;
}

} // namespace auth_file
