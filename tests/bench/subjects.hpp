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

/// Of this machine; at least 1.
[[nodiscard]] unsigned all_cores();

/// A running server. The destructor ends it.
class subject {
public:
    virtual ~subject() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    [[nodiscard]] virtual pid_t pid() = 0;
    /// CPU time used so far, of all its processes.
    [[nodiscard]] virtual std::chrono::nanoseconds cpu() { return test::cpu_time_of_tree(pid()); }
    /// How many cores it can make use of.
    [[nodiscard]] virtual unsigned cores() const { return 1; }
    /// Resident octets at their most, of all its processes.
    [[nodiscard]] virtual std::uint64_t peak_memory() { return test::peak_memory_of_tree(pid()); }
    /// Messages that it says it took since it started; empty: it cannot be asked while it runs.
    [[nodiscard]] virtual std::optional<std::size_t> messages() { return std::nullopt; }
};

struct sink_count {
    std::size_t messages = 0;
    std::uint64_t digest = 0; ///< sum of body_hash(); 0 without --digest
};
/// The yardstick: tests/bench/epoll_sink.cpp.
class sink_subject : public subject {
public:
    /// What it took so far.
    [[nodiscard]] virtual sink_count taken() = 0;
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
/// A configuration without the limits that a load from one address would meet.
[[nodiscard]] test::configuration without_limits_per_address();
/// `keeps`: what it takes goes into its queue, and is counted there.
/// `folder`: where a queue may lie already; empty: one of its own.
[[nodiscard]] std::unique_ptr<subject> make_postern(const test::configuration& what, bool keeps, std::string name = "Postern",
                                                    const std::filesystem::path& folder = {});
/// Postern with relay-domains and discard: all checks, two plugins, nothing kept. `tls`: of its listener.
[[nodiscard]] std::unique_ptr<subject> make_postern_discard(std::string_view tls = "none");
/// Postern with its durable queue, relaying to 127.0.0.1:`next_hop`.
[[nodiscard]] std::unique_ptr<subject> make_postern_relay(std::uint16_t next_hop);

} // namespace postern::bench
