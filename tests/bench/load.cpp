#include "tests/bench/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace postern::bench {
namespace {

using clock = std::chrono::steady_clock;

[[nodiscard]] double seconds(clock::duration time)
{
    return std::chrono::duration<double>{time}.count();
}

} // namespace

std::vector<std::string> generator_command(const subject& server, const workload& what)
{
    if (what.by == generator::go_smtp)
        return {(test::build_folder() / "tests/bin/go_smtp_sender").string(),
                "-server",
                "127.0.0.1:" + std::to_string(server.port()),
                "-messages",
                std::to_string(what.messages),
                "-sessions",
                std::to_string(what.sessions),
                "-size",
                std::to_string(what.size)};
    if (what.by == generator::resuming)
        return {(test::build_folder() / "tests/bin/tls_sender").string(), std::to_string(server.port()),
                std::to_string(what.messages), std::to_string(what.sessions), std::to_string(what.size)};
    if (what.by == generator::smtp_source)
        return test::smtp_source_command({.port = server.port(),
                                          .sessions = what.sessions,
                                          .messages = what.messages,
                                          .size = what.size,
                                          .reuse = what.reuse});
    std::vector<std::string> command{test::postern_program().string(),
                                     "load",
                                     "--server",
                                     "127.0.0.1:" + std::to_string(server.port()),
                                     "--messages",
                                     std::to_string(what.messages),
                                     "--size",
                                     std::to_string(what.size),
                                     "--sessions",
                                     std::to_string(what.sessions),
                                     "--from",
                                     "sender@client.example",
                                     "--to",
                                     "user@example.com"};
    if (what.pipelining)
        command.emplace_back("--pipelining");
    if (what.bdat)
        command.emplace_back("--bdat");
    if (what.starttls)
        command.insert(command.end(), {"--tls", "starttls"});
    if (what.reuse)
        command.emplace_back("--reuse");
    return command;
}

measurement measure(const setting& in, subject& server, const workload& what, sink_subject* next_hop)
{
    const auto messages_before = server.messages();
    const auto arrived_before = next_hop != nullptr ? next_hop->taken().messages : 0;
    const machine_watch machine{in.disk.sync_us};
    const auto cpu_before = server.cpu();
    const auto next_hop_before = next_hop != nullptr ? next_hop->cpu() : std::chrono::nanoseconds{};
    const auto begin = clock::now();
    test::process sender{generator_command(server, what)};
    const auto status = sender.wait(std::chrono::minutes{5});
    const auto accepted = clock::now();
    // smtp-source stops at the first reply that it does not like.
    if (status != test::exit_status{0, 0})
        throw std::runtime_error{fmt::format("{}: not every message was accepted: {}", server.name(), sender.errors())};
    const auto have_arrived = [&] { return next_hop->taken().messages >= arrived_before + what.messages; };
    if (next_hop != nullptr && !test::eventually(have_arrived, std::chrono::minutes{5}))
        throw dishonest{fmt::format("{}: {} of {} messages arrived", server.name(), next_hop->taken().messages - arrived_before,
                                    what.messages)};
    const auto arrived = clock::now();
    const auto cpu_after = server.cpu();
    const auto next_hop_after = next_hop != nullptr ? next_hop->cpu() : std::chrono::nanoseconds{};
    measurement result;
    machine.read(result.busy);
    // Its last word may still be on the way to us.
    const auto is_complete = [&] { return server.messages().value_or(0) == *messages_before + what.messages; };
    if (messages_before && !test::eventually(is_complete, std::chrono::seconds{10}))
        throw dishonest{fmt::format("{}: {} of {} messages counted", server.name(),
                                    server.messages().value_or(0) - *messages_before, what.messages)};

    const double cpu_s = std::chrono::duration<double>{cpu_after - cpu_before}.count();
    const double generator_s = std::chrono::duration<double>{sender.cpu_used()}.count();
    result.rate = what.messages / seconds(accepted - begin);
    result.server_cpu = cpu_s * 1e6 / what.messages;
    result.generator_cpu = generator_s * 1e6 / what.messages;
    result.end_to_end = next_hop != nullptr ? what.messages / seconds(arrived - begin) : 0;
    const bool has_threads = what.by == generator::go_smtp || what.by == generator::resuming;
    result.busy.generator = generator_s / seconds(accepted - begin) / (has_threads ? all_cores() : 1);
    result.busy.server = cpu_s / seconds(arrived - begin) / server.cores();
    result.busy.next_hop = std::chrono::duration<double>{next_hop_after - next_hop_before}.count() / seconds(arrived - begin);
    return result;
}

void warm_up(const setting& in, subject& server, workload what, sink_subject* next_hop)
{
    what.messages = std::max(what.messages / 10, what.sessions);
    (void)measure(in, server, what, next_hop);
}

} // namespace postern::bench
