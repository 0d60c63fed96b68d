// What one question to a plugin costs, through the contract and back: `./dev bench hooks` prints it.

#include "core/host/abi_plugin.hpp"
#include "core/host/plugin_library.hpp"
#include "core/hooks/chain.hpp"
#include "core/io/loop.hpp"
#include "core/runtime/hook_runner.hpp"

#include <postern/abi/hooks.h>

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace postern;

/// What the plugin under measurement does.
enum class habit { passes, answers, observes, answers_later };

struct instance {
    habit what = habit::passes;
    postern_host* host = nullptr;
    const postern_core_1* core = nullptr;
    std::mutex guard; // of the ticket, for the thread that answers later
    std::condition_variable changed;
    std::uint64_t ticket = 0;
    bool is_over = false;
    std::thread later;
};

constexpr postern_reply no_objection{sizeof(postern_reply), POSTERN_CONTINUE, 0, 0, {}, {}, {}, 0, 0};

void answer_later(instance& me)
{
    std::unique_lock lock{me.guard};
    while (true) {
        me.changed.wait(lock, [&] { return me.is_over || me.ticket != 0; });
        if (me.is_over)
            return;
        (void)me.core->reply(me.host, std::exchange(me.ticket, 0), &no_objection);
    }
}

postern_status create(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    auto* me = new instance;
    me->what = static_cast<habit>(args->name.ptr[0] - '0');
    me->host = host;
    me->core = static_cast<const postern_core_1*>(get(host, POSTERN_CORE_1));
    if (me->what == habit::answers_later)
        me->later = std::thread{[me] { answer_later(*me); }};
    *self = me;
    const auto flags = me->what == habit::observes ? POSTERN_SUBSCRIBE_OBSERVE : 0u;
    for (const auto hook : {POSTERN_HOOK_RCPT, POSTERN_HOOK_BODY})
        if (const auto status = me->core->subscribe(host, hook, flags); status < 0)
            return status;
    return POSTERN_PASS;
}

postern_status handle(void* self, const postern_event* event)
{
    auto& me = *static_cast<instance*>(self);
    if (event->ticket == 0)
        return POSTERN_PASS;
    switch (me.what) {
    case habit::passes:
    case habit::observes:
        return POSTERN_PASS;
    case habit::answers:
        return me.core->reply(me.host, event->ticket, &no_objection) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
    case habit::answers_later: {
        const std::scoped_lock lock{me.guard};
        me.ticket = event->ticket;
        me.changed.notify_one();
        return POSTERN_TAKEN;
    }
    }
    return POSTERN_E_PLUGIN;
}

void destroy(void* self)
{
    auto* me = static_cast<instance*>(self);
    if (me->later.joinable()) {
        {
            const std::scoped_lock lock{me->guard};
            me->is_over = true;
        }
        me->changed.notify_one();
        me->later.join();
    }
    delete me;
}

constexpr postern_plugin table{
    sizeof(postern_plugin), 0, "org.example.measured", "1.0", "bench", nullptr, nullptr, create, handle, destroy};

class no_log final : public base::log_sink {
public:
    void write(base::log_level, std::string_view, std::span<const base::log_field>) noexcept override {}
    [[nodiscard]] bool is_enabled(base::log_level) const noexcept override { return false; }
};

/// Where late answers arrive.
class port final : public hooks::session_port {
public:
    void answer(std::uint64_t, hooks::plugin_reply) noexcept override
    {
        const std::scoped_lock lock{guard_};
        ++arrived_;
        changed_.notify_one();
    }
    [[nodiscard]] bool wake(std::shared_ptr<hooks::plugin>, std::uint64_t, std::chrono::nanoseconds) noexcept override
    {
        return false;
    }
    [[nodiscard]] bool post(std::function<void()>) noexcept override { return false; }
    void await(std::uint64_t count)
    {
        std::unique_lock lock{guard_};
        changed_.wait(lock, [&] { return arrived_ >= count; });
    }

private:
    std::mutex guard_;
    std::condition_variable changed_;
    std::uint64_t arrived_ = 0;
};

std::shared_ptr<daemon::abi_plugin> make(habit what)
{
    static no_log nowhere;
    std::string why;
    auto library = daemon::plugin_library::linked_in(table, "measured", why);
    daemon::problems found;
    daemon::instance_settings settings;
    settings.name = std::string(1, static_cast<char>('0' + static_cast<int>(what)));
    auto made = daemon::plugin_instance::create(std::move(library), std::move(settings), base::log{nowhere}, found);
    if (made == nullptr)
        throw std::runtime_error{"the plugin does not start: " + why};
    return daemon::abi_plugin::over(std::move(made));
}

