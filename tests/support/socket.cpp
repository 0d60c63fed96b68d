#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::test {
namespace {

[[nodiscard]] sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// The one cast that the socket interface asks for.
[[nodiscard]] const sockaddr* generic(const sockaddr_in& address)
{
    return reinterpret_cast<const sockaddr*>(&address);
}

[[nodiscard]] std::uint16_t local_port(int socket)
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error{fmt::format("getsockname: {}", std::strerror(errno))};
    return ntohs(address.sin_port);
}

constexpr std::size_t longest_line = 65536;

} // namespace

void descriptor::reset() noexcept
{
    if (number_ >= 0)
        ::close(number_);
    number_ = -1;
}

tcp_stream::tcp_stream(descriptor socket, std::chrono::milliseconds limit) : socket_{std::move(socket)}, limit_{limit}
{
    const int on = 1;
    ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::optional<tcp_stream> tcp_stream::connect(std::uint16_t port, std::chrono::milliseconds limit)
{
    descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto address = loopback(port);
    if (!socket || ::connect(socket.number(), generic(address), sizeof address) != 0)
        return std::nullopt;
    return tcp_stream{std::move(socket), limit};
}

bool tcp_stream::wait(short events) const
{
    pollfd ready{socket_.number(), events, 0};
    int got = 0;
    while ((got = ::poll(&ready, 1, static_cast<int>(limit_.count()))) < 0 && errno == EINTR) {
    }
    return got > 0;
}

bool tcp_stream::write(std::string_view octets)
{
    while (!octets.empty()) {
        const auto put = ::send(socket_.number(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put >= 0) {
            octets.remove_prefix(static_cast<std::size_t>(put));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait(POLLOUT))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool tcp_stream::read_some(std::string& to)
{
    if (!pending_.empty()) {
        to += pending_;
        pending_.clear();
        return true;
    }
    if (!wait(POLLIN))
        return false;
    std::array<char, 65536> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills what is used
    const auto got = ::read(socket_.number(), buffer.data(), buffer.size());
    if (got <= 0)
        return false;
    to.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<std::string> tcp_stream::read_line()
{
    std::string seen = std::exchange(pending_, {});
    for (std::size_t searched = 0;;) { // what came with more behind it may be as long as it likes
        if (const auto end = seen.find('\n', searched); end != std::string::npos) {
            pending_ = seen.substr(end + 1);
            seen.resize(end);
            if (!seen.empty() && seen.back() == '\r')
                seen.pop_back();
            return seen;
        }
        searched = seen.size();
        if (seen.size() >= longest_line || !read_some(seen))
            break;
    }
    pending_ = std::move(seen);
    return std::nullopt;
}

std::string tcp_stream::read_to_end(bool* ended)
{
    auto all = std::exchange(pending_, {});
    while (read_some(all)) {
    }
    if (ended != nullptr)
        *ended = wait(POLLIN);
    return all;
}

void tcp_stream::close_write()
{
    ::shutdown(socket_.number(), SHUT_WR);
}

void tcp_stream::abort()
{
    const linger hard{1, 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    socket_.reset();
}

tcp_listener::tcp_listener(int backlog) : tcp_listener{1, 0, backlog} {}

tcp_listener::tcp_listener(std::uint8_t host, std::uint16_t port) : tcp_listener{host, port, 512} {}

tcp_listener::tcp_listener(std::uint8_t host, std::uint16_t port, int backlog)
    : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)}, wake_{::eventfd(0, EFD_CLOEXEC)}
{
    auto address = loopback(port);
    address.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~255U) + host);
    if (!socket_ || !wake_ || ::bind(socket_.number(), generic(address), sizeof address) != 0 ||
        ::listen(socket_.number(), backlog) != 0)
        throw std::runtime_error{fmt::format("cannot listen on 127.0.0.1: {}", std::strerror(errno))};
    port_ = local_port(socket_.number());
}

std::optional<descriptor> tcp_listener::accept()
{
    for (;;) {
        std::array<pollfd, 2> ready{pollfd{socket_.number(), POLLIN, 0}, pollfd{wake_.number(), POLLIN, 0}};
        if (::poll(ready.data(), ready.size(), -1) < 0)
            continue;
        if (ready[1].revents != 0)
            return std::nullopt;
        descriptor peer{::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (peer)
            return peer;
    }
}

void tcp_listener::stop()
{
    ::eventfd_write(wake_.number(), 1);
}

std::uint16_t unused_port()
{
    descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto address = loopback(0);
    if (!socket || ::bind(socket.number(), generic(address), sizeof address) != 0)
        throw std::runtime_error{fmt::format("no unused port: {}", std::strerror(errno))};
    return local_port(socket.number());
}

} // namespace postern::test
