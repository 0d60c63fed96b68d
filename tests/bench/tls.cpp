#include "tests/bench/contest.hpp"
#include "tests/bench/parts.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

namespace postern::bench {
namespace {

constexpr int rounds = 4;

[[nodiscard]] std::vector<contestant> make_servers(const tls_files& files, report& out)
{
    std::vector<contestant> all;
    // What a connection under TLS costs beyond what OpenSSL costs by itself is seen beside this one.
    all.emplace_back(make_epoll_sink({"--tls", files.certificate, files.key}), true);
    all.emplace_back(make_postern_discard("starttls"), true);
    add_peers(all,
              {[&](std::string& why) { return make_go_smtp(why, files); },
               [&](std::string& why) { return make_postfix(postfix_kind::discard, 1, why, files); },
               [&](std::string& why) { return make_smtp_server(why, files); }},
              out);
    for (auto& each : all)
        if (each.server->name() == "smtp-server")
            each.share = 0.1;
        else if (each.server->name() == "Postfix")
            each.share = 0.4;
    return all;
}

} // namespace

void tls(const setting& in, report& out)
{
    const test::temporary_folder folder;
    test::make_certificate(folder.path());
    auto servers = make_servers({(folder / "cert.pem").string(), (folder / "key.pem").string()}, out);
    const std::vector<workload> loads{
        {.name = "a connection with one message of 4 KB",
         .size = 4000,
         .messages = 2000,
         .reuse = false,
         .by = generator::ours,
         .starttls = true},
        {.name = "the same, its session resumed", .size = 4000, .messages = 2000, .reuse = false, .by = generator::resuming},
        {.name = "messages of 4 KB, connections reused", .size = 4000, .messages = 8000, .by = generator::ours, .starttls = true},
    };
    auto& results = out.table("STARTTLS");
    for (auto load : loads) {
        load.messages = in.messages(load.messages);
        contend(in, servers, load, in.rounds(rounds), out);
        const auto* sink = result_of(servers, "epoll sink");
        for (const auto& each : servers) {
            if (!each.has_result())
                continue;
            const double cpu = median(each.rounds.server_cpu);
            const double rate = median(each.rounds.rate);
            auto& row = results.add(load.name, each.server->name());
            row.figure("CPU s/1000", per_thousand(each.rounds.server_cpu), 3);
            if (sink != nullptr)
                row.compare("to epoll sink", cpu, median(sink->server_cpu));
            row.figure("messages/s", each.rounds.rate);
            if (sink != nullptr)
                row.compare("rate to it", rate, median(sink->rate));
            row.figure("peak MB", megabytes(each.server->peak_memory()), 1).bottleneck(bottleneck_of(each.rounds.busy));
            if (each.server->name() != "Postern" || sink == nullptr)
                continue;
            if (load.reuse)
                row.judge("tls.messages", rate / median(sink->rate));
            else
                row.judge("tls.connection", cpu / median(sink->server_cpu));
        }
    }
}

} // namespace postern::bench
