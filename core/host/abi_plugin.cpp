#include "core/host/abi_plugin.hpp"

#include "core/host/delivery_port.hpp"
#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

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

const char* read(hooks::hook_point hook, const postern_reply* from, bool may_vouch, hooks::plugin_reply& to)
{
    if (from == nullptr)
        return "a NULL reply";
    const char* wrong = read_reply(hook, *from, to);
    if (wrong == nullptr && to.vouches && !may_vouch)
        wrong = "a VOUCH without \"postern.recipients/1\" in provides";
    return wrong;
}

/// Takes an answer while the plugin's handle is running; the caller waits for it.
class answer_now final : public ticket_owner {
public:
    answer_now(hooks::hook_point hook, bool may_vouch, hooks::plugin_reply& to) noexcept
        : to_{to}, hook_{hook}, may_vouch_{may_vouch}
    {
    }

    bool take(const postern_reply* reply) noexcept override
    {
        if (says_it_failed(reply)) {
            to_ = failed_reply(failure_in(*reply));
            return true;
        }
        wrong_ = read(hook_, reply, may_vouch_, to_);
        return wrong_ == nullptr;
    }
    void finish() noexcept override {}
    [[nodiscard]] const char* wrong() const noexcept { return wrong_; }

private:
    hooks::plugin_reply& to_;
    const char* wrong_ = nullptr;
    hooks::hook_point hook_;
    bool may_vouch_;
};

/// Takes an answer that comes later, and brings it to the session.
class answer_later final : public ticket_owner {
public:
    answer_later(std::uint64_t ticket, hooks::hook_point hook, bool may_vouch, std::shared_ptr<hooks::session_port> port) noexcept
        : port_{std::move(port)}, ticket_{ticket}, hook_{hook}, may_vouch_{may_vouch}
    {
    }

    bool take(const postern_reply* reply) noexcept override
    {
        if (says_it_failed(reply)) {
            wrong_ = nullptr;
            reply_ = failed_reply(failure_in(*reply));
            return true;
        }
        wrong_ = read(hook_, reply, may_vouch_, reply_);
        return wrong_ == nullptr;
    }
    void finish() noexcept override
    {
        if (wrong_ != nullptr)
            reply_ = failed_reply(wrong_);
        port_->answer(ticket_, std::move(reply_));
    }

private:
    std::shared_ptr<hooks::session_port> port_;
    hooks::plugin_reply reply_;
    std::uint64_t ticket_;
    const char* wrong_ = no_answer;
    hooks::hook_point hook_;
    bool may_vouch_;
};

/// Who asks logs the cause, once, with the session and the hook.
call_result failed(hooks::plugin_reply& answer, std::string why)
{
    answer = failed_reply(std::move(why));
    return {call_status::answered};
}

/// A ticket that nobody keeps is closed, whatever is thrown: its slot points into this frame.
class open_ticket {
public:
    explicit open_ticket(ticket_table& of) noexcept : of_{of}, slot_{of.open()} {}
    ~open_ticket()
    {
        if (slot_ != nullptr)
            of_.close(*slot_);
    }
    open_ticket(const open_ticket&) = delete;
    open_ticket& operator=(const open_ticket&) = delete;

    [[nodiscard]] ticket_slot* get() const noexcept { return slot_; }
    void keep() noexcept { slot_ = nullptr; }

private:
    ticket_table& of_;
    ticket_slot* slot_;
};

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
    answer_now now{what.hook, may_vouch_, answer};
    open_ticket mine{tickets};
    auto* const slot = mine.get();
    if (slot == nullptr)
        return failed(answer, no_tickets);
    const auto ticket = ticket_table::number(*slot);
    slot->caller = &now;
    slot->blob = what.blob;
    postern_status status = POSTERN_E_PLUGIN;
    {
        const shown_record record{what, ticket, cookie, deadline_ns};
        status = instance_->handle(record.get());
    }
    if (status == POSTERN_TAKEN && !tickets.collect(*slot) &&
        tickets.leave_pending(*slot, std::make_shared<answer_later>(ticket, what.hook, may_vouch_, port))) {
        mine.keep();
        return {call_status::pending, ticket};
    }
    const bool answered = tickets.collect(*slot);
    tickets.close(*slot);
    mine.keep();
    if (now.wrong() != nullptr) // first: a handle whose answer was refused returns an error for that, and this says which
        return failed(answer, now.wrong());
    if (status < 0 || status > POSTERN_TAKEN)
        return failed(answer, fmt::format("handle returned {}", status));
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
    (void)tickets.leave_pending(*slot, std::make_shared<answer_later>(ticket, what.hook, may_vouch_, port));
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
