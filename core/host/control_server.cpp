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

constexpr std::size_t longest_request = std::size_t{24} << 20U; // a file of 16 MiB for a plugin, in base64
constexpr std::size_t longest_reply = std::size_t{64} << 20U;
constexpr int patience_ms = 10'000;
constexpr int client_patience_s = 60; // a command may wait for the queue
constexpr std::size_t most_streams = 8;

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
    for (auto& each : streams_)
        each.thread.join();
    if (listener_ >= 0)
        ::close(listener_);
    if (stop_ >= 0)
        ::close(stop_);
    if (!path_.empty())
        (void)::unlink(path_.c_str());
}

void control_server::start(answer_function answer, stream_function stream)
{
    answer_ = std::move(answer);
    stream_ = std::move(stream);
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
        bool is_handed_on = false;
        if (is_allowed(peer))
            is_handed_on = serve(peer);
        else
            log_.warning("control.refused", {{"why", "neither root nor this server's user"}});
        if (!is_handed_on)
            ::close(peer);
    }
}

/// True: the socket is a stream's from now on.
bool control_server::serve(int peer)
{
    std::string taken;
    std::array<char, 16384> buffer;
    while (wait(peer, POLLIN, patience_ms)) {
        const auto count = ::recv(peer, buffer.data(), buffer.size(), 0);
        if (count <= 0)
            return false;
        const auto before = taken.size(); // there is no line end in that
        taken.append(buffer.data(), static_cast<std::size_t>(count));
        for (auto end = taken.find('\n', before); end != std::string::npos; end = taken.find('\n')) {
            const auto request = std::string_view{taken}.substr(0, end);
            if (auto from = stream_ ? stream_(request) : nullptr)
                return begin_stream(peer, std::move(from));
            const auto reply = answer_(request) + '\n';
            taken.erase(0, end + 1);
            if (!send_all(peer, reply, patience_ms))
                return false;
        }
        if (taken.size() > longest_request)
            return false;
    }
    return false;
}

bool control_server::send_all(int peer, std::string_view octets, int timeout_ms) const noexcept
{
    while (!octets.empty()) {
        if (!wait(peer, POLLOUT, timeout_ms))
            return false;
        const auto sent = ::send(peer, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool control_server::begin_stream(int peer, std::unique_ptr<line_source> from)
{
    streams_.remove_if([](running_stream& each) {
        if (each.is_over)
            each.thread.join();
        return each.is_over.load();
    });
    if (streams_.size() >= most_streams) {
        (void)send_all(peer, "{\"ok\":false,\"error\":\"too many look on already\"}\n", patience_ms);
        return false;
    }
    auto& one = streams_.emplace_back();
    one.thread = std::thread{[this, &one, peer, source = std::move(from)] {
        stream_to(peer, *source);
        ::close(peer);
        one.is_over = true;
    }};
    return true;
}

/// A client that does not read stops this thread only: what its source cannot keep meanwhile it leaves out.
void control_server::stream_to(int peer, line_source& from) const
{
    if (!send_all(peer, "{\"ok\":true}\n", patience_ms))
        return;
    while (true) {
        std::array<pollfd, 3> all{{{peer, POLLIN, 0}, {stop_, POLLIN, 0}, {from.descriptor(), POLLIN, 0}}};
        if (::poll(all.data(), all.size(), -1) < 0 && errno != EINTR)
            return;
        if (all[1].revents != 0)
            return;
        if (all[0].revents != 0) { // it has nothing to say but that it leaves
            std::array<char, 256> ignored;
            if (::recv(peer, ignored.data(), ignored.size(), 0) <= 0)
                return;
        }
        if (all[2].revents != 0 && !send_all(peer, from.take(), -1))
            return;
    }
}

std::string follow_control(const std::filesystem::path& path, std::string_view request,
                           const std::function<bool(std::string_view)>& line)
{
    const auto where = address_of(path);
    const int socket = where ? connect_to(*where) : -1;
    if (socket < 0)
        return last_error(path) + "; is the server running?";
    const auto all = std::string{request} + '\n'; // one send: a request is short
    bool goes_on = ::send(socket, all.data(), all.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(all.size());
    std::string taken;
    std::array<char, 16384> buffer;
    for (ssize_t count = 0; goes_on && (count = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0;) {
        taken.append(buffer.data(), static_cast<std::size_t>(count));
        std::size_t begin = 0;
        for (auto end = taken.find('\n'); goes_on && end != std::string::npos; end = taken.find('\n', begin)) {
            goes_on = line(std::string_view{taken}.substr(begin, end - begin));
            begin = end + 1;
        }
        taken.erase(0, begin);
    }
    ::close(socket);
    return {};
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
