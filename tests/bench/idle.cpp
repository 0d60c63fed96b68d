#include "tests/bench/parts.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tls_peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <stdexcept>
#include <utility>
#include <vector>

namespace postern::bench {
namespace {

constexpr unsigned most_connections = 2000;

[[nodiscard]] double memory(subject& server)
{
    return static_cast<double>(test::resident_memory_of_tree(server.pid()));
}

/// Octets of the server for each of `connections` held at the same time, above what it took with one. `greet` takes a connection
/// whose greeting is still to be read, and keeps it. Some make every client wait, so that many are opened before one is greeted.
template <typename Greet>
[[nodiscard]] double memory_of_each(subject& server, unsigned connections, const Greet& greet)
{
    constexpr unsigned batch = 200;
    greet(test::smtp_peer{server.port()});
    const auto before = memory(server);
    for (unsigned done = 0; done < connections; done += batch) {
        std::list<test::smtp_peer> opened;
        for (unsigned i = done; i < std::min(connections, done + batch); ++i)
            opened.emplace_back(server.port());
        for (auto& each : opened)
            greet(std::move(each));
    }
    return (memory(server) - before) / connections;
}

[[nodiscard]] double plain(subject& server, unsigned connections)
{
    std::list<test::smtp_peer> held;
    return memory_of_each(server, connections, [&](test::smtp_peer opened) {
        auto& peer = held.emplace_back(std::move(opened));
        if (const auto reply = peer.greets(); reply.code != 250)
            throw std::runtime_error{fmt::format("{}: connection {} got {}", server.name(), held.size(), reply.text())};
    });
}

[[nodiscard]] double secured(subject& server, unsigned connections)
{
    std::list<test::tls_peer> held;
    return memory_of_each(server, connections, [&](test::smtp_peer opened) {
        if (opened.greets().code != 250 || opened.says("STARTTLS").code != 220)
            throw std::runtime_error{server.name() + " does not want TLS"};
        auto& peer = held.emplace_back(std::move(opened.stream()));
        if (!peer.shakes_hands() || peer.says("EHLO client.example").code != 250)
            throw std::runtime_error{fmt::format("{}: connection {} is not secured", server.name(), held.size())};
    });
}

/// `ours`: the servers of which nothing may be missing.
void hold_idle(const setting& in, report& out, result_table& results, std::string_view title, std::string_view aim_id,
               std::vector<std::unique_ptr<subject>> ours,
               const std::vector<std::unique_ptr<subject> (*)(std::string&, const tls_files&)>& peers, const tls_files& files)
{
    const auto measure_one = [&](subject& server) {
        // A Postfix has a process for each, and an OpenSMTPD looks for each client's name, one after the other.
        const auto name = server.name();
        const unsigned usual = name == "Postfix" ? 90 : name == "OpenSMTPD" ? 50 : most_connections;
        const unsigned connections = in.quick ? usual / 10 : usual;
        report::progress(fmt::format("idle, {}: {} connections to {}", title, connections, server.name()));
        const double kib = (files.certificate.empty() ? plain(server, connections) : secured(server, connections)) / 1024;
        auto& row = results.add(std::string{title}, server.name());
        row.figure("KiB", kib, 1).figure("connections", connections);
        if (server.name() == "Postern")
            row.judge(aim_id, kib);
    };
    for (const auto& each : ours)
        measure_one(*each);
    for (const auto make : peers) {
        std::string why;
        try {
            if (const auto peer = make(why, files)) {
                measure_one(*peer);
                continue;
            }
        } catch (const std::exception& error) {
            why = error.what();
        }
        out.note(why);
    }
}

[[nodiscard]] std::unique_ptr<subject> discarding_postfix(std::string& why, const tls_files& files)
{
    return make_postfix(postfix_kind::discard, 1, why, files);
}

/// Octets by which the server's memory while 100 MB pass exceeds, at its most, what it has with the session before them.
[[nodiscard]] double memory_of_big_message(subject& server)
{
    constexpr std::size_t block_size = 1'000'000;
    constexpr int blocks = 100;
    test::smtp_peer peer{server.port()};
    // What is done once at the first message of a server is not this session's.
    if (peer.greets().code != 250 ||
        peer.delivers("a@client.example", {"user@example.com"}, "Subject: small\r\n\r\nhi\r\n").code != 250)
        throw std::runtime_error{server.name() + " does not take a message"};
    const auto before = memory(server);
    (void)peer.says("MAIL FROM:<a@client.example>");
    (void)peer.says("RCPT TO:<user@example.com>");
    if (const auto reply = peer.says("DATA"); reply.code != 354)
        throw std::runtime_error{fmt::format("{} does not want content: {} {}", server.name(), reply.code, reply.text())};
    std::string block;
    while (block.size() < block_size)
        block += std::string(78, 'X') + "\r\n";
    bool is_sent = peer.sends("Subject: big\r\n\r\n");
    double most = before; // seen after each block: the kernel's own peak would count pages of files too
    for (int i = 0; i < blocks && is_sent; ++i) {
        is_sent = peer.sends(block);
        most = std::max(most, memory(server));
    }
    if (const auto reply = is_sent ? peer.says(".") : test::smtp_reply{}; reply.code != 250)
        throw std::runtime_error{fmt::format("{} does not take 100 MB: {} {}", server.name(), reply.code, reply.text())};
    return most - before;
}

void pass_big_messages(report& out)
{
    const test::tcp_listener silent;
    const auto taking = [&](bool keeps) {
        auto what = without_limits_per_address();
        what.section("limits", "message_size = \"200MiB\"");
        std::vector<std::string> chain{"relay-domains"};
        if (keeps)
            what.section("delivery", fmt::format("relay = \"127.0.0.1:{}\"\ntls = \"none\"", silent.port()));
        else
            chain.emplace_back("discard");
        what.listener("in", chain).plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]");
        if (!keeps)
            what.plugin("discard", "discard");
        return make_postern(what, keeps);
    };
    auto& results = out.table("a message of 100 MB");
    const auto measure_one = [&](std::string_view title, subject& server) {
        report::progress(fmt::format("100 MB, {}, {}", title, server.name()));
        const double kib = memory_of_big_message(server) / 1024;
        auto& row = results.add(std::string{title}, server.name());
        row.figure("KiB above idle", kib, 1);
        if (server.name() == "Postern")
            row.judge("big.memory", kib);
    };
    measure_one("dropped", *make_epoll_sink());
    measure_one("dropped", *taking(false));
    measure_one("kept", *taking(true));
    std::string why;
    if (const auto peer = make_postfix(postfix_kind::accept_only, silent.port(), why))
        measure_one("kept", *peer);
    else
        out.note(why);
}

} // namespace

