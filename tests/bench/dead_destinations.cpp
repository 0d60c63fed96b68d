#include "tests/bench/dead_destinations.hpp"

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
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace postern::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr int rounds = 5;
constexpr unsigned domains = 10'000;
constexpr unsigned messages_each = 3;
constexpr std::size_t message_size = 4000;
constexpr double aim = 0.95;

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
    network()
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
    std::unique_ptr<sink_subject> sink_ = make_epoll_sink({"--expect", std::to_string(live_messages)});
    std::vector<std::unique_ptr<test::tcp_listener>> silent_;
};

struct figures {
    std::vector<double> rate{}, cpu{}, peak{};
};

/// Starts a server on a queue that was filled before, and waits until the last message for those who live has arrived.
void deliver(bool with_dead, figures& to)
{
    const test::temporary_folder folder;
    std::vector<unsigned> wanted;
    for (unsigned i = 0; i < domains * messages_each; ++i)
        if (const auto domain = i % domains; with_dead || !is_dead(domain))
            wanted.push_back(domain);
    (void)store_messages(folder.path(), wanted.size(), [&](std::size_t i) {
        return stored{.recipient = fmt::format("user@d{}.example", wanted[i]), .size = message_size};
    });

    network around;
    test::server server{around.gateway(), folder.path()};
    const auto begin = clock::now();
    const bool is_complete = around.sink().is_complete(std::chrono::minutes{2});
    const std::chrono::duration<double> time = clock::now() - begin;
    const auto cpu = test::cpu_time(server.child().pid());
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
        throw std::runtime_error{fmt::format("{} of {} messages arrived, and the server has {}; its log: {}", arrived,
                                             live_messages, status, server.log())};
    to.rate.push_back(static_cast<double>(live_messages) / time.count());
    to.cpu.push_back(std::chrono::duration<double, std::micro>{cpu}.count() / static_cast<double>(live_messages));
    to.peak.push_back(static_cast<double>(test::peak_memory(server.child().pid())) / 1e6);
}

} // namespace

void deliver_past_dead_destinations()
{
    // Who looks for a way has a socket.
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);

    fmt::print(stderr,
               "dead destinations: {} rounds of {} messages for {} domains that live, without and with {} for {} that do not\n",
               rounds, live_messages, live_domains, dead_messages, domains - live_domains);
    figures calm, troubled;
    for (int round = 0; round <= rounds; ++round) {
        figures warming_up;
        deliver(false, round == 0 ? warming_up : calm);
        deliver(true, round == 0 ? warming_up : troubled);
    }
    table results{
        {"a queue for thousands of domains", "messages/s to the live", "to none dead", "aim", "CPU us/message", "peak MB"}};
    const auto row = [&](std::string name, const figures& what, std::string_view goal) {
        results.add({std::move(name), fmt::format("{:.0f}", median(what.rate)), ratio(median(what.rate), median(calm.rate)),
                     std::string{goal}, fmt::format("{:.0f}", median(what.cpu)), fmt::format("{:.1f}", median(what.peak))});
    };
    row(fmt::format("{} domains, none dead", live_domains), calm, "");
    row(fmt::format("{} domains, 30 % dead", domains), troubled, fmt::format("{:.2f}", aim));
    fmt::print("{}\n", results.text());
}

} // namespace postern::bench
