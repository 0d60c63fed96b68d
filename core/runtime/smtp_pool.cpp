#include "core/runtime/smtp_pool.hpp"

#include "core/io/connect.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

using namespace std::chrono_literals;

/// Long enough to bridge a burst's gaps, short enough not to hold a server's session for nothing.
constexpr auto idle_time = 2s;
constexpr auto idle_per_destination = std::size_t{20};

session::client_tls use_of(hooks::tls_need need) noexcept
{
    switch (need) {
    case hooks::tls_need::none:
        return session::client_tls::none;
    case hooks::tls_need::opportunistic:
        return session::client_tls::opportunistic;
    case hooks::tls_need::required:
    case hooks::tls_need::verified:
    case hooks::tls_need::dane:
        break;
    }
    return session::client_tls::required;
}

std::shared_ptr<client_profile> profile_for(const smtp_pool::destination& to, const generation& current, bool in_clear)
{
    auto profile = std::make_shared<client_profile>();
    const auto need = in_clear ? hooks::tls_need::none : to.policy.need;
    const bool has_name = to.policy.has_name();
    profile->session.hostname = current.delivery.hostname;
    if (const auto pool = current.delivery.pools.find(to.source); pool != current.delivery.pools.end())
        if (!pool->second.hostname.empty())
            profile->session.hostname = pool->second.hostname;
    profile->session.lmtp = to.to.is_lmtp();
    profile->session.tls = use_of(need);
    profile->timeout = current.delivery.timeout;
    profile->tls = has_name ? current.verifying_tls : current.client_tls; // null: what is required cannot be had
    if (profile->tls == nullptr && need == hooks::tls_need::opportunistic)
        profile->session.tls = session::client_tls::none;
    if (has_name)
        profile->server_name = to.policy.name;
    else if (!to.to.is_local() && !base::ip_address::from_text(to.host))
        profile->server_name = to.host;
    profile->expected = {to.policy.other_names, to.policy.tlsa, to.policy.is_tested};
    profile->login = current.delivery.login_at(to.to.text());
    return profile;
}

io::task<base::result<io::connected>> connect_to(io::loop& home, const delivery::route& to, const next_hosts::place& at,
                                                 std::chrono::milliseconds within, const smtp_pool::opening& how)
{
    if (how.connected != nullptr) { // from which address nobody here knows
        auto taken = io::adopt(home, *how.connected);
        if (!taken)
            co_return taken.error();
        co_return io::connected{std::move(*taken), at.address, {}};
    }
    if (!to.is_local())
        co_return co_await io::connect(home, at.address, within, nullptr, how.from);
    auto made = co_await io::connect_unix(home, to.host, within);
    if (!made)
        co_return made.error();
    co_return io::connected{std::move(*made), {}, {}};
}

} // namespace

smtp_pool::lease::~lease()
{
    if (connection_)
        pool_->in_use_.erase(connection_.get());
}

std::optional<next_hosts::place> smtp_pool::idle_place(const delivery::route& to, const std::string& source,
                                                       const std::shared_ptr<const generation>& current) const
{
    for (auto at = idle_.lower_bound({to, source, {}, {hooks::tls_need{}}});
         at != idle_.end() && at->first.to == to && at->first.source == source; ++at)
        if (!at->second.empty() && at->second.back().opened_by == current)
            return at->second.back().at;
    return std::nullopt;
}

void smtp_pool::drop(const delivery::route& to, const std::string& source, const std::string& host)
{
    for (auto at = idle_.lower_bound({to, source, host, {hooks::tls_need{}}});
         at != idle_.end() && at->first.to == to && at->first.source == source && at->first.host == host;) {
        for (auto& one : at->second)
            home_.spawn("retire", retire(std::move(one.connection)));
        at = idle_.erase(at);
    }
}

std::optional<smtp_pool::lease> smtp_pool::take(const destination& to, const std::shared_ptr<const generation>& current)
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

base::result<std::optional<base::ip_address>> smtp_pool::source_for(const destination& to, const next_hosts::place& at,
                                                                    const generation& current)
{
    const auto pool = current.delivery.pools.find(to.source);
    if (pool == current.delivery.pools.end() || pool->second.addresses.empty() || to.to.is_local())
        return std::optional<base::ip_address>{};
    const bool is_v4 = at.address.address.is_v4();
    auto from = delivery::source_of(pool->second, is_v4, turns_[is_v4 ? 1 : 0]++);
    if (!from)
        return base::error_code{boost::asio::error::address_family_not_supported};
    return from;
}

io::task<base::result<smtp_pool::lease>> smtp_pool::open(destination to, next_hosts::place at, opening how,
                                                         std::shared_ptr<const generation> current)
{
    const auto profile = profile_for(to, *current, how.in_clear);
    auto made = co_await connect_to(home_, to.to, at, profile->timeout.connect, how);
    if (!made)
        co_return made.error();
    if (stopping_)
        co_return base::error_code{boost::asio::error::operation_aborted};
    profile->peer = at.address;
    profile->own = made->own;
    profile->has_others = how.has_others;
    auto connection = std::make_unique<smtp_connection>(home_, std::move(made->connection), profile);
    in_use_.insert(connection.get());
    co_return lease{*this, std::move(connection)};
}

void smtp_pool::give_back(const destination& to, next_hosts::place at, lease used,
                          const std::shared_ptr<const generation>& opened_by)
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
    here.push_back({std::move(connection), std::move(at), std::chrono::steady_clock::now(), opened_by});
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
