#pragma once
// The servers that are measured, each as a process of its own on loopback.

#include "tests/support/server.hpp"
#include "tests/support/smtp_sink.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace postern::bench {

/// A running server. The destructor ends it.
class subject {
public:
    virtual ~subject() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    [[nodiscard]] virtual pid_t pid() = 0;
    /// CPU time used so far, of all its processes.
    [[nodiscard]] virtual std::chrono::nanoseconds cpu() { return test::cpu_time(pid()); }
    /// Messages that it says it took since it started; empty: it cannot be asked while it runs.
    [[nodiscard]] virtual std::optional<std::size_t> messages() { return std::nullopt; }
};

/// The yardstick: tests/bench/epoll_sink.cpp.
[[nodiscard]] std::unique_ptr<subject> make_epoll_sink();
/// Postfix's smtp-sink.
[[nodiscard]] std::unique_ptr<subject> make_smtp_sink();
/// Postern with relay-domains and discard: all checks, two plugins, nothing kept.
[[nodiscard]] std::unique_ptr<subject> make_postern_discard();
/// Postern with its durable queue, relaying to 127.0.0.1:`next_hop`.
[[nodiscard]] std::unique_ptr<subject> make_postern_relay(std::uint16_t next_hop);

enum class postfix_kind : std::uint8_t {
    accept_only, ///< no queue manager runs: messages are stored and stay
    relay,
};
/// A Postfix of our own with all its files in a temporary folder. Null, with the reason in `why`, where it cannot run:
/// its master process has to be root.
[[nodiscard]] std::unique_ptr<subject> make_postfix(postfix_kind kind, std::uint16_t next_hop, std::string& why);

} // namespace postern::bench
