#pragma once
// Options of a client that talks to a server of the test's own.

#include "core/runtime/client.hpp"

#include <chrono>
#include <cstdint>

namespace postern::test {

inline runtime::client_options client_to(std::uint16_t port)
{
    constexpr std::chrono::seconds limit{10};
    runtime::client_options options;
    options.host = "127.0.0.1";
    options.port = port;
    options.hostname = "client.example";
    options.timeout = {.connect = limit, .greeting = limit, .command = limit, .data = limit, .final = limit};
    return options;
}

} // namespace postern::test
