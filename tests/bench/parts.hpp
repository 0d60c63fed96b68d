#pragma once
// What `./dev bench` can measure, each part by its name. A part adds tables and notes to its report; what it throws is the
// failure of that part alone.

#include "tests/bench/report.hpp"

#include <span>
#include <string_view>

namespace postern::bench {

/// Accepted and dropped, all checks and two plugins on, beside the epoll sink and every peer that can.
void accept(const setting& in, report& out);
/// Accepted into a queue that nothing leaves, beside every peer that has one; each has to sync.
void durable(const setting& in, report& out);
/// In, kept, and out again to a next hop, beside Postfix.
void relay(const setting& in, report& out);
/// A queue for thousands of domains, without and with dead ones among them.
void dead(const setting& in, report& out);
/// Our client beside smtp-source and go-smtp's.
void client(const setting& in, report& out);
/// STARTTLS: a connection a message, fresh and resumed, and many messages on one.
void tls(const setting& in, report& out);
/// Memory: of idle connections, plain and under TLS, and of a session while 100 MB pass.
void idle(const setting& in, report& out);
/// What plugins cost: one question, and ten plugins without an opinion.
void hooks(const setting& in, report& out);
/// Sessions beside others that wait for a plugin which never answers.
void sleeper(const setting& in, report& out);
/// A million messages in the queue: start, memory, and what an operator waits for. POSTERN_BENCH_MESSAGES is another number.
void queue(const setting& in, report& out);
/// Each command's latency at half and at full load.
void latency(const setting& in, report& out);
/// The cost of a message along sessions, sizes, plugins, threads and the length of the queue.
void scaling(const setting& in, report& out);

struct part {
    std::string_view name;
    void (*measure)(const setting&, report&);
};
/// In the order in which they run.
[[nodiscard]] std::span<const part> all_parts() noexcept;

} // namespace postern::bench
