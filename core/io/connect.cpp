#include "core/io/connect.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace postern::io {

/// Cancels a connect when its time is over, or its owner wants no more of it.
class connect_deadline final : public deadline {
public:
    connect_deadline(deadline_list& list, socket& target, interruption* by) noexcept : deadline{list}, target_{target}, by_{by}
    {
        if (by_ != nullptr)
            by_->target_ = &target;
    }
    ~connect_deadline() override
    {
        if (by_ != nullptr)
            by_->target_ = nullptr;
    }
    [[nodiscard]] bool has_passed() const noexcept { return passed_; }

private:
    void expired() noexcept override
    {
        passed_ = true;
        boost::system::error_code ignored; // nothing outstanding: nothing to cancel
        target_.cancel(ignored);
    }
    socket& target_;
    interruption* by_;
    bool passed_ = false;
};

void interruption::interrupt() noexcept
{
    has_come_ = true;
    boost::system::error_code ignored; // nothing outstanding: nothing to cancel
    if (target_ != nullptr)
        target_->cancel(ignored);
}

namespace {

using tcp = asio::ip::tcp;
using native_endpoint = asio::generic::stream_protocol::endpoint;

native_endpoint to_native(const base::ip_endpoint& to)
{
    const auto& octets = to.address.octets();
    if (to.address.is_v4()) {
        asio::ip::address_v4::bytes_type v4{};
        std::copy(octets.begin() + 12, octets.end(), v4.begin());
        return tcp::endpoint{asio::ip::address_v4{v4}, to.port};
    }
    asio::ip::address_v6::bytes_type v6{};
    std::copy(octets.begin(), octets.end(), v6.begin());
    return tcp::endpoint{asio::ip::address_v6{v6}, to.port};
}

/// Zero where the system does not say.
base::ip_endpoint own_end_of(const socket& connection)
{
    base::error_code ec;
    const auto native = connection.local_endpoint(ec);
    tcp::endpoint own;
    if (ec || native.size() > own.capacity())
        return {};
    std::memcpy(own.data(), native.data(), native.size());
    const auto address = base::ip_address::from_text(own.address().to_string());
    return address ? base::ip_endpoint{*address, own.port()} : base::ip_endpoint{};
}

/// The port is chosen when it is known whom it leads to, so that one address has more than 28,000 connections.
base::error_code bind_to(socket& made, const native_endpoint& to, const base::ip_address& from)
{
    base::error_code ec;
    made.open(to.protocol(), ec);
    const int on = 1;
    if (!ec)
        (void)::setsockopt(made.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
                           sizeof on); // else the port is chosen now
    if (!ec)
        made.bind(to_native({from, 0}), ec);
    return ec;
}

task<base::result<socket>> connect_to(loop& home, native_endpoint to, std::chrono::milliseconds within, interruption* by,
                                      std::optional<base::ip_address> from = std::nullopt)
{
    socket made{home.context().get_executor()};
    if (from)
        if (const auto ec = bind_to(made, to, *from))
            co_return ec;
    connect_deadline limit{home.deadlines(), made, by};
    limit.set(within);
    base::error_code ec;
    co_await made.async_connect(to, asio::redirect_error(use_task, ec));
    if (limit.has_passed())
        co_return base::error_code{asio::error::timed_out};
    if (by != nullptr && by->has_come())
        co_return base::error_code{asio::error::operation_aborted};
    if (ec)
        co_return ec;
    co_return made;
}

} // namespace

task<base::result<std::vector<base::ip_endpoint>>> resolve(loop& home, std::string host, std::uint16_t port)
{
    std::vector<base::ip_endpoint> found;
    if (const auto address = base::ip_address::from_text(host)) {
        found.push_back({*address, port});
        co_return found;
    }
    asio::ip::basic_resolver<tcp, executor> resolver{home.context().get_executor()};
    base::error_code ec;
    const auto service = std::to_string(port);
    const auto results = co_await resolver.async_resolve(host, service, asio::redirect_error(use_task, ec));
    if (ec)
        co_return ec;
    for (const auto& one : results)
        if (const auto address = base::ip_address::from_text(one.endpoint().address().to_string()))
            found.push_back({*address, port});
    if (found.empty())
        co_return base::error_code{asio::error::host_not_found};
    co_return found;
}

task<base::result<connected>> connect(loop& home, base::ip_endpoint to, std::chrono::milliseconds within, interruption* by,
                                      std::optional<base::ip_address> from)
{
    auto made = co_await connect_to(home, to_native(to), within, by, from);
    if (!made)
        co_return made.error();
    const auto own = own_end_of(*made);
    co_return connected{std::move(*made), to, own};
}

task<base::result<socket>> connect_unix(loop& home, std::string path, std::chrono::milliseconds within, interruption* by)
{
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path)
        co_return base::error_code{asio::error::name_too_long};
    const native_endpoint to{asio::local::stream_protocol::endpoint{path}};
    co_return co_await connect_to(home, to, within, by);
}

base::result<socket> adopt(loop& home, base::descriptor& made)
{
    base::descriptor own{made.take()}; // closed on every way out
    const auto fd = own.get();
    const auto last_error = [] { return base::error_code{errno, boost::system::system_category()}; };
    const auto option = [fd](int name) -> std::optional<int> {
        int value = 0;
        socklen_t size = sizeof value;
        return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? std::optional{value} : std::nullopt;
    };
    const auto type = option(SO_TYPE);
    const auto family = option(SO_DOMAIN);
    const auto protocol = option(SO_PROTOCOL);
    if (!type || !family || !protocol)
        return last_error(); // no socket at all
    if (*type != SOCK_STREAM)
        return base::error_code{ESOCKTNOSUPPORT, boost::system::system_category()};
    if (const auto pending = option(SO_ERROR); pending.value_or(0) != 0)
        return base::error_code{*pending, boost::system::system_category()};
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
        return last_error(); // it listens, or is not connected yet
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return last_error();
    socket taken{home.context().get_executor()};
    base::error_code ec;
    taken.assign(asio::generic::stream_protocol{*family, *protocol}, fd, ec);
    if (ec)
        return ec;
    (void)own.take();
    return taken;
}

} // namespace postern::io
