#include "core/host/preparation.hpp"

#include "core/host/record_layout.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <postern/abi/lifecycle.h>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

namespace postern::daemon {
namespace {

constexpr postern_reply plain_continue{sizeof(postern_reply), POSTERN_CONTINUE, 0, 0, {}, {}, {}, 0, 0};

std::string_view name_of(std::uint32_t hook) noexcept
{
    return hook == POSTERN_HOOK_CONFIG_PREPARE  ? "config.prepare"
           : hook == POSTERN_HOOK_CONFIG_COMMIT ? "config.commit"
                                                : "config.abort";
}

/// What an instance said.
struct readiness {
    bool is_ready = false;
    std::string key; ///< of the option at fault
    std::string why; ///< it is not ready
};

readiness not_ready(std::string why)
{
    return {false, {}, std::move(why)};
}

/// Nothing, and `wrong` says why: the reply is nonsense.
std::optional<readiness> read(const postern_reply* from, const char*& wrong)
{
    wrong = "a NULL reply";
    if (from == nullptr)
        return std::nullopt;
    if (says_it_failed(from))
        return not_ready(failure_in(*from));
    hooks::plugin_reply plain;
    wrong = read_reply(*from, plain);
    if (wrong != nullptr)
        return std::nullopt;
    readiness out;
    if (from->size >= first_size<postern_prepare_reply>) {
        const auto whole = read_record<postern_prepare_reply>(from, from->size);
        wrong = is_sound(whole.key) ? nullptr : "a NULL text that has a length";
        if (wrong != nullptr)
            return std::nullopt;
        out.key = view(whole.key);
    }
    out.is_ready = plain.verdict == hooks::verdict_kind::proceed;
    if (!out.is_ready && plain.verdict != hooks::verdict_kind::reject) {
        wrong = "a verdict other than CONTINUE and REJECT";
        return std::nullopt;
    }
    out.why = plain.text.empty() && !out.is_ready ? "it gives no reason" : std::move(plain.text);
    return out;
}

} // namespace

struct preparation::state {
    struct member {
        std::shared_ptr<plugin_instance> who;
        std::uint64_t ticket = 0; ///< 0: not asked
        std::optional<readiness> said;
    };
    struct pending_wake {
        std::size_t whom;
        std::uint64_t token;
        base::instant due;
    };

    std::mutex guard; // of said, of wakes, of jobs and of is_over
    std::condition_variable changed;
    std::vector<member> members;
    std::vector<pending_wake> wakes;
    std::vector<std::function<void()>> jobs; ///< for the thread that waits; what is left at the end is nobody's any more
    bool is_over = false;

    void settle(std::size_t whom, readiness said)
    {
        const std::scoped_lock lock{guard};
        members[whom].said = std::move(said);
        changed.notify_one();
    }
};

/// Takes an answer, whenever it comes.
class preparation::answer final : public ticket_owner {
public:
    answer(std::shared_ptr<state> to, std::size_t whom) noexcept : to_{std::move(to)}, whom_{whom} {}

    bool take(const postern_reply* reply) noexcept override
    {
        const char* wrong = nullptr;
        auto read_one = read(reply, wrong);
        said_ = read_one ? std::move(*read_one) : not_ready(fmt::format("its answer is {}", wrong));
        return wrong == nullptr || read_one;
    }
    void finish() noexcept override { to_->settle(whom_, std::move(said_)); }

private:
    std::shared_ptr<state> to_;
    std::size_t whom_;
    readiness said_ = not_ready("it failed; what it logged says why"); ///< if finish comes without take
};

/// Wakes while an instance prepares: the thread that waits for the answers delivers them.
class preparation::port final : public hooks::session_port {
public:
    port(std::shared_ptr<state> to, std::size_t whom) noexcept : to_{std::move(to)}, whom_{whom} {}

