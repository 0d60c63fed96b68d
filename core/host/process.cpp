#include "core/host/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace postern::daemon {
namespace {

std::string last_error(std::string_view what)
{
    return std::string{what} + ": " + std::generic_category().message(errno);
}

std::vector<gid_t> groups_of(const std::string& user, gid_t gid)
{
    int count = 64;
    std::vector<gid_t> out(static_cast<std::size_t>(count));
    while (::getgrouplist(user.c_str(), gid, out.data(), &count) < 0)
        out.resize(static_cast<std::size_t>(count));
    out.resize(static_cast<std::size_t>(count));
    return out;
}

} // namespace

std::optional<account> find_account(const std::string& user, const std::string& group, std::string& why)
{
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        why = "there is no user \"" + user + "\"";
        return std::nullopt;
    }
    account out{user, entry.pw_uid, entry.pw_gid, {}};
    if (!group.empty()) {
        ::group row{};
        ::group* at = nullptr;
        if (::getgrnam_r(group.c_str(), &row, buffer.data(), buffer.size(), &at) != 0 || at == nullptr) {
            why = "there is no group \"" + group + "\"";
            return std::nullopt;
        }
        out.gid = row.gr_gid;
    }
    out.groups = groups_of(user, out.gid);
    return out;
}

acting_as::acting_as(const account* who) : uid_{::geteuid()}, gid_{::getegid()}
{
    if (who == nullptr || uid_ != 0)
        return;
    const int count = ::getgroups(0, nullptr);
    groups_.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    if (!groups_.empty() && ::getgroups(count, groups_.data()) < 0)
        groups_.clear();
    switched_ = true;
    succeeded_ = ::setgroups(who->groups.size(), who->groups.data()) == 0 && ::setegid(who->gid) == 0 && ::seteuid(who->uid) == 0;
}

acting_as::~acting_as()
{
    if (!switched_)
        return;
    // Going on with half of either identity would be worse than not going on.
    if (::seteuid(uid_) != 0 || ::setegid(gid_) != 0 || ::setgroups(groups_.size(), groups_.data()) != 0)
        std::abort();
}

std::string become(const account& who)
{
    if (::geteuid() != 0)
        return ::geteuid() == who.uid ? std::string{} : "only root can become " + who.name;
    if (::setgroups(who.groups.size(), who.groups.data()) != 0)
        return last_error("setgroups");
    if (::setgid(who.gid) != 0)
        return last_error("setgid");
    if (::setuid(who.uid) != 0)
        return last_error("setuid");
    if (who.uid != 0 && ::setuid(0) == 0)
        return "root could be had back";
    return {};
}

void harden_process() noexcept
{
    (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) // the leak checker attaches to its own process
    (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void notify_service_manager(std::string_view text) noexcept
{
    const char* where = std::getenv("NOTIFY_SOCKET");
    if (where == nullptr || (where[0] != '/' && where[0] != '@'))
        return;
    sockaddr_un to{};
    const auto length = std::strlen(where);
    if (length >= sizeof to.sun_path)
        return;
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, where, length);
    if (where[0] == '@')
        to.sun_path[0] = '\0'; // the abstract namespace
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return;
    (void)::sendto(socket, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
    ::close(socket);
}

std::string make_folder(const std::filesystem::path& folder, const std::filesystem::path& root, const account* owner)
{
    std::error_code failed;
    if (std::filesystem::is_directory(folder, failed))
        return {};
    if (folder != root && folder.has_parent_path() && folder.parent_path() != folder)
        if (auto why = make_folder(folder.parent_path(), root, owner); !why.empty())
            return why;
    if (::mkdir(folder.c_str(), 0700) != 0) {
        if (errno == EEXIST && std::filesystem::is_directory(folder, failed)) // another process was faster
            return {};
        return last_error(folder.string());
    }
    if (owner != nullptr && ::geteuid() == 0 && ::lchown(folder.c_str(), owner->uid, owner->gid) != 0)
        return last_error(folder.string());
    return {};
}

} // namespace postern::daemon
