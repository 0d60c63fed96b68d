#include "core/runtime/smtp_pool.hpp"

#include "core/io/connect.hpp"

#include <utility>

namespace postern::runtime {

namespace {

using namespace std::chrono_literals;

/// Long enough to bridge a burst's gaps, short enough not to hold a server's session for nothing.
constexpr auto idle_time = 2s;
constexpr auto idle_per_destination = std::size_t{20};

} // namespace

smtp_pool::lease::~lease()
{
    if (connection_)
        pool_->in_use_.erase(connection_.get());
}

std::optional<smtp_pool::lease> smtp_pool::take(const delivery::route& to, const std::shared_ptr<const generation>& current)
{
    const auto found = idle_.find(to);
    if (found == idle_.end() || found->second.empty() || found->second.back().opened_by != current)
        return std::nullopt;                                      // those of another generation leave by reap()
    auto connection = std::move(found->second.back().connection); // the youngest: the most likely to live
    found->second.pop_back();
    if (found->second.empty())
        idle_.erase(found);
    in_use_.insert(connection.get());
    return lease{*this, std::move(connection)};
}

io::task<base::result<smtp_pool::lease>> smtp_pool::open(delivery::route to, std::shared_ptr<const generation> current,
                                                         session::client_tls tls, std::span<const base::ip_endpoint> own)
{
    auto profile = std::make_shared<client_profile>();
    profile->session.hostname = current->delivery.hostname;
    profile->session.tls = current->client_tls ? tls : session::client_tls::none;
    profile->timeout = current->delivery.timeout;
    profile->tls = current->client_tls;
    profile->server_name = base::ip_address::from_text(to.host) ? std::string{} : to.host;

    const auto addresses = co_await io::resolve(home_, to.host, to.port);
    if (!addresses)
        co_return addresses.error();
    base::error_code last;
    for (const auto& address : *addresses) {
        delivery::route resolved = to;
        resolved.host = address.address.text();
        if (delivery::leads_to_ourselves(resolved, own))
            co_return base::error_code{boost::asio::error::address_in_use};
        auto made = co_await io::connect(home_, address, profile->timeout.connect);
        if (made) {
            if (stopping_)
                co_return base::error_code{boost::asio::error::operation_aborted};
            auto connection = std::make_unique<smtp_connection>(home_, std::move(made->connection), profile);
            in_use_.insert(connection.get());
            co_return lease{*this, std::move(connection)};
        }
        last = made.error();
    }
    co_return last;
}

void smtp_pool::give_back(const delivery::route& to, lease used, const std::shared_ptr<const generation>& opened_by)
{
    in_use_.erase(used.connection_.get());
    auto connection = std::move(used.connection_);
    auto& here = idle_[to];
    if (stopping_ || connection->messages() >= opened_by->delivery.connection_reuse || here.size() >= idle_per_destination) {
        if (here.empty())
            idle_.erase(to);
        home_.spawn("retire", retire(std::move(connection)));
        return;
    }
    here.push_back({std::move(connection), std::chrono::steady_clock::now(), opened_by});
    watch();
}

io::task<void> smtp_pool::retire(std::unique_ptr<smtp_connection> one)
{
    auto* const raw = one.get();
    in_use_.insert(raw);
    lease held{*this, std::move(one)};
    co_await held->quit();
}

void smtp_pool::watch()
{
    if (is_watching_ || stopping_)
        return;
    is_watching_ = true;
    tick_.expires_after(1s);
    tick_.async_wait([this](const base::error_code& ec) {
        is_watching_ = false;
        if (!ec)
            reap();
    });
}

void smtp_pool::reap()
{
    const auto stale = std::chrono::steady_clock::now() - idle_time;
    for (auto at = idle_.begin(); at != idle_.end();) {
        auto& here = at->second;
        while (!here.empty() && here.front().since < stale) { // given back in order of time
            home_.spawn("retire", retire(std::move(here.front().connection)));
            here.pop_front();
        }
        at = here.empty() ? idle_.erase(at) : std::next(at);
    }
    if (!idle_.empty())
        watch();
}

void smtp_pool::drain()
{
    stopping_ = true;
    tick_.cancel();
    for (auto* one : in_use_)
        if (!one->has_begun_content())
            one->interrupt();
    for (auto& [to, here] : std::exchange(idle_, {}))
        for (auto& one : here)
            home_.spawn("retire", retire(std::move(one.connection)));
}

void smtp_pool::interrupt()
{
    stopping_ = true;
    tick_.cancel();
    idle_.clear();
    for (auto* one : in_use_)
        one->interrupt();
}

} // namespace postern::runtime