    void answer(std::uint64_t, hooks::plugin_reply) noexcept override {} // its tickets have owners of their own
    [[nodiscard]] bool wake(std::shared_ptr<hooks::plugin>, std::uint64_t token, std::chrono::nanoseconds delay) noexcept override
    {
        const std::scoped_lock lock{to_->guard};
        if (to_->is_over)
            return false;
        to_->wakes.push_back({whom_, token, std::chrono::steady_clock::now() + delay});
        to_->changed.notify_one();
        return true;
    }
    [[nodiscard]] bool post(std::function<void()> job) noexcept override
    {
        const std::scoped_lock lock{to_->guard};
        if (to_->is_over)
            return false;
        to_->jobs.push_back(std::move(job));
        to_->changed.notify_one();
        return true;
    }

private:
    std::shared_ptr<state> to_;
    std::size_t whom_;
};

preparation::preparation(std::vector<std::shared_ptr<plugin_instance>> whom, const preparation_facts& facts, base::log log)
    : state_{std::make_shared<state>()}, facts_{facts}, log_{log}
{
    for (auto& each : whom)
        state_->members.push_back({std::move(each), 0, std::nullopt});
}

preparation::~preparation()
{
    abort();
}

bool preparation::ask(problems& found)
{
    is_decided_ = false;
    const auto until = std::chrono::steady_clock::now() + facts_.patience;
    const auto deadline_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch()).count();
    for (std::size_t i = 0; i < state_->members.size(); ++i)
        begin(i, deadline_ns);
    wait(until);
    const auto before = found.size();
    for (std::size_t i = 0; i < state_->members.size(); ++i) {
        if (const auto& one = state_->members[i]; one.ticket != 0) {
            one.who->tickets().withdraw(one.ticket); // false: it has answered, and `said` is there
            end_session(i);
        }
        judge(i, found);
    }
    return found.size() == before;
}

void preparation::begin(std::size_t whom, std::int64_t deadline_ns)
{
    auto& one = state_->members[whom];
    auto& who = *one.who;
    auto* const slot = who.wants_event(POSTERN_HOOK_CONFIG_PREPARE) ? who.tickets().open() : nullptr;
    if (slot == nullptr) { // a new instance has no other tickets
        one.said = readiness{true, {}, {}};
        return;
    }
    one.ticket = ticket_table::number(*slot);
    postern_ev_config event{};
    event.ev.size = sizeof event;
    event.ev.hook = POSTERN_HOOK_CONFIG_PREPARE;
    event.ev.flags = facts_.is_check ? POSTERN_PREPARE_CHECK : 0;
    event.ev.ticket = one.ticket;
    event.ev.session = session();
    event.ev.deadline_ns = deadline_ns;
    event.ev.cookie = who.sessions().enter(session(), std::make_shared<port>(state_, whom));
    event.generation = facts_.generation;
    event.replaces = facts_.replaces;
    std::vector<postern_option> options;
    if (facts_.before != nullptr)
        if (const auto found = facts_.before->find(who.name()); found != facts_.before->end())
            options = records_of(found->second);
    event.before = {options.data(), static_cast<std::uint32_t>(options.size()), sizeof(postern_option)};
    auto copy = std::make_shared<const owned_event>(event.ev);
    // Nobody has heard of the ticket yet, so nobody can have answered it.
    (void)who.tickets().leave_pending(*slot, std::make_shared<answer>(state_, whom));
    auto job = [to = one.who.get(), own = std::move(copy)] {
        const auto ticket = own->get().ticket;
        const auto status = to->handle(own->get());
        if (status == POSTERN_PASS)
            (void)to->tickets().answer(ticket, &plain_continue);
        else if (status != POSTERN_TAKEN)
            to->tickets().give_up(ticket);
    };
    if (who.is_blocking())
        (void)who.post(session(), std::move(job), job_kind::promise, 0);
    else
        job();
}

