#include <postern/testing/fake_host.hpp>

#include <postern/abi/admin.h>
#include <postern/sdk/records.hpp>
#include <postern/testing/contract_names.hpp>
#include <postern/testing/host_state.hpp>
#include <postern/testing/session_records.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>

namespace postern::testing {
namespace {

constexpr std::array<std::string_view, 11> all_grants{"headers", "sender", "rcpt", "body", "route", "accept",
                                                      "client",  "queue",  "tls",  "dsn",  "submit"};

[[nodiscard]] bool has(const char* const* ids, std::string_view id) noexcept
{
    for (; ids != nullptr && *ids != nullptr; ++ids) {
        if (id == *ids)
            return true;
    }
    return false;
}

[[nodiscard]] std::string seconds_of(std::chrono::nanoseconds time)
{
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    return milliseconds % 1000 == 0 ? std::to_string(milliseconds / 1000) + " s" : std::to_string(milliseconds) + " ms";
}

[[nodiscard]] ticket_row& row_of(host_state& state, std::uint64_t ticket, std::string_view what)
{
    const auto found = state.tickets.find(ticket);
    if (found != state.tickets.end())
        return found->second;
    throw std::logic_error(std::string{what} + "(" + std::to_string(ticket) + "): " +
                           (ticket == 0 ? "an answer without a ticket came from no event that was sent and wants one: look at "
                                          "the answer itself, and whether the plugin listens to that event"
                                        : "no event had that ticket"));
}

std::optional<pending_wake> take_wake(host_state& state, const std::function<bool(const pending_wake&)>& wanted)
{
    const std::lock_guard lock{state.mutex};
    return state.wakes.take(wanted);
}

void deliver_wake(fake_host& me, const pending_wake& wake, bool is_cancelled)
{
    if (wake.deliver)
        return wake.deliver(is_cancelled);
    postern_ev_wake record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_WAKE;
    record.ev.flags = is_cancelled ? POSTERN_WAKE_CANCELLED : 0;
    record.ev.session = wake.session;
    record.token = wake.token;
    {
        host_state& state = host_tables::state(me);
        const std::lock_guard lock{state.mutex};
        record.ev.cookie = state.cookies[wake.session];
    }
    me.plugin().handle(me.self(), &record.ev);
}

} // namespace

fake_host::fake_host(const postern_plugin& plugin) : plugin_{plugin}, state_{std::make_unique<host_state>()}
{
    kv.move_to(state_->wakes.now());
}

fake_host::~fake_host()
{
    destroy();
}

void fake_host::may(std::initializer_list<std::string_view> grants)
{
    state_->grants.emplace();
    for (const std::string_view each : grants) {
        if (std::find(all_grants.begin(), all_grants.end(), each) == all_grants.end())
            throw std::logic_error("may: there is no \"" + std::string{each} +
                                   "\"; there are headers, sender, rcpt, body, route, accept, client, queue, tls, dsn, submit");
        state_->grants->emplace(each);
    }
}

void fake_host::deadline(std::chrono::nanoseconds after)
{
    state_->deadline = after;
}

postern_status fake_host::create(std::string name)
{
    if (std::exchange(state_->was_created, true))
        throw std::logic_error("create() was called before: every instance has a fake_host of its own");
    state_->name = std::move(name);
    const postern_create_args args{sizeof args, 1, sdk::str("1.0"), sdk::str(state_->name)};
    state_->in_create = true;
    const postern_status status = plugin_.create(host_tables::handle(*this), &host_tables::get, &args, &self_);
    state_->in_create = false;
    state_->has_instance = status >= 0;
    if (status < 0) {
        self_ = nullptr;
        state_->why_none = "create() failed with status " + std::to_string(status) +
                           ": refusals(), complaints() and log_lines() say why, and a test asserts the status";
    } else {
        state_->declared.judge(needs(POSTERN_AUTH_1));
    }
    for (const std::string& fault : state_->declared.faults())
        complain(fault);
    if (status < 0 || state_->declared.faults().empty())
        return status;
    destroy_at_once();
    state_->why_none = "create() failed: complaints() says why, and a test asserts its status";
    return POSTERN_E_INVALID;
}

void fake_host::destroy()
{
    if (!state_->has_instance)
        return;
    std::set<std::uint64_t> open;
    {
        const std::lock_guard lock{state_->mutex};
        open = state_->sessions;
    }
    for (const std::uint64_t session : open)
        tell_of_end(session);
    while (auto answer = take_wake(*state_, [](const pending_wake&) { return true; })) // of no session
        deliver_wake(*this, *answer, true);
    destroy_at_once();
    const std::lock_guard lock{state_->mutex};
    for (auto& [ticket, row] : state_->tickets) {
        if (std::exchange(row.is_closed, true))
            continue;
        state_->complaints.push_back("ticket " + std::to_string(ticket) + " of " + hook_name(row.asked.hook) +
                                     " was never answered");
    }
}

void fake_host::destroy_at_once()
{
    need_instance("destroy_at_once");
    plugin_.destroy(std::exchange(self_, nullptr));
    state_->has_instance = false;
    state_->why_none = "it is destroyed: what comes after that needs a fake_host of its own";
}

void fake_host::need_instance(std::string_view what) const
{
    if (!state_->has_instance)
        throw std::logic_error(std::string{what} + " without an instance: " + state_->why_none);
}

answer fake_host::tell(const std::vector<std::string>& words, std::optional<std::string_view> input)
{
    std::vector<postern_str> records;
    for (const std::string& one : words)
        records.push_back(sdk::str(one));
    postern_ev_admin record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_ADMIN;
    record.words = list_of(records);
    if (input) {
        record.input = sdk::str(*input);
        record.has_input = 1;
    }
    return send(record);
}

answer fake_host::answer_to(std::uint64_t ticket)
{
    const std::lock_guard lock{state_->mutex};
    return row_of(*state_, ticket, "answer_to").said;
}

answer fake_host::finish(const answer& said)
{
    if (!said.is_pending())
        return said;
    advance(std::chrono::nanoseconds{0});
    answer now = answer_to(said.ticket);
    if (now.is_pending())
        throw std::logic_error("finish: ticket " + std::to_string(said.ticket) +
                               " has no answer yet, and nothing that is due now " + "brings one; " + std::to_string(waiting()) +
                               " wakes and answers are to come: advance() moves the clock");
    return now;
}

void fake_host::withdraw(std::uint64_t ticket)
{
    const std::lock_guard lock{state_->mutex};
    ticket_row& row = row_of(*state_, ticket, "withdraw");
    if (!row.is_closed)
        row.said.came = answer::how::late;
    state_->close(ticket, row);
}

void fake_host::expire(std::uint64_t ticket)
{
    const std::lock_guard lock{state_->mutex};
    ticket_row& row = state_->tickets[ticket];
    if (row.is_closed)
        return;
    row.said.came = answer::how::late;
    state_->close(ticket, row);
    state_->complaints.push_back("no answer at " + hook_name(row.asked.hook) + " within its deadline of " +
                                 seconds_of(state_->deadline));
}

void fake_host::advance(std::chrono::nanoseconds by)
{
    const auto until = now() + by;
    const auto move_to = [&](std::chrono::nanoseconds when) {
        const std::lock_guard lock{state_->mutex};
        state_->wakes.move_to(when);
        kv.move_to(state_->wakes.now());
    };
    const auto next_deadline = [&] {
        const std::lock_guard lock{state_->mutex};
        return state_->expected.empty() ? std::nullopt : std::optional{*state_->expected.begin()};
    };
    while (true) { // at one moment wakes and answers come first, then timers; who is as late as his deadline is too late
        const auto timer = next_timer();
        const auto deadline = next_deadline();
        const auto stop = std::min({until, timer.value_or(until), deadline ? deadline->first : until});
        if (const auto due = take_wake(*state_, [&](const pending_wake& wake) { return wake.due <= stop; })) {
            move_to(due->due);
            deliver_wake(*this, *due, false);
        } else if (timer && *timer <= stop) {
            move_to(*timer);
            fire_timer();
        } else if (deadline && deadline->first <= stop) {
            move_to(deadline->first);
            expire(deadline->second);
        } else {
            break;
        }
    }
    move_to(until);
}

std::chrono::nanoseconds fake_host::now()
{
    const std::lock_guard lock{state_->mutex};
    return state_->wakes.now();
}

std::size_t fake_host::waiting()
{
    const std::lock_guard lock{state_->mutex};
    return state_->wakes.size();
}

answer fake_host::wait_for(const answer& said, std::chrono::nanoseconds patience)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    while (said.is_pending()) {
        std::uint64_t seen = 0;
        {
            const std::lock_guard lock{state_->mutex};
            seen = state_->changes;
        }
        advance(std::chrono::nanoseconds{0});
        std::unique_lock lock{state_->mutex};
        if (const ticket_row& row = row_of(*state_, said.ticket, "wait_for"); !row.said.is_pending())
            return row.said;
        if (!state_->changed.wait_until(lock, until, [&] { return state_->changes != seen; }))
            throw std::logic_error("wait_for: ticket " + std::to_string(said.ticket) + " has no answer after " +
                                   seconds_of(patience));
    }
    return said;
}

