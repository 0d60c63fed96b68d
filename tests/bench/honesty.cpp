#include "tests/bench/honesty.hpp"

#include "tests/bench/content_digest.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern::bench {
namespace {

constexpr std::string_view sender = "sender@client.example";
constexpr std::string_view recipient = "user@example.com";

/// strace on a server, all its processes and those that it starts.
class watched_syncs {
public:
    explicit watched_syncs(pid_t server) : file_{folder_ / "trace"}, tracer_{command(server)}
    {
        const auto all = test::tree_of(server);
        const auto has_all = [&](std::string_view text) {
            return std::all_of(all.begin(), all.end(), [&](pid_t each) {
                return text.find(fmt::format("Process {} attached", each)) != std::string_view::npos;
            });
        };
        if (!tracer_.wait_for_errors(has_all, std::chrono::seconds{20}))
            throw std::runtime_error{"strace does not attach: " + tracer_.errors()};
    }
    ~watched_syncs()
    {
        tracer_.signal(SIGINT); // it lets go of the server
        (void)tracer_.wait(std::chrono::seconds{20});
    }
    watched_syncs(const watched_syncs&) = delete;
    watched_syncs& operator=(const watched_syncs&) = delete;

    /// Those that have returned. strace writes each line before it lets the thread go on.
    [[nodiscard]] std::size_t count() const
    {
        const auto text = test::read_file(file_);
        std::size_t lines = 0;
        constexpr std::string_view good = " = 0\n";
        for (auto at = text.find(good); at != std::string::npos; at = text.find(good, at + good.size()))
            ++lines;
        return lines;
    }

private:
    [[nodiscard]] std::vector<std::string> command(pid_t server) const
    {
        std::vector<std::string> words{"strace", "-f", "-e", "trace=fsync,fdatasync", "-o", file_.string()};
        for (const auto each : test::tree_of(server))
            words.insert(words.end(), {"-p", std::to_string(each)});
        return words;
    }

    test::temporary_folder folder_;
    std::filesystem::path file_;
    test::process tracer_;
};

[[nodiscard]] std::string content_of(unsigned number)
{
    constexpr unsigned most_lines = 300;
    std::string text = fmt::format("Subject: check {}\r\n\r\n", number);
    for (unsigned line = 0; line < 1 + number * 7 % most_lines; ++line)
        text += fmt::format("{}line {} of message {}\r\n", std::string(line % 3, '.'), line, number);
    return text;
}

} // namespace

double require_syncs(subject& server)
{
    constexpr unsigned messages = 20;
    const watched_syncs syncs{server.pid()};
    test::smtp_peer peer{server.port()};
    if (const auto reply = peer.greets(); reply.code != 250)
        throw std::runtime_error{fmt::format("{} says {} {}", server.name(), reply.code, reply.text())};
    const auto first = syncs.count();
    for (unsigned i = 0; i < messages; ++i) {
        const auto before = syncs.count();
        const auto reply = peer.delivers(sender, {std::string{recipient}}, content_of(i));
        if (reply.code != 250)
            throw std::runtime_error{fmt::format("{} says {} {}", server.name(), reply.code, reply.text())};
        if (syncs.count() == before)
            throw dishonest{fmt::format("{} accepts message {} without a sync before its 250", server.name(), i + 1)};
    }
    return static_cast<double>(syncs.count() - first) / messages;
}

void require_contents(subject& relay, sink_subject& next_hop)
{
    constexpr unsigned messages = 200;
    const auto before = next_hop.taken();
    std::uint64_t digest = before.digest;
    test::smtp_peer peer{relay.port()};
    if (peer.greets().code != 250)
        throw std::runtime_error{relay.name() + " does not greet"};
    for (unsigned i = 0; i < messages; ++i) {
        const auto content = content_of(i);
        digest += body_hash(content, false);
        if (const auto reply = peer.delivers(sender, {std::string{recipient}}, content); reply.code != 250)
            throw std::runtime_error{fmt::format("{} says {} {}", relay.name(), reply.code, reply.text())};
    }
    const bool has_all = test::eventually([&] { return next_hop.taken().messages >= before.messages + messages; });
    const auto after = next_hop.taken();
    if (!has_all || after.messages != before.messages + messages)
        throw dishonest{fmt::format("{}: {} of {} messages arrived", relay.name(), after.messages - before.messages, messages)};
    if (after.digest != digest)
        throw dishonest{fmt::format("{}: {} messages arrived, and not as they were sent", relay.name(), messages)};
}

bool is_honest(report& out, std::string_view who, bool is_ours, const std::function<void()>& check)
{
    try {
        check();
        return true;
    } catch (const std::exception& error) {
        const auto text = fmt::format("no figure of {}: {}", who, error.what());
        is_ours ? out.failure(text) : out.note(text);
        return false;
    }
}

} // namespace postern::bench
