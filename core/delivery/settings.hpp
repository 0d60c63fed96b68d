#pragma once
// What the configuration tells the delivery engine. Plain values.

#include "core/base/ip_address.hpp"
#include "core/base/secret.hpp"
#include "core/delivery/pace.hpp"
#include "core/delivery/resting.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::delivery {

/// Of deliveries: never, where it is offered, or nothing goes without it.
enum class tls_mode : std::uint8_t { none, opportunistic, required };

/// RFC 5321 4.5.3.2.
struct timeouts {
    std::chrono::milliseconds connect = std::chrono::seconds{30};
    std::chrono::milliseconds greeting = std::chrono::minutes{5};
    std::chrono::milliseconds command = std::chrono::minutes{5};
    std::chrono::milliseconds data = std::chrono::minutes{3};   ///< without progress in content
    std::chrono::milliseconds final = std::chrono::minutes{10}; ///< reply to the end of data
};

/// Whom this server is on its way out. Of each family one address is taken, by turns.
struct source_pool {
    std::vector<base::ip_address> addresses; ///< empty: as the system chooses
    std::string hostname;                    ///< for EHLO; empty: that of all
};

/// The address of that family whose turn it is; nothing: the pool has none.
[[nodiscard]] inline std::optional<base::ip_address> source_of(const source_pool& pool, bool is_v4, std::size_t turn)
{
    std::vector<base::ip_address> fitting;
    std::copy_if(pool.addresses.begin(), pool.addresses.end(), std::back_inserter(fitting),
                 [is_v4](const auto& each) { return each.is_v4() == is_v4; });
    return fitting.empty() ? std::nullopt : std::optional{fitting[turn % fitting.size()]};
}

/// What the connection has to be before anything of a login is said on it.
enum class login_tls : std::uint8_t {
    opportunistic, ///< whatever it is
    required,      ///< TLS, with whomever
    verified,      ///< TLS with who has a trusted certificate for the name
};

/// Who this server is at a next hop. The secrets are wiped at its end.
struct login {
    std::string user = {};
    std::string act_for = {}; ///< authorization identity; empty: the user's own
    base::secret_text password = {};
    base::secret_text token = {};             ///< for OAUTHBEARER and XOAUTH2
    std::vector<std::string> mechanisms = {}; ///< upper case: no others will do; empty: the best that is offered
    login_tls tls = login_tls::verified;
    std::string tls_name = {}; ///< that the certificate has to be for; empty: the host's
    bool in_clear = false;     ///< mechanisms that show the password or token may be used outside TLS
};

/// What holds for one destination, by the name that the log has as next_hop.
struct destination_rule {
    std::optional<std::uint32_t> concurrency;
    std::optional<pace> rate;
    std::string suspended; ///< why nothing goes there; empty: it does
    std::string pool;      ///< empty: that of all
};

/// How deliveries are made; one object a generation.
struct settings {
    std::string hostname;                 ///< for EHLO and DSN
    std::string relay;                    ///< smart host "host:port"; empty: by MX, where no plugin routes
    std::string postmaster;               ///< who is told of failed mail that has no sender to be told; empty: nobody
    std::string transport = "smtp";       ///< or the instance of a plugin that provides postern.delivery/1
    std::uint32_t concurrency = 100;      ///< transactions at the same time
    std::uint32_t per_destination = 20;   ///< of these to one next hop
    std::uint32_t connection_reuse = 100; ///< messages on one connection
    std::uint16_t mx_port = 25;           ///< of hosts that were found by MX; another one is for tests
    bool mx_loopback = false;             ///< such a host may have an address of this machine's loopback; for tests
    tls_mode tls = tls_mode::opportunistic;
    pace rate;        ///< of transactions to one destination
    std::string pool; ///< empty: no source address in particular
    std::map<std::string, source_pool, std::less<>> pools;
    std::map<std::string, destination_rule, std::less<>> destinations;
    std::map<std::string, std::shared_ptr<const login>, std::less<>> logins; ///< by next hop, likewise; never null
    rest_times rest;                                                         ///< of destinations that cannot be reached
    timeouts timeout;

    /// Null: nobody logs in there.
    [[nodiscard]] std::shared_ptr<const login> login_at(std::string_view next_hop) const
    {
        const auto found = logins.find(next_hop);
        return found == logins.end() ? nullptr : found->second;
    }
};

} // namespace postern::delivery