void fake_host::end_session(std::uint64_t session)
{
    tell_of_end(session);
    const std::lock_guard lock{state_->mutex};
    for (auto& [ticket, row] : state_->tickets) {
        if (row.session != session || row.is_closed)
            continue;
        row.said.came = answer::how::late;
        state_->close(ticket, row);
    }
}

void fake_host::tell_of_end(std::uint64_t session)
{
    need_instance("the end of a session");
    {
        const std::lock_guard lock{state_->mutex};
        state_->sessions.erase(session);
    }
    while (auto wake = take_wake(*state_, [&](const pending_wake& one) { return one.session == session; }))
        deliver_wake(*this, *wake, true);
    postern_event event{};
    event.size = sizeof event;
    event.hook = POSTERN_HOOK_SESSION_END;
    event.session = session;
    {
        const std::lock_guard lock{state_->mutex};
        event.cookie = state_->cookies[session];
    }
    plugin_.handle(self_, &event);
    end_notes(session);
}

bool fake_host::is_subscribed(std::uint32_t hook) const
{
    return state_->subscriptions.contains(hook);
}

std::optional<std::uint32_t> fake_host::subscription(std::uint32_t hook) const
{
    const auto found = state_->subscriptions.find(hook);
    return found == state_->subscriptions.end() ? std::nullopt : std::optional{found->second};
}

