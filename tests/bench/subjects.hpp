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
#include <string_view>
#include <vector>

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
class sink_subject : public subject {
public:
    /// Waits until it has the messages that it is to hold; false: they have not come.
    [[nodiscard]] virtual bool is_holding() = 0;
    /// Waits until it has as many messages as it was told to expect; false: they have not come.
    [[nodiscard]] virtual bool is_complete(std::chrono::milliseconds limit) = 0;
    /// Ends it: how many messages it took in all.
    [[nodiscard]] virtual std::size_t stop() = 0;
};
/// `options`: its own.
[[nodiscard]] std::unique_ptr<sink_subject> make_epoll_sink(const std::vector<std::string>& options = {});
/// Postfix's smtp-sink.
[[nodiscard]] std::unique_ptr<subject> make_smtp_sink();
/// Postern with relay-domains and discard: all checks, two plugins, nothing kept. `tls`: of its listener.
[[nodiscard]] std::unique_ptr<subject> make_postern_discard(std::string_view tls = "none");
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
