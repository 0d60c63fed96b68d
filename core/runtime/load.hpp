#pragma once
// A load of messages and how long they took: what `postern load` is made of.

#include "core/runtime/client.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace postern::runtime {

struct load_options {
    client_options client;
    std::uint64_t messages = 1000;
    std::uint64_t size = 4096; ///< octets of each message
    std::uint32_t sessions = 20;
    bool reuse = false; ///< many messages on a connection
    std::string from = "load@localhost";
    std::string to = "load@localhost";
};

struct load_report {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0; ///< messages not accepted, whatever the reason
    std::string first_failure;
    double seconds = 0;
    double cpu_seconds = 0; ///< of this process
    /// From the start of a message's transaction (or connection, without reuse) to its last reply.
    std::chrono::microseconds p50{}, p99{}, p999{};
};

/// Sends `messages` over `sessions` connections at a time. Blocks.
[[nodiscard]] load_report run_load(const load_options& options);

} // namespace postern::runtime