bool fake_host::observes(std::uint32_t hook) const
{
    const auto flags = subscription(hook);
    return flags && (*flags & POSTERN_SUBSCRIBE_OBSERVE) != 0;
}

std::vector<std::pair<std::uint32_t, std::string>> fake_host::log_lines()
{
    const std::lock_guard lock{state_->mutex};
    return state_->log;
}

const std::vector<std::pair<std::string, std::string>>& fake_host::refusals() const noexcept
{
    return state_->refusals;
}

std::vector<std::string> fake_host::complaints()
{
    const std::lock_guard lock{state_->mutex};
    std::vector<std::string> all = state_->complaints;
    for (const auto& [ticket, row] : state_->tickets) {
        if (!row.is_closed && !state_->wakes.has(row.session))
            all.push_back("ticket " + std::to_string(ticket) + " of " + hook_name(row.asked.hook) +
                          " has no answer, and no wake or answer of a service is to come that would bring one");
    }
    return all;
}

bool fake_host::provides(std::string_view id) const noexcept
{
    return has(plugin_.provides, id);
}

bool fake_host::needs(std::string_view id) const noexcept
{
    return has(plugin_.requires_, id);
}

const declarations& fake_host::declared() const noexcept
{
    return state_->declared;
}

void fake_host::complain(std::string text)
{
    const std::lock_guard lock{state_->mutex};
    state_->complaints.push_back(std::move(text));
}

std::vector<std::string> fake_host::started()
{
    const std::lock_guard lock{state_->mutex};
    return state_->started;
}

std::vector<submitted_mail> fake_host::submitted()
{
    const std::lock_guard lock{state_->mutex};
    return state_->mails;
}

} // namespace postern::testing
