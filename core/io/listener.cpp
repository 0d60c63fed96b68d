#include "core/io/listener.hpp"

#include "core/base/descriptor.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace postern::io {

namespace {

using namespace std::chrono_literals;

constexpr int backlog = 4096;

base::error_code last_error() noexcept
{
    return {errno, boost::system::system_category()};
}

struct socket_address {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);
    [[nodiscard]] sockaddr* raw() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

socket_address to_native(const base::ip_endpoint& endpoint) noexcept
{
    socket_address native;
    const auto& octets = endpoint.address.octets();
    if (endpoint.address.is_v4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(native.storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, octets.data() + 12, 4);
        native.size = sizeof v4;
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(native.storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        std::memcpy(&v6.sin6_addr, octets.data(), octets.size());
        native.size = sizeof v6;
    }
    return native;
}

base::ip_endpoint from_native(const socket_address& native) noexcept
{
    std::array<std::uint8_t, 16> octets{};
    if (native.storage.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(native.storage);
        octets[10] = octets[11] = 0xff;
        std::memcpy(octets.data() + 12, &v4.sin_addr, 4);
        return {base::ip_address{octets}, ntohs(v4.sin_port)};
    }
    if (native.storage.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(native.storage);
        std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
        return {base::ip_address{octets}, ntohs(v6.sin6_port)};
    }
    return {base::ip_address{octets}, 0}; // a Unix socket: "::"
}

int open_reserve() noexcept
{
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

} // namespace

listener::listener(loop& home) : home_{home}, waiter_{home.context().get_executor()}, reserve_{open_reserve()} {}

listener::~listener()
{
    close();
    if (reserve_ >= 0)
        ::close(reserve_);
}

base::result<std::unique_ptr<listener>> listener::open(loop& home, const std::string& address, bool shared)
{
    std::unique_ptr<listener> made{new listener{home}};
    constexpr std::string_view unix_prefix = "unix:";
    base::error_code ec;
    if (address.starts_with(unix_prefix)) {
        ec = made->open_unix(address.substr(unix_prefix.size()));
    } else if (const auto endpoint = base::ip_endpoint::from_text(address)) {
        ec = made->open_tcp(*endpoint, shared);
    } else {
        ec = boost::asio::error::invalid_argument;
    }
    if (ec)
        return ec;
    return made;
}

base::error_code listener::open_tcp(const base::ip_endpoint& endpoint, bool shared)
{
    auto native = to_native(endpoint);
    const int family = native.storage.ss_family;
    const int on = 1;
    if (!shared && endpoint.port != 0) {
        // SO_REUSEPORT would let a second Postern take half of the connections: see first whether the port is free.
        const base::descriptor probe{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        ::setsockopt(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        if (::bind(probe.get(), native.raw(), native.size) != 0)
            return last_error();
    }
    base::descriptor made{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (made.get() < 0)
        return last_error();
    ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::setsockopt(made.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        return last_error();
    if (family == AF_INET6) // "[::]:25" is IPv6 alone: "0.0.0.0:25" stands beside it
        ::setsockopt(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(made.get(), native.raw(), native.size) != 0 || ::listen(made.get(), backlog) != 0)
        return last_error();
    socket_address bound;
    if (::getsockname(made.get(), bound.raw(), &bound.size) != 0)
        return last_error();
    address_ = from_native(bound).text();

    base::error_code ec;
    waiter_.assign(asio::generic::stream_protocol{family, IPPROTO_TCP}, made.get(), ec);
    if (!ec)
        descriptor_ = made.take();
    return ec;
}

base::error_code listener::open_unix(const std::string& path)
{
    sockaddr_un native{};
    native.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof native.sun_path)
        return boost::asio::error::invalid_argument;
    std::copy(path.begin(), path.end(), native.sun_path);

    base::descriptor made{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (made.get() < 0)
        return last_error();
    // A socket file that nobody answers is a leftover of a process that was killed; one that answers is in use.
    const base::descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(probe.get(), reinterpret_cast<sockaddr*>(&native), sizeof native) == 0)
        return boost::asio::error::address_in_use;
    struct stat found {};
    if (errno == ECONNREFUSED && ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode))
        ::unlink(path.c_str());
    if (::bind(made.get(), reinterpret_cast<sockaddr*>(&native), sizeof native) != 0 || ::listen(made.get(), backlog) != 0)
        return last_error();
    address_ = "unix:" + path;
    is_unix_ = true;

    base::error_code ec;
    waiter_.assign(asio::generic::stream_protocol{AF_UNIX, 0}, made.get(), ec);
    if (!ec)
        descriptor_ = made.take();
    return ec;
}

std::optional<accepted> listener::try_accept()
{
    do {
        cause_ = 0;
        socket_address peer;
        base::descriptor made{::accept4(descriptor_, peer.raw(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (made.get() < 0) {
            cause_ = errno;
            continue;
        }
        pause_ = 0ms;
        socket_address local;
        ::getsockname(made.get(), local.raw(), &local.size);
        socket connection{home_.context().get_executor()};
        base::error_code ec;
        connection.assign(asio::generic::stream_protocol{peer.storage.ss_family, is_unix_ ? 0 : IPPROTO_TCP}, made.get(), ec);
        cause_ = ec.value();
        if (ec)
            return std::nullopt;
        (void)made.take();
        return accepted{std::move(connection), from_native(peer), from_native(local)};
    } while (cause_ == EINTR || cause_ == ECONNABORTED);
    return std::nullopt;
}

/// Small coroutines: where one ends, the frame of a connection begins, which keeps the memory of its frame.
task<base::error_code> listener::wait()
{
    return cause_ == EAGAIN || cause_ == EWOULDBLOCK || !is_open() ? wait_for_one() : pause_for(cause_);
}

task<base::error_code> listener::wait_for_one()
{
    if (!is_open())
        co_return base::error_code{boost::asio::error::operation_aborted};
    auto ready = waiter_.async_wait(socket::wait_read, asio::as_tuple(asio::deferred));
    const auto [ec] = co_await std::move(ready);
    co_return ec;
}

task<base::error_code> listener::pause_for(int cause)
{
    if (cause == EMFILE || cause == ENFILE)
        refuse_one();
    pause_ = std::clamp(pause_ * 2, 5ms, std::chrono::milliseconds{1s});
    timer later{home_.context().get_executor(), pause_};
    base::error_code ec;
    co_await later.async_wait(asio::redirect_error(use_task, ec));
    co_return base::error_code{cause, boost::system::system_category()};
}

void listener::refuse_one() noexcept
{
    if (reserve_ < 0)
        reserve_ = open_reserve(); // it could not be opened again the last time
    if (reserve_ < 0)
        return;
    ::close(reserve_);
    if (const base::descriptor made{::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)}; made.get() >= 0) {
        constexpr std::string_view reply = "421 too busy, try again later\r\n"; // RFC 2034 4: no enhanced code in a greeting
        // One reply into an empty socket buffer; if it does not go, the close says the same.
        [[maybe_unused]] const auto sent = ::send(made.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    }
    reserve_ = open_reserve();
}

void listener::close() noexcept
{
    if (descriptor_ < 0)
        return;
    descriptor_ = -1;
    boost::system::error_code ignored; // closing cannot be retried
    waiter_.close(ignored);
    if (is_unix_)
        ::unlink(address_.c_str() + std::string_view{"unix:"}.size());
}

} // namespace postern::io
