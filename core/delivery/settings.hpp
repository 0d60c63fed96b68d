#pragma once
// What the configuration tells the delivery engine. Plain values.

#include <chrono>
#include <cstdint>
#include <string>

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

/// How deliveries are made; one object a generation.
struct settings {
    std::string hostname;                 ///< for EHLO and DSN
    std::string relay;                    ///< smart host "host:port"; empty: by MX, where no plugin routes
    std::string transport = "smtp";       ///< or the instance of a plugin that provides postern.delivery/1
    std::uint32_t concurrency = 100;      ///< transactions at the same time
    std::uint32_t per_destination = 20;   ///< of these to one next hop
    std::uint32_t connection_reuse = 100; ///< messages on one connection
    std::uint16_t mx_port = 25;           ///< of hosts that were found by MX; another one is for tests
    bool mx_loopback = false;             ///< such a host may have an address of this machine's loopback; for tests
    tls_mode tls = tls_mode::opportunistic;
    timeouts timeout;
};

} // namespace postern::delivery
