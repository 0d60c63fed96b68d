#include "core/host/abi_plugin.hpp"

#include "core/host/delivery_port.hpp"
#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"
#include "core/hooks/edit_form.hpp"
#include "core/hooks/login.hpp"
#include "core/hooks/outgoing.hpp"
#include "core/hooks/reply_rules.hpp"

#include <postern/abi/hooks.h>

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <utility>

namespace postern::daemon {
namespace {

using hooks::call_result;
using hooks::call_status;

constexpr const char* no_answer = "it failed after its call returned";

/// What an answer is held against where it is taken: all that needs neither the message nor the configuration, so that the plugin
/// hears of it. The chain holds it against those too.
class answer_rules {
public:
    answer_rules(const hooks::event& what, bool may_vouch) noexcept
        : hook_{what.hook}, proof_{what.login == nullptr ? 0 : hooks::declared_as(*what.login)}, may_vouch_{may_vouch}
    {
    }

    /// Empty: copied to `to`. Else why it counts as a failure; a socket in it is the plugin's then, which hears of that.
    [[nodiscard]] std::string read(const postern_reply* from, hooks::plugin_reply& to) const
    {
        auto wrong = fault_of(from, to);
        if (!wrong.empty() && to.out && to.out->socket)
            (void)to.out->socket->take();
        return wrong;
    }

private:
    [[nodiscard]] std::string fault_of(const postern_reply* from, hooks::plugin_reply& to) const
    {
        if (from == nullptr)
            return "a NULL reply";
        if (const char* const wrong = read_reply(hook_, *from, to))
            return wrong;
        if (to.vouches && !may_vouch_)
            return "a VOUCH without \"postern.recipients/1\" in provides";
        if (auto wrong = hooks::broken_rule(hook_, to); !wrong.empty())
            return wrong;
        if (to.login && hook_ == hooks::hook_point::auth_verify)
            if (const auto wrong = hooks::misfit_of(proof_, *to.login); !wrong.empty())
                return std::string{wrong};
        return hooks::is_refusal(to.verdict) ? std::string{} : hooks::fault_of_form(hook_, to.edits); // a refusal has none
    }

    hooks::hook_point hook_;
    std::uint32_t proof_;
    bool may_vouch_;
};

/// Takes an answer while the plugin's handle is running; the caller waits for it.
class answer_now final : public ticket_owner {
public:
    answer_now(answer_rules rules, hooks::plugin_reply& to) noexcept : to_{to}, rules_{rules} {}

    bool take(const postern_reply* reply) noexcept override
    {
        if (says_it_failed(reply)) {
            to_ = failed_reply(failure_in(*reply));
            return true;
        }
        wrong_ = rules_.read(reply, to_);
        return wrong_.empty();
    }
    void finish() noexcept override {}
    [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }

private:
    hooks::plugin_reply& to_;
    std::string wrong_;
    answer_rules rules_;
};

/// Takes an answer that comes later, and brings it to the session.
class answer_later final : public ticket_owner {
public:
    answer_later(std::uint64_t ticket, answer_rules rules, std::shared_ptr<hooks::session_port> port)
        : port_{std::move(port)}, ticket_{ticket}, rules_{rules}
    {
    }

    bool take(const postern_reply* reply) noexcept override
    {
        if (says_it_failed(reply)) {
            wrong_.clear();
            reply_ = failed_reply(failure_in(*reply));
            return true;
        }
        wrong_ = rules_.read(reply, reply_);
        return wrong_.empty();
    }
    void finish() noexcept override
    {
        if (!wrong_.empty())
            reply_ = failed_reply(std::move(wrong_));
        port_->answer(ticket_, std::move(reply_));
    }

private:
    std::shared_ptr<hooks::session_port> port_;
    hooks::plugin_reply reply_;
    std::uint64_t ticket_;
    std::string wrong_ = no_answer;
    answer_rules rules_;
};

/// Who asks logs the cause, once, with the session and the hook.
call_result failed(hooks::plugin_reply& answer, std::string why)
{
    answer = failed_reply(std::move(why));
    return {call_status::answered};
}

constexpr const char* no_tickets = "too many of its tickets are open";

constexpr postern_reply plain_continue{sizeof(postern_reply), POSTERN_CONTINUE, 0, 0, {}, {}, {}, 0, 0};

} // namespace

abi_plugin::abi_plugin(std::shared_ptr<plugin_instance> instance)
    : instance_{std::move(instance)}, may_vouch_{instance_->library().provides("postern.recipients/1")}
{
}

std::shared_ptr<abi_plugin> abi_plugin::over(std::shared_ptr<plugin_instance> instance)
{
    std::shared_ptr<abi_plugin> made{new abi_plugin{std::move(instance)}};
    made->instance_->set_face(made);
    return made;
}

call_result abi_plugin::call(const hooks::event& what, base::instant until, const std::shared_ptr<hooks::session_port>& port,
                             hooks::plugin_reply& answer) noexcept
{
    try {
        const auto cookie = cookie_of(what, port);
        if (hooks::is_notification(what.hook) || instance_->observes(what.hook)) {
            const shown_record record{what, 0, cookie, 0};
            instance_->tell(record.get(), job_kind::observation);
            return {call_status::passed};
        }
        const auto deadline = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch()).count();
        return instance_->is_blocking() ? ask_later(what, cookie, deadline, port, answer)
                                        : ask(what, cookie, deadline, port, answer);
    } catch (const std::exception&) { // no memory: none for a reason either
        return {call_status::failed};
    }
}

