#include "core/io/connect.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <utility>

namespace postern::io {

namespace {

using tcp = asio::ip::tcp;

/// Cancels a connect when its time is over.
class connect_deadline final : public deadline {
public:
    connect_deadline(deadline_list& list, socket& target) noexcept : deadline{list}, target_{target} {}
    [[nodiscard]] bool has_passed() const noexcept { return passed_; }

private:
    void expired() noexcept override
    {
        passed_ = true;
        boost::system::error_code ignored; // nothing outstanding: nothing to cancel
        target_.cancel(ignored);
    }
    socket& target_;
    bool passed_ = false;
};

asio::generic::stream_protocol::endpoint to_native(const base::ip_endpoint& to)
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

task<base::result<connected>> connect(loop& home, base::ip_endpoint to, std::chrono::milliseconds within)
{
    socket made{home.context().get_executor()};
    connect_deadline limit{home.deadlines(), made};
    limit.set(within);
    base::error_code ec;
    const auto native = to_native(to);
    co_await made.async_connect(native, asio::redirect_error(use_task, ec));
    if (limit.has_passed())
        co_return base::error_code{asio::error::timed_out};
    if (ec)
        co_return ec;
    co_return connected{std::move(made), to};
}

} // namespace postern::io
