#include "core/host/control_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

namespace postern::daemon {
namespace {

constexpr std::size_t longest_request = std::size_t{64} << 10U;
constexpr std::size_t longest_reply = std::size_t{64} << 20U;
constexpr int patience_ms = 10'000;
constexpr int client_patience_s = 60; // a command may wait for the queue

std::optional<sockaddr_un> address_of(const std::filesystem::path& path) noexcept
{
    sockaddr_un out{};
    if (path.native().size() >= sizeof out.sun_path)
        return std::nullopt;
    out.sun_family = AF_UNIX;
    std::memcpy(out.sun_path, path.c_str(), path.native().size());
    return out;
}

std::string last_error(const std::filesystem::path& path)
{
    return path.string() + ": " + std::generic_category().message(errno);
}

int connect_to(const sockaddr_un& where) noexcept
{
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket >= 0 && ::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
        const int why = errno;
        ::close(socket);
        errno = why;
        return -1;
    }
    return socket;
}

bool is_allowed(int peer) noexcept
{
    ucred who{};
    socklen_t size = sizeof who;
    return ::getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && (who.uid == 0 || who.uid == ::geteuid());
}

} // namespace

std::unique_ptr<control_server> control_server::open(const std::filesystem::path& path, base::log log, std::string& why)
{
    const auto where = address_of(path);
    if (!where) {
        why = path.string() + ": too long for a socket";
        return nullptr;
    }
    // Only a socket that nobody answers at is in the way; a file or a living server is somebody's.
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) {
            why = path.string() + ": exists and is no socket; move it away";
            return nullptr;
        }
        if (const int alive = connect_to(*where); alive >= 0) {
            ::close(alive);
            why = path.string() + ": another server answers there; stop it first";
            return nullptr;
        }
        if (errno != ECONNREFUSED && errno != ENOENT) { // not allowed to ask is not the same as nobody there
            why = last_error(path);
            return nullptr;
        }
        (void)::unlink(path.c_str());
    }
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int stop = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    std::unique_ptr<control_server> out{new control_server{path, listener, stop, log}};
    // fchmod before bind is what the socket is made with on Linux, so there is no moment with a wider mode; the process's
    // umask, which other threads share, is left alone.
    if (listener < 0 || stop < 0 || ::fchmod(listener, 0600) != 0 ||
        ::bind(listener, reinterpret_cast<const sockaddr*>(&*where), sizeof *where) != 0 || ::listen(listener, 16) != 0) {
        why = last_error(path);
        out->path_.clear(); // not ours to remove
        return nullptr;
    }
    return out;
}

control_server::~control_server()
{
    if (thread_.joinable()) {
        const std::uint64_t one = 1;
        (void)!::write(stop_, &one, sizeof one);
        thread_.join();
    }
    if (listener_ >= 0)
        ::close(listener_);
    if (stop_ >= 0)
        ::close(stop_);
    if (!path_.empty())
        (void)::unlink(path_.c_str());
}

void control_server::start(answer_function answer)
{
    answer_ = std::move(answer);
    thread_ = std::thread{[this] { work(); }};
}

bool control_server::wait(int descriptor, short events, int timeout_ms) const noexcept
{
    std::array<pollfd, 2> both{{{descriptor, events, 0}, {stop_, POLLIN, 0}}};
    int ready = 0;
    do
        ready = ::poll(both.data(), both.size(), timeout_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && both[1].revents == 0;
}

void control_server::work()
{
    while (wait(listener_, POLLIN, -1)) {
        const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (peer < 0)
            continue;
        if (is_allowed(peer))
            serve(peer);
        else
            log_.warning("control.refused", {{"why", "neither root nor this server's user"}});
        ::close(peer);
    }
}

void control_server::serve(int peer)
{
    std::string taken;
    std::array<char, 4096> buffer;
    while (wait(peer, POLLIN, patience_ms)) {
        const auto count = ::recv(peer, buffer.data(), buffer.size(), 0);
        if (count <= 0)
            return;
        taken.append(buffer.data(), static_cast<std::size_t>(count));
        for (auto end = taken.find('\n'); end != std::string::npos; end = taken.find('\n')) {
            auto reply = answer_(std::string_view{taken}.substr(0, end)) + '\n';
            taken.erase(0, end + 1);
            for (std::string_view left = reply; !left.empty();) {
                if (!wait(peer, POLLOUT, patience_ms))
                    return;
                const auto sent = ::send(peer, left.data(), left.size(), MSG_NOSIGNAL);
                if (sent <= 0)
                    return;
                left.remove_prefix(static_cast<std::size_t>(sent));
            }
        }
        if (taken.size() > longest_request)
            return;
    }
}

std::string ask_control(const std::filesystem::path& path, std::string_view request, std::string& why)
{
    const auto where = address_of(path);
    const int socket = where ? connect_to(*where) : -1;
    if (socket < 0) {
        why = last_error(path) + "; is the server running?";
        return {};
    }
    const timeval patience{client_patience_s, 0};
    (void)::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string reply{request};
    reply += '\n';
    std::string_view left = reply;
    while (!left.empty()) {
        const auto sent = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    reply.clear();
    std::array<char, 16384> buffer;
    ssize_t count = 0;
    while (reply.size() < longest_reply && !reply.ends_with('\n') &&
           (count = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0)
        reply.append(buffer.data(), static_cast<std::size_t>(count));
    ::close(socket);
    if (!reply.ends_with('\n')) {
        why = path.string() + ": the server did not answer";
        return {};
    }
    reply.pop_back();
    return reply;
}

} // namespace postern::daemon