void idle(const setting& in, report& out)
{
    const test::temporary_folder folder;
    test::make_certificate(folder.path());
    const tls_files files{(folder / "cert.pem").string(), (folder / "key.pem").string()};
    auto& results = out.table("an idle connection after EHLO");
    std::vector<std::unique_ptr<subject>> plain_ones;
    plain_ones.push_back(make_epoll_sink());
    plain_ones.push_back(make_postern_discard());
    plain_ones.push_back(make_smtp_sink());
    hold_idle(in, out, results, "plain", "idle.plain", std::move(plain_ones),
              {make_go_smtp, make_smtp_server,
               [](std::string& why, const tls_files&) { return make_haraka(storing::discards, why); },
               [](std::string& why, const tls_files&) { return make_aiosmtpd(why); },
               [](std::string& why, const tls_files&) { return make_exim(why); },
               [](std::string& why, const tls_files&) { return make_opensmtpd(why); }, discarding_postfix},
              {});
    std::vector<std::unique_ptr<subject>> secured_ones;
    secured_ones.push_back(make_epoll_sink({"--tls", files.certificate, files.key}));
    secured_ones.push_back(make_postern_discard("starttls"));
    hold_idle(in, out, results, "TLS", "idle.tls", std::move(secured_ones), {make_go_smtp, make_smtp_server, discarding_postfix},
              files);
    out.note("KiB: memory of all processes of a server, pages of files apart; fewer connections where each takes long to open");
    pass_big_messages(out);
}

} // namespace postern::bench