void preparation::wait(base::instant until)
{
    auto& all = *state_;
    std::unique_lock lock{all.guard};
    while (!std::ranges::all_of(all.members, [](const auto& one) { return one.said.has_value(); })) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= until)
            return;
        if (!all.jobs.empty()) {
            const auto jobs = std::exchange(all.jobs, {});
            lock.unlock();
            for (const auto& each : jobs)
                each();
            lock.lock();
            continue;
        }
        const auto next = std::ranges::min_element(all.wakes, {}, &state::pending_wake::due);
        if (next == all.wakes.end() || next->due > now) {
            all.changed.wait_until(lock, next == all.wakes.end() ? until : std::min(until, next->due));
            continue;
        }
        const auto due = *next;
        all.wakes.erase(next);
        lock.unlock();
        auto& who = *all.members[due.whom].who;
        who.tell(who.wake_record(session(), due.token, false).ev, job_kind::promise);
        lock.lock();
    }
}

/// As at the end of every session: wakes that are outstanding come as cancelled, then SESSION_END.
void preparation::end_session(std::size_t whom) noexcept
{
    auto& who = *state_->members[whom].who;
    std::vector<state::pending_wake> cancelled;
    {
        const std::scoped_lock lock{state_->guard};
        state_->is_over = true;
        const auto others = std::ranges::stable_partition(state_->wakes, [&](const auto& one) { return one.whom != whom; });
        cancelled.assign(others.begin(), others.end());
        state_->wakes.erase(others.begin(), others.end());
    }
    for (const auto& each : cancelled)
        who.tell(who.wake_record(session(), each.token, true).ev, job_kind::promise);
    postern_event end{};
    end.size = sizeof end;
    end.hook = POSTERN_HOOK_SESSION_END;
    end.session = session();
    end.cookie = who.sessions().cookie(session());
    who.sessions().leave(session());
    who.answers().end_session(session(), end.cookie);
    who.tell(end, job_kind::promise);
}

void preparation::judge(std::size_t whom, problems& found) const
{
    const std::scoped_lock lock{state_->guard};
    const auto& [who, ticket, said] = state_->members[whom];
    if (said && said->is_ready)
        return;
    const auto& table = who->library().table();
    const auto who_it_is = fmt::format("plugin {} ({} {})", who->name(), table.id, table.version);
    if (!said)
        found.push_back({who->where(), fmt::format("{} is not ready: it has not answered in time", who_it_is)});
    else if (said->key.empty())
        found.push_back({who->where(), fmt::format("{} is not ready: {}", who_it_is, said->why)});
    else
        found.push_back({who->place_of(said->key), fmt::format("plugin {}: {}: {}", who->name(), said->key, said->why)});
}

void preparation::commit() noexcept
{
    tell_all(POSTERN_HOOK_CONFIG_COMMIT);
}

void preparation::abort() noexcept
{
    tell_all(POSTERN_HOOK_CONFIG_ABORT);
}

void preparation::tell_all(std::uint32_t hook) noexcept
{
    if (std::exchange(is_decided_, true))
        return;
    for (const auto& each : state_->members) {
        if (!each.who->wants_event(hook))
            continue;
        try {
            tell(each.who, hook);
        } catch (const std::exception& e) { // no memory
            log_.error("plugin_failed", {{"plugin", each.who->name()}, {"hook", name_of(hook)}, {"cause", e.what()}});
        }
    }
}

/// Returns when the plugin has done with it, so that no session comes before, and no destroy.
void preparation::tell(const std::shared_ptr<plugin_instance>& whom, std::uint32_t hook)
{
    postern_ev_config event{};
    event.ev.size = sizeof event;
    event.ev.hook = hook;
    event.generation = facts_.generation;
    event.replaces = facts_.replaces;
    auto status = std::make_shared<std::promise<postern_status>>();
    auto done = status->get_future();
    auto job = [to = whom.get(), event, status] { status->set_value(to->handle(event.ev)); };
    if (whom->is_blocking())
        (void)whom->post(0, std::move(job), job_kind::promise, 0);
    else
        job();
    const bool is_done = done.wait_for(facts_.patience) == std::future_status::ready;
    if (!is_done || done.get() < 0)
        log_.error("plugin_failed", {{"plugin", whom->name()},
                                     {"hook", name_of(hook)},
                                     {"cause", is_done ? "it says that it failed" : "it takes too long, and is not waited for"}});
}

} // namespace postern::daemon
