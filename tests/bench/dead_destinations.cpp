#include "tests/bench/contest.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/stored_queue.hpp"
#include "tests/bench/subjects.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/dns_peer.hpp"
#include "tests/support/server.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr int rounds = 3;
constexpr unsigned domains = 10'000;
constexpr unsigned messages_each = 3;
constexpr std::size_t message_size = 4000;
/// Without any the CPU is the limit, and each dead domain costs lookups and a connect of it that nobody can save. Over a network
/// places are: whether those who look for a way take them from those who deliver is seen there.
constexpr std::array delays{std::chrono::milliseconds{0}, std::chrono::milliseconds{10}};

/// What stands at the address of a domain's host: the last octet of 127.0.0.
constexpr unsigned char lives_at = 1;
constexpr unsigned char refuses_at = 9;                       // where nobody listens
constexpr std::array<unsigned char, 4> silent_at{2, 3, 4, 5}; // connections are taken and never greeted; at last not even taken

/// Three of ten are dead, and of five dead ones one refuses at once.
[[nodiscard]] bool is_dead(unsigned domain)
{
    return domain % 10 < 3;
}

[[nodiscard]] unsigned char address_of(unsigned domain)
{
    if (!is_dead(domain))
        return lives_at;
    return domain / 10 % 5 == 0 ? refuses_at : silent_at.at(domain / 10 % silent_at.size());
}

constexpr unsigned live_domains = domains / 10 * 7;
constexpr std::size_t live_messages = std::size_t{live_domains} * messages_each;
constexpr std::size_t dead_messages = std::size_t{domains - live_domains} * messages_each;

/// The names d0.example to d9999.example, each with a mail exchanger of its own, mx.d0.example and so on.
[[nodiscard]] test::dns_said answer(const std::string& name, std::uint16_t type)
{
    constexpr std::uint16_t type_a = 1;
    constexpr std::uint16_t type_mx = 15;
    const auto begin = name.starts_with("mx.") ? 3U : 0U;
    if (name.size() < begin + 2 || name[begin] != 'd' || name[begin + 1] < '0' || name[begin + 1] > '9')
        return {};
    const auto domain = static_cast<unsigned>(std::stoul(name.substr(begin + 1)));
    if (begin == 0 && type == type_mx)
        return {0, {{name, type_mx, test::dns_peer::two(10) + test::dns_peer::wire("mx." + name)}}};
    if (begin != 0 && type == type_a)
        return {0, {{name, type_a, {'\x7f', '\0', '\0', static_cast<char>(address_of(domain))}}}};
    return {};
}

