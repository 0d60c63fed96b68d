// Fixed small workloads of the rooms that every message passes, in this process alone: no socket, no disk, no thread. Counted by
// valgrind from the first message to the last; run without it each is a smoke test of itself. `workloads NAME`.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/delivery/plan.hpp"
#include "core/hooks/chain.hpp"
#include "core/queue/ledger.hpp"
#include "core/queue/record.hpp"
#include "core/session/client_session.hpp"
#include "core/session/server_session.hpp"

#include <valgrind/callgrind.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace postern;
using hooks::hook_point;

class still_clock final : public base::clock {
public:
    [[nodiscard]] base::instant now() const noexcept override { return {}; }
    [[nodiscard]] base::wall_time wall() const noexcept override { return base::wall_time{std::chrono::hours{500'000}}; }
};

class passing_plugin final : public hooks::plugin {
public:
    explicit passing_plugin(std::string name) : name_{std::move(name)} {}
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] bool wants(hook_point) const noexcept override { return true; }
    [[nodiscard]] bool may_vouch() const noexcept override { return false; }
    [[nodiscard]] hooks::call_result call(const hooks::event&, base::instant, const std::shared_ptr<hooks::session_port>&,
                                          hooks::plugin_reply&) noexcept override
    {
        return {hooks::call_status::passed};
    }
    bool withdraw(std::uint64_t) noexcept override { return true; }
    void wake(base::session_id, std::uint64_t, bool) noexcept override {}
    void session_ended(base::session_id) noexcept override {}

private:
    std::string name_;
};

[[nodiscard]] std::string message_of(std::size_t octets)
{
    std::string content =
        "From: a@client.example\r\nTo: b@mx.example\r\nSubject: hello\r\nMessage-ID: <1@client.example>\r\n\r\n";
    for (int line = 0; content.size() < octets; ++line)
        content += (line % 16 == 0 ? ".dotted " : "plain ") + std::string(64, 'x') + "\r\n";
    return content;
}

[[nodiscard]] std::string stuffed(std::string_view content)
{
    std::string made;
    for (std::size_t at = 0; at < content.size();) {
        const auto end = content.find("\r\n", at) + 2;
        if (content[at] == '.')
            made += '.';
        made += content.substr(at, end - at);
        at = end;
    }
    return made + ".\r\n";
}

/// A server session whose plugins vouch for everybody and whose store keeps everything.
class receiver {
public:
    receiver() { goes_on(); }
    void hears(std::string_view octets)
    {
        session_.feed(octets);
        goes_on();
    }
    [[nodiscard]] std::uint64_t accepted() const noexcept { return session_.accepted_count(); }

private:
    static session::server_config usual()
    {
        session::server_config config;
        config.hostname = "mx.example";
        return config;
    }
    static hooks::connection_facts facts()
    {
        hooks::connection_facts made;
        made.session.value = 1;
        made.peer = {*base::ip_address::from_text("192.0.2.1"), 40000};
        made.listener = "in";
        return made;
    }
    void goes_on()
    {
        for (;;) {
            const auto next = session_.resume();
            switch (next.what) {
            case session::step::kind::read:
                session_.output_sent();
                return;
            case session::step::kind::ask: {
                hooks::outcome said;
                said.vouched = next.hook == hook_point::cmd_rcpt;
                session_.answer(std::move(said));
                break;
            }
            case session::step::kind::content:
                session_.draft()->body_size += next.octets.size();
                session_.answer({});
                break;
            case session::step::kind::commit:
                session_.committed(session::server_session::commit_result::kept);
                break;
            default:
                break;
            }
        }
    }

    still_clock clock_;
    base::seeded_random random_{1};
    base::id_source ids_{clock_, random_, 0};
    session::server_config config_ = usual();
    session::server_session session_{config_, facts(), ids_};
};

/// In portions as they come from a socket.
void receive(int messages, std::size_t octets, bool by_chunk)
{
    constexpr std::size_t portion = 16384;
    const auto content = message_of(octets);
    const auto said = by_chunk ? "BDAT " + std::to_string(content.size()) + " LAST\r\n" + content : std::string{};
    const auto data = stuffed(content);
    receiver to;
    to.hears("EHLO client.example\r\n");
    CALLGRIND_ZERO_STATS;
    CALLGRIND_START_INSTRUMENTATION;
    for (int i = 0; i < messages; ++i) {
        to.hears("MAIL FROM:<a@client.example> BODY=8BITMIME\r\nRCPT TO:<b@mx.example>\r\n");
        if (!by_chunk)
            to.hears("DATA\r\n");
        const std::string_view all = by_chunk ? said : data;
        for (std::size_t at = 0; at < all.size(); at += portion)
            to.hears(all.substr(at, portion));
    }
    CALLGRIND_STOP_INSTRUMENTATION;
    if (to.accepted() != static_cast<std::uint64_t>(messages))
        throw std::logic_error{"not all were accepted"};
}

void send(int messages, std::size_t octets)
{
    session::client_config config;
    config.hostname = "client.example";
    config.chunking = false;
    session::client_session from{config};
    message::envelope envelope;
    envelope.from.address = "a@client.example";
    envelope.to.resize(1);
    envelope.to[0].address = "b@mx.example";
    const std::vector<std::uint32_t> everybody{0};
    const auto content = message_of(octets);
    int delivered = 0;
    const auto goes_on = [&] {
        for (;;) {
            const auto next = from.resume();
            switch (next.what) {
            case session::client_step::kind::content:
                from.output_sent();
                from.give_content(content, true);
                break;
            case session::client_step::kind::read:
                from.output_sent();
                return;
            case session::client_step::kind::done:
                delivered += from.result().recipients[0].result == session::client_recipient_result::kind::delivered ? 1 : 0;
                return;
            default:
                return;
            }
        }
    };
    const auto begin = [&] {
        from.send({&envelope, everybody, content.size(), false, false, false, {}});
        goes_on();
    };
    begin();
    from.feed("220 mx.example ESMTP\r\n");
    goes_on();
    from.feed("250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n");
    goes_on();
    const auto answer = [&] {
        from.feed("250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n");
        goes_on();
        from.feed("250 2.0.0 queued\r\n");
        goes_on();
    };
    answer();
    CALLGRIND_ZERO_STATS;
    CALLGRIND_START_INSTRUMENTATION;
    for (int i = 1; i < messages; ++i) {
        begin();
        answer();
    }
    CALLGRIND_STOP_INSTRUMENTATION;
    if (delivered != messages)
        throw std::logic_error{"not all were delivered"};
}

/// Ten plugins that pass, as every command meets them.
void ask(int times)
{
    std::vector<hooks::link> links;
    for (int i = 0; i < 10; ++i)
        links.push_back({.who = std::make_shared<passing_plugin>("p" + std::to_string(i))});
    const hooks::chain order{std::move(links)};
    hooks::draft message;
    message.envelope.to.resize(1);
    hooks::event what;
    what.hook = hook_point::cmd_rcpt;
    what.message = &message;
    hooks::plugin_reply answer;
    int asked = 0;
    CALLGRIND_ZERO_STATS;
    CALLGRIND_START_INSTRUMENTATION;
    for (int i = 0; i < times; ++i) {
        hooks::chain_run run{order, hook_point::cmd_rcpt, &message};
        while (const auto* whom = run.next()) {
            asked += whom->who->call(what, {}, nullptr, answer).status == hooks::call_status::passed ? 1 : 0;
            run.passed();
        }
    }
    CALLGRIND_STOP_INSTRUMENTATION;
    if (asked != times * 10)
        throw std::logic_error{"not all were asked"};
}

/// Messages that come, are put off once, and go: the ledger, the records and the plan of each.
void queue_up(int messages)
{
    const still_clock clock;
    base::seeded_random random{1};
    queue::record what;
    what.envelope.envelope.from.address = "a@client.example";
    what.envelope.envelope.to.push_back({"b@mx.example", {}, {}, {}});
    what.envelope.received = clock.wall();
    what.envelope.size = 4096;
    what.state = queue::fresh_state(1);
    const queue::retry_policy policy;
    const std::vector<delivery::attempt_result> busy{
        {0, {delivery::recipient_result::kind::deferred, 451, "4.2.1", "busy, come later"}, "mx.example:25"}};
    queue::ledger all;
    int ended = 0;
    CALLGRIND_ZERO_STATS;
    CALLGRIND_START_INSTRUMENTATION;
    for (int i = 1; i <= messages; ++i) {
        const auto stored = queue::decode(queue::encode(what.envelope), queue::encode(what.state));
        if (stored && all.add(base::message_id{static_cast<std::uint64_t>(i)}, *stored, clock.wall()))
            ++ended;
    }
    while (const auto due = all.take_due(clock.wall())) {
        const auto decided = delivery::conclude(what, busy, policy, clock.wall(), random);
        (void)all.defer(*due, *decided.next_attempt, decided.state.attempts, 1);
    }
    const auto later = clock.wall() + std::chrono::hours{1};
    while (const auto due = all.take_due(later)) {
        all.finish(*due, queue::life_event::deliver);
        --ended;
    }
    CALLGRIND_STOP_INSTRUMENTATION;
    if (ended != 0 || all.size() != 0)
        throw std::logic_error{"not all have gone"};
}

} // namespace

int main(int argc, char** argv)
try {
    const std::map<std::string_view, void (*)()> all{{"receive_4k", [] { receive(100, 4096, false); }},
                                                     {"receive_50k", [] { receive(20, 51200, false); }},
                                                     {"receive_50k_bdat", [] { receive(20, 51200, true); }},
                                                     {"send_4k", [] { send(100, 4096); }},
                                                     {"send_50k", [] { send(20, 51200); }},
                                                     {"ask_ten_plugins", [] { ask(1000); }},
                                                     {"queue", [] { queue_up(1000); }}};
    const auto wanted = argc == 2 ? all.find(argv[1]) : all.end();
    if (wanted == all.end()) {
        for (const auto& [name, work] : all)
            std::puts(name.data());
        return argc == 1 ? 0 : 2;
    }
    wanted->second();
    return 0;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
}
