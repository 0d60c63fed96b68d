#pragma once
// One run of a generator (Postfix's smtp-source, go-smtp's client, or our own) against one server, and what it cost both.

#include "tests/bench/setting.hpp"
#include "tests/bench/subjects.hpp"
#include "tests/bench/usage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace postern::bench {

enum class generator : std::uint8_t {
    smtp_source, ///< Postfix's
    ours,        ///< `postern load`
    go_smtp,     ///< a Go program on its client; reused connections alone
    resuming,    ///< tls_sender: a connection a message, each with the TLS session of an earlier one
};

/// What is sent.
struct workload {
    std::string name;
    unsigned size = 50000;
    unsigned messages = 5000;
    unsigned sessions = 20;
    bool reuse = true;
    generator by = generator::smtp_source;
    bool starttls = false;  ///< ours only
    bool pipelining = true; ///< ours only
    bool bdat = false;      ///< ours only
};

/// What one run showed. Every message was accepted, or there is no measurement.
struct measurement {
    double rate = 0;          ///< messages a second, to the last reply
    double server_cpu = 0;    ///< microseconds a message
    double generator_cpu = 0; ///< microseconds a message
    double end_to_end = 0;    ///< messages a second until the last arrived at the next hop; 0: not a relay
    usage busy;
};

/// The command that sends the workload.
[[nodiscard]] std::vector<std::string> generator_command(const subject& server, const workload& what);

/// Sends the workload and waits for its end. `next_hop`: also waits until the messages have arrived there.
/// Throws std::runtime_error when a message was refused, and dishonest when a count is wrong.
[[nodiscard]] measurement measure(const setting& in, subject& server, const workload& what, sink_subject* next_hop = nullptr);

/// A tenth of the load, to warm caches and pools before anything counts.
void warm_up(const setting& in, subject& server, workload what, sink_subject* next_hop = nullptr);

} // namespace postern::bench