/// The names, the host of those who live, and those who say nothing: of one round, since a connection that nobody has taken stays
/// in the way of later ones.
class network {
public:
    explicit network(std::chrono::milliseconds delay)
        : sink_{make_epoll_sink({"--expect", std::to_string(live_messages), "--delay", std::to_string(delay.count())})}
    {
        for (const auto each : silent_at)
            silent_.push_back(std::make_unique<test::tcp_listener>(each, sink_->port()));
    }
    [[nodiscard]] sink_subject& sink() noexcept { return *sink_; }
    [[nodiscard]] test::configuration gateway() const
    {
        test::configuration what;
        what.section("log", "level = \"error\"")
            .listener("in", {"relay-domains"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .section("delivery", fmt::format("mx_port = {}\nmx_loopback = true", sink_->port()))
            .section("delivery.dns", fmt::format("servers = [\"{}\"]", names_.address()));
        return what;
    }

private:
    test::dns_peer names_{answer};
    // What costs next to nothing, or it would be measured itself.
    std::unique_ptr<sink_subject> sink_;
    std::vector<std::unique_ptr<test::tcp_listener>> silent_;
};

struct figures {
    std::vector<double> rate{}, cpu{}, connections{}, peak{}; // cpu, connections: for each live message
};

/// Connections that this machine has set out to make.
[[nodiscard]] double connections_made()
{
    std::ifstream file{"/proc/net/snmp"};
    std::string line;
    std::vector<std::string> names;
    while (std::getline(file, line)) {
        std::istringstream words{line};
        std::string word;
        words >> word;
        if (word != "Tcp:")
            continue;
        const std::vector<std::string> all{std::istream_iterator<std::string>{words}, {}};
        if (names.empty()) {
            names = all;
            continue;
        }
        const auto at = std::find(names.begin(), names.end(), "ActiveOpens") - names.begin();
        return std::stod(all.at(static_cast<std::size_t>(at)));
    }
    throw std::runtime_error{"/proc/net/snmp does not say how many connections were made"};
}

/// Starts a server on a queue that was filled before, and waits until the last message for those who live has arrived.
void deliver(bool with_dead, std::chrono::milliseconds delay, figures& to)
{
    const test::temporary_folder folder;
    std::vector<unsigned> wanted;
    for (unsigned i = 0; i < domains * messages_each; ++i)
        if (const auto domain = i % domains; with_dead || !is_dead(domain))
            wanted.push_back(domain);
    (void)store_messages(folder.path(), wanted.size(), [&](std::size_t i) {
        return stored{.recipient = fmt::format("user@d{}.example", wanted[i]), .size = message_size};
    });

    network around{delay};
    const auto connections = connections_made();
    test::server server{around.gateway(), folder.path()};
    const auto begin = clock::now();
    const auto cpu_before = test::cpu_time(server.child().pid()); // reading the queue, of which there is more with dead ones
    const bool is_complete = around.sink().is_complete(std::chrono::minutes{2});
    const std::chrono::duration<double> time = clock::now() - begin;
    const auto cpu = test::cpu_time(server.child().pid()) - cpu_before;
    const auto connected = connections_made() - connections;
    // All others, and no more than these, are still there.
    const auto left = fmt::format("\"queued\":{},", with_dead ? dead_messages : 0);
    std::string status;
    const bool is_left = test::eventually(
        [&] {
            status = server.command({"status", "--json"}).output;
            return status.find(left) != std::string::npos;
        },
        std::chrono::seconds{10});
    if (const auto arrived = around.sink().stop(); !is_complete || !is_left || arrived != live_messages)
        throw dishonest{fmt::format("{} of {} messages arrived, and the server has {}; its log: {}", arrived, live_messages,
                                    status, server.log())};
    to.rate.push_back(static_cast<double>(live_messages) / time.count());
    to.cpu.push_back(std::chrono::duration<double, std::micro>{cpu}.count() / static_cast<double>(live_messages));
    to.connections.push_back(connected / static_cast<double>(live_messages));
    to.peak.push_back(static_cast<double>(test::peak_memory(server.child().pid())) / 1e6);
}

} // namespace

void dead(const setting& in, report& out)
{
    auto& results = out.table("a queue for thousands of domains");
    for (const auto delay : delays) {
        const auto network_of = delay.count() == 0 ? std::string{} : fmt::format(", replies after {} ms", delay.count());
        report::progress(
            fmt::format("dead{}: {} rounds of {} messages for {} domains that live, without and with {} for {} that do not",
                        network_of, in.rounds(rounds), live_messages, live_domains, dead_messages, domains - live_domains));
        figures calm, troubled;
        for (int round = in.quick ? 0 : -1; round < in.rounds(rounds); ++round) { // the first warms up
            figures warming_up;
            deliver(false, delay, round < 0 ? warming_up : calm);
            deliver(true, delay, round < 0 ? warming_up : troubled);
        }
        const auto add = [&](std::string name, const figures& what) -> result_row& {
            return results.add(std::move(name) + network_of, "Postern")
                .figure("messages/s to the living", what.rate)
                .compare("to none dead", median(what.rate), median(calm.rate))
                .figure("CPU s/1000", per_thousand(what.cpu), 3)
                .figure("connections/message", what.connections, 2)
                .figure("peak MB", what.peak, 1);
        };
        add(fmt::format("{} domains, none dead", live_domains), calm);
        add(fmt::format("{} domains, 30 % dead", domains), troubled)
            .figure("CPU us/dead domain", (median(troubled.cpu) - median(calm.cpu)) * static_cast<double>(live_messages) /
                                              static_cast<double>(domains - live_domains))
            .judge("dead.rate", median(troubled.rate) / median(calm.rate));
    }
}

} // namespace postern::bench