/// A session in the middle of an envelope.
struct scene {
    hooks::connection_facts facts;
    hooks::draft draft;
    std::shared_ptr<port> answers = std::make_shared<port>();
    hooks::event what;

    explicit scene(hooks::hook_point hook)
    {
        facts.session = base::session_id{7};
        facts.peer = {*base::ip_address::from_text("192.0.2.1"), 40000};
        facts.local = {*base::ip_address::from_text("192.0.2.25"), 25};
        facts.listener = "in";
        facts.helo = "client.example";
        draft.transaction = base::transaction_id{8};
        draft.envelope.from.address = "sender@client.example";
        draft.envelope.to.push_back({"recipient@mx.example", {}, {}, {}});
        what.hook = hook;
        what.connection = &facts;
        what.message = &draft;
        what.session = facts.session;
    }
};

void call(benchmark::State& state, habit how)
{
    const auto plugin = make(how);
    scene here{hooks::hook_point::cmd_rcpt};
    hooks::plugin_reply reply;
    for (auto each : state) {
        (void)each;
        benchmark::DoNotOptimize(plugin->call(here.what, {}, here.answers, reply));
    }
    plugin->session_ended(here.facts.session);
}
BENCHMARK_CAPTURE(call, that_passes, habit::passes);
BENCHMARK_CAPTURE(call, that_is_answered_at_once, habit::answers);
BENCHMARK_CAPTURE(call, that_only_tells, habit::observes);

/// From the question to the arrival of an answer that another thread gives.
void round_trip(benchmark::State& state)
{
    const auto plugin = make(habit::answers_later);
    scene here{hooks::hook_point::cmd_rcpt};
    hooks::plugin_reply reply;
    std::uint64_t count = 0;
    for (auto each : state) {
        (void)each;
        const auto called = plugin->call(here.what, {}, here.answers, reply);
        if (called.status == hooks::call_status::pending)
            here.answers->await(++count);
    }
    plugin->session_ended(here.facts.session);
}
BENCHMARK(round_trip)->UseRealTime();

/// A chunk of a body, shown: the same time for 64 octets and for 64 KiB says that nobody copies it.
void show_body(benchmark::State& state, habit how)
{
    const auto plugin = make(how);
    scene here{hooks::hook_point::msg_body};
    const std::string chunk(static_cast<std::size_t>(state.range(0)), 'x');
    here.what.chunk = chunk;
    hooks::plugin_reply reply;
    for (auto each : state) {
        (void)each;
        benchmark::DoNotOptimize(plugin->call(here.what, {}, here.answers, reply));
    }
    plugin->session_ended(here.facts.session);
}
BENCHMARK_CAPTURE(show_body, passed, habit::passes)->Arg(64)->Arg(65536);
BENCHMARK_CAPTURE(show_body, observed, habit::observes)->Arg(64)->Arg(65536);

/// Ten plugins with no opinion, asked by what asks for a session; nothing of it is traced.
void chain_of_ten(benchmark::State& state)
{
    std::vector<hooks::link> links(10);
    for (auto& each : links) {
        each.who = make(habit::passes);
        each.health = std::make_shared<hooks::vitals>(hooks::breaker_rule{});
    }
    const auto order = std::make_shared<const hooks::chain>(std::move(links));
    scene here{hooks::hook_point::cmd_rcpt};
    no_log nowhere;
    const base::log log{nowhere};
    base::metrics metrics;
    const base::system_clock clock;
    const runtime::notice_board notices{clock};
    io::loop home{log};
    const auto port = std::make_shared<runtime::connection_port>(home, here.facts.session, clock);
    runtime::hook_runner runner{order, port, log, metrics, notices, clock, {}, runtime::hook_runner::usual_timing};
    for (auto each : state) {
        (void)each;
        hooks::chain_run run{*order, hooks::hook_point::cmd_rcpt, &here.draft, &here.facts};
        if (!runner.advance(run, here.what))
            throw std::logic_error{"somebody answers later"};
        benchmark::DoNotOptimize(run.result());
    }
    runner.end();
}
BENCHMARK(chain_of_ten);

} // namespace

BENCHMARK_MAIN();
