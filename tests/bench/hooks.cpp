#include "tests/bench/hooks.hpp"

#include "tests/bench/load.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace postern::bench {
namespace {

constexpr int rounds = 9;
constexpr unsigned plugins = 10;
constexpr unsigned sleepers = 50;
constexpr unsigned load_sessions = 10;
constexpr unsigned load_messages = 4000;

/// A configuration with the plugins of this folder in its path.
test::configuration with_own_plugins(const test::configuration& what)
{
    const std::filesystem::path folder{POSTERN_BENCH_PLUGINS};
    for (const auto& each : std::filesystem::directory_iterator{folder}) // a build under a umask of 002
        std::filesystem::permissions(each.path(), std::filesystem::perms::group_write | std::filesystem::perms::others_write,
                                     std::filesystem::perm_options::remove);
    auto text = what.text();
    const std::string own = "plugin_path = [";
    text.replace(text.find(own), own.size(), fmt::format("{}\"{}\", ", own, folder.string()));
    return test::configuration::of_text(text);
}

test::configuration discarding(std::vector<std::string> chain)
{
    test::configuration what;
    what.section("limits", "connections_per_ip = 0").section("log", "level = \"error\"");
    chain.insert(chain.begin(), "relay-domains");
    chain.emplace_back("discard");
    what.listener("in", chain)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .plugin("discard", "discard");
    return what;
}

class postern_with final : public subject {
public:
    postern_with(std::string name, const test::configuration& what) : name_{std::move(name)}, server_{with_own_plugins(what)} {}
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint16_t port() const override { return server_.port(); }
    [[nodiscard]] pid_t pid() override { return server_.child().pid(); }

private:
    std::string name_;
    test::server server_;
};

/// What is accepted stays in the queue: the next hop takes connections and never says a word.
test::configuration keeping(std::vector<std::string> chain, std::uint16_t silent)
{
    test::configuration what;
    what.section("limits", "connections_per_ip = 0").section("log", "level = \"error\"");
    chain.insert(chain.begin(), "relay-domains");
    what.listener("in", chain)
        .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
        .section("delivery", fmt::format("relay = \"127.0.0.1:{}\"\ntls = \"none\"", silent));
    return what;
}

/// `silent`: the port of the next hop; 0: what is accepted is dropped.
std::unique_ptr<subject> make_with_pass_through(unsigned count, std::uint16_t silent)
{
    std::vector<std::string> chain;
    for (unsigned i = 0; i < count; ++i)
        chain.push_back(fmt::format("pass{}", i));
    auto what = silent == 0 ? discarding(chain) : keeping(chain, silent);
    for (const auto& each : chain)
        what.plugin(each, "pass_everywhere");
    return std::make_unique<postern_with>(fmt::format("{} more plugins", count), what);
}

/// A number of the JSON that `postern load` prints.
double number_in(const std::string& json, std::string_view key)
{
    const auto at = json.find(fmt::format("\"{}\":", key));
    if (at == std::string::npos)
        throw std::runtime_error{"postern load does not print " + std::string{key} + ": " + json};
    return std::stod(json.substr(at + key.size() + 3));
}

/// Latency of whole messages over reused connections, microseconds.
struct latency {
    double p50 = 0;
    double p99 = 0;
};

latency load(const test::server& server)
{
    const auto done = test::run({test::postern_program().string(), "load", "--server", server.address(), "--messages",
                                 std::to_string(load_messages), "--size", "4000", "--sessions", std::to_string(load_sessions),
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

/// A line of the table each for a server with no plugins more and one with ten.
void with_and_without(std::string_view title, std::uint16_t next_hop, const std::vector<workload>& loads, table& results)
{
    std::vector<std::unique_ptr<subject>> servers;
    servers.push_back(make_with_pass_through(0, next_hop));
    servers.push_back(make_with_pass_through(plugins, next_hop));
    for (const auto& what : loads) {
        fmt::print(stderr, "hooks, {}, {}: {} rounds of {} messages\n", title, what.name, rounds, what.messages);
        std::vector<std::vector<double>> rate(servers.size()), cpu(servers.size());
        for (int round = 0; round <= rounds; ++round)
            for (std::size_t i = 0; i < servers.size(); ++i) {
                const auto one = measure(*servers[i], what);
                if (round == 0) // to warm up
                    continue;
                rate[i].push_back(one.rate);
                cpu[i].push_back(one.server_cpu);
            }
        for (std::size_t i = 0; i < servers.size(); ++i)
            results.add({fmt::format("{}, {}", title, what.name), servers[i]->name(), fmt::format("{:.0f}", median(rate[i])),
                         fmt::format("{:.3f}", median(rate[i]) / median(rate[0])), fmt::format("{:.1f}", median(cpu[i])),
                         fmt::format("{:.3f}", median(cpu[i]) / median(cpu[0]))});
    }
}

} // namespace

void hooks()
{
    const auto calls = test::run({POSTERN_HOOK_BENCH, "--benchmark_min_time=0.3"}, {}, std::chrono::minutes{5});
    if (calls.status != test::exit_status{0, 0})
        throw std::runtime_error{"hook_bench: " + calls.errors};
    fmt::print("one question to a plugin\n{}\n", calls.output);

    const test::tcp_listener silent;
    table results{{"plugins with no opinion", "server", "messages/s", "to none", "CPU us/message", "to none"}};
    for (const auto& [title, next_hop, loads] : std::vector<std::tuple<std::string_view, std::uint16_t, std::vector<workload>>>{
             {"accept and discard",
              0,
              {{.name = "W1 50 KB, reuse", .size = 50000, .messages = 5000, .reuse = true},
               {.name = "W2 4 KB, reuse", .size = 4000, .messages = 10000, .reuse = true}}},
             {"accept durably",
              silent.port(),
              {{.name = "W1 50 KB, reuse", .size = 50000, .messages = 2000, .reuse = true},
               {.name = "W2 4 KB, reuse", .size = 4000, .messages = 4000, .reuse = true}}}})
        with_and_without(title, next_hop, loads, results);
    fmt::print("{}\n", results.text());
}

void sleeper()
{
    auto what = discarding({"sleeper"});
    what.plugin("sleeper", "sleeper", {}, "deadline = \"10m\"");
    // Two servers of the same configuration: one has sessions that wait for ever.
    test::server calm{with_own_plugins(what)};
    test::server crowded{with_own_plugins(what)};
    const stuck_sessions stuck{crowded};
    fmt::print(stderr, "sleeper: {} rounds of {} messages beside {} sessions that wait for a plugin\n", rounds, load_messages,
               sleepers);
    std::vector<double> p50[2], p99[2];
    for (int round = 0; round <= rounds; ++round) {
        const latency each[2] = {load(calm), load(crowded)};
        for (int i = 0; i < 2 && round != 0; ++i) {
            p50[i].push_back(each[i].p50);
            p99[i].push_back(each[i].p99);
        }
    }
    table results{{"latency of a message", "p50 us", "p99 us", "p99 to calm"}};
    for (int i = 0; i < 2; ++i)
        results.add({i == 0 ? "nobody waits" : fmt::format("{} sessions wait for a plugin that sleeps", sleepers),
                     fmt::format("{:.0f}", median(p50[i])), fmt::format("{:.0f}", median(p99[i])),
                     fmt::format("{:.3f}", median(p99[i]) / median(p99[0]))});
    fmt::print("{}\n", results.text());
}

} // namespace postern::bench