std::uint64_t abi_plugin::cookie_of(const hooks::event& what, const std::shared_ptr<hooks::session_port>& port)
{
    if (!what.session)
        return 0;
    if (what.seat == nullptr)
        return instance_->sessions().enter(what.session.value, port);
    if (*what.seat == nullptr)
        *what.seat = &instance_->sessions().sit(what.session.value, port);
    return static_cast<const session_seat*>(*what.seat)->cookie.load(std::memory_order_relaxed);
}

call_result abi_plugin::ask(const hooks::event& what, std::uint64_t cookie, std::int64_t deadline_ns,
                            const std::shared_ptr<hooks::session_port>& port, hooks::plugin_reply& answer)
{
    auto& tickets = instance_->tickets();
    const answer_rules rules{what, may_vouch_};
    answer_now now{rules, answer};
    open_ticket mine{tickets};
    auto* const slot = mine.get();
    if (slot == nullptr)
        return failed(answer, no_tickets);
    const auto ticket = ticket_table::number(*slot);
    slot->caller = &now;
    slot->blob = what.blob;
    postern_status status = POSTERN_E_PLUGIN;
    std::string last_error;
    {
        const shown_record record{what, ticket, cookie, deadline_ns};
        status = instance_->handle(record.get(), &last_error);
    }
    if (status == POSTERN_TAKEN && !tickets.collect(*slot) &&
        tickets.leave_pending(*slot, std::make_shared<answer_later>(ticket, rules, port))) {
        mine.keep();
        return {call_status::pending, ticket};
    }
    const bool answered = mine.close();
    if (!now.wrong().empty()) // first: a handle whose answer was refused returns an error for that, and this says which
        return failed(answer, now.wrong());
    if (status < 0 || status > POSTERN_TAKEN)
        return failed(answer, last_error.empty()
                                  ? fmt::format("handle returned {}", status)
                                  : fmt::format("it failed{}: {}", answered ? " after its answer" : "", last_error));
    return {answered ? call_status::answered : call_status::passed};
}

call_result abi_plugin::ask_later(const hooks::event& what, std::uint64_t cookie, std::int64_t deadline_ns,
                                  const std::shared_ptr<hooks::session_port>& port, hooks::plugin_reply& answer)
{
    auto& tickets = instance_->tickets();
    open_ticket mine{tickets};
    auto* const slot = mine.get();
    if (slot == nullptr)
        return failed(answer, no_tickets);
    const auto ticket = ticket_table::number(*slot);
    slot->blob = what.blob;
    const shown_record record{what, ticket, cookie, deadline_ns};
    auto copy = std::make_shared<const owned_event>(record.get());
    const auto octets = copy->octets();
    // The plugin has not heard of the ticket yet, so nobody can have answered it.
    (void)tickets.leave_pending(*slot, std::make_shared<answer_later>(ticket, answer_rules{what, may_vouch_}, port));
    mine.keep();
    const auto job = [instance = instance_.get(), event = std::move(copy), ticket] {
        if (!instance->tickets().is_open(ticket)) // the deadline was faster
            return;
        const auto status = instance->handle(event->get());
        if (status == POSTERN_PASS)
            (void)instance->tickets().answer(ticket, &plain_continue);
        else if (status != POSTERN_TAKEN)
            instance->tickets().give_up(ticket);
    };
    if (instance_->post(what.session.value, job, job_kind::question, octets))
        return {call_status::pending, ticket};
    tickets.withdraw(ticket);
    return failed(answer, "too much waits for its threads");
}

bool abi_plugin::withdraw(std::uint64_t ticket) noexcept
{
    return instance_->tickets().withdraw(ticket);
}

void abi_plugin::wake(base::session_id session, std::uint64_t token, bool cancelled) noexcept
{
    instance_->tell(instance_->wake_record(session.value, token, cancelled).ev, job_kind::promise);
}

void abi_plugin::session_ended(base::session_id session) noexcept
{
    auto& sessions = instance_->sessions();
    if (instance_->is_transport())
        if (const auto own = std::dynamic_pointer_cast<delivery_port>(sessions.port(session.value)))
            own->end();
    const auto cookie = sessions.cookie(session.value);
    if (!sessions.leave(session.value))
        return; // it never saw this session
    instance_->answers().end_session(session.value, cookie);
    postern_event event{};
    event.size = sizeof event;
    event.hook = POSTERN_HOOK_SESSION_END;
    event.session = session.value;
    event.cookie = cookie;
    instance_->tell(event, job_kind::promise);
}

} // namespace postern::daemon
