#include "tests/bench/contest.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/plugin_servers.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern::bench {
namespace {

constexpr int rounds = 7;
constexpr unsigned sleepers = 50;
constexpr unsigned load_sessions = 10;
constexpr unsigned load_messages = 4000;

/// A number of the JSON that `postern load` prints.
double number_in(const std::string& json, std::string_view key)
{
    const auto at = json.find(fmt::format("\"{}\":", key));
    if (at == std::string::npos)
        throw std::runtime_error{"postern load does not print " + std::string{key} + ": " + json};
    return std::stod(json.substr(at + key.size() + 3));
}

/// Latency of whole messages over reused connections, microseconds.
struct latency_of_messages {
    double p50 = 0;
    double p99 = 0;
};

latency_of_messages load(const test::server& server, unsigned messages)
{
    const auto done = test::run({test::postern_program().string(), "load", "--server", server.address(), "--messages",
                                 std::to_string(messages), "--size", "4000", "--sessions", std::to_string(load_sessions),
                                 "--reuse", "--from", "a@client.example", "--to", "b@example.com"});
    if (done.status != test::exit_status{0, 0})
        throw std::runtime_error{"postern load: " + done.output + done.errors};
    return {number_in(done.output, "p50"), number_in(done.output, "p99")};
}

/// Sessions that have asked for a recipient who is never answered about.
class stuck_sessions {
public:
    explicit stuck_sessions(const test::server& server)
    {
        for (unsigned i = 0; i < sleepers; ++i) {
            peers_.push_back(std::make_unique<test::smtp_peer>(server.port()));
            if (peers_.back()->greets().code != 250 || peers_.back()->says("MAIL FROM:<a@client.example>").code != 250)
                throw std::runtime_error{"a session that is to be stuck does not begin"};
            peers_.back()->sends("RCPT TO:<sleep@example.com>\r\n");
        }
    }

private:
    std::vector<std::unique_ptr<test::smtp_peer>> peers_;
};

} // namespace

void sleeper(const setting& in, report& out)
{
    auto what = discarding({"sleeper"});
    what.plugin("sleeper", "sleeper", {}, "deadline = \"10m\"");
    // Two servers of the same configuration: one has sessions that wait for ever.
    test::server calm{with_own_plugins(what)};
    test::server crowded{with_own_plugins(what)};
    const stuck_sessions stuck{crowded};
    const auto messages = in.messages(load_messages);
    report::progress(fmt::format("sleeper: {} rounds of {} messages beside {} sessions that wait for a plugin", in.rounds(rounds),
                                 messages, sleepers));
    std::vector<double> p50[2], p99[2], cpu[2];
    test::server* const servers[2] = {&calm, &crowded};
    for (int round = -1; round < in.rounds(rounds); ++round) { // the first warms up
        for (int i = 0; i < 2; ++i) {
            const auto before = test::cpu_time_of_tree(servers[i]->child().pid());
            const auto seen = load(*servers[i], messages);
            const std::chrono::duration<double, std::micro> used = test::cpu_time_of_tree(servers[i]->child().pid()) - before;
            if (round < 0)
                continue;
            p50[i].push_back(seen.p50);
            p99[i].push_back(seen.p99);
            cpu[i].push_back(used.count() / messages);
        }
    }
    auto& results = out.table("latency of a message of 4 KB");
    for (int i = 0; i < 2; ++i)
        results.add(i == 0 ? "nobody waits" : fmt::format("{} sessions wait for a plugin that sleeps", sleepers), "Postern")
            .figure("p50 us", p50[i])
            .figure("p99 us", p99[i])
            .compare("p99 to calm", median(p99[i]), median(p99[0]))
            .figure("CPU s/1000", per_thousand(cpu[i]), 3)
            .figure("peak MB", megabytes(test::peak_memory_of_tree(servers[i]->child().pid())), 1);
}

} // namespace postern::bench
