#include "core/host/promised_answers.hpp"

#include "core/host/plugin_instance.hpp"

#include <postern/abi/dns.h>
#include <postern/abi/kv.h>
#include <postern/abi/submit.h>

#include <cstring>
#include <utility>
#include <vector>

namespace postern::daemon {
namespace {

void write_token(postern_event& event, std::uint64_t token) noexcept
{
    // In all records of answers the token follows the head.
    static_assert(offsetof(postern_ev_dns_answer, token) == sizeof(postern_event));
    static_assert(offsetof(postern_ev_kv_answer, token) == sizeof(postern_event));
    static_assert(offsetof(postern_ev_submitted, token) == sizeof(postern_event));
    std::memcpy(reinterpret_cast<std::byte*>(&event) + sizeof event, &token, sizeof token);
}

} // namespace

std::uint64_t promised_answers::promise(kind what, std::uint64_t session, std::uint64_t token)
{
    const std::scoped_lock lock{guard_};
    auto& count = of_kind_[static_cast<std::size_t>(what)];
    if (count >= most_open)
        return 0;
    const auto number = ++last_;
    open_.emplace(number, entry{what, session, token, std::nullopt, {}});
    ++of_session_[session];
    ++count;
    return number;
}

void promised_answers::attach(std::uint64_t number, std::function<void()> forget)
{
    const std::scoped_lock lock{guard_};
    if (const auto found = open_.find(number); found != open_.end() && !found->second.answer)
        found->second.forget = std::move(forget);
}

promised_answers::entry promised_answers::extract(table::iterator at)
{
    auto one = std::move(at->second);
    open_.erase(at);
    --of_kind_[static_cast<std::size_t>(one.what)];
    if (const auto count = of_session_.find(one.session); --count->second == 0)
        of_session_.erase(count);
    return one;
}

std::optional<promised_answers::entry> promised_answers::take(std::uint64_t number)
{
    const std::scoped_lock lock{guard_};
    const auto found = open_.find(number);
    return found == open_.end() ? std::nullopt : std::optional{extract(found)};
}

bool promised_answers::withdraw(std::uint64_t number)
{
    return take(number).has_value();
}

bool promised_answers::is_over(std::uint64_t number, std::uint64_t session)
{
    return session != 0 && of_.sessions().port(session) == nullptr && withdraw(number);
}

void promised_answers::keep(std::uint64_t number, owned_event answer)
{
    std::function<void()> gone; // freed outside the lock
    std::uint64_t session = 0;
    {
        const std::scoped_lock lock{guard_};
        const auto found = open_.find(number);
        if (found == open_.end())
            return; // cancelled
        found->second.answer = std::move(answer);
        gone = std::move(found->second.forget);
        session = found->second.session;
    }
    if (session == 0) {
        if (auto one = take(number))
            tell_later(std::move(*one));
        return;
    }
    // Whoever ends the session delivers what did not get there.
    if (const auto port = of_.sessions().port(session); port != nullptr)
        (void)port->post([instance = of_.weak_from_this(), number] {
            if (const auto still = instance.lock())
                still->answers().bring(number);
        });
}

void promised_answers::bring(std::uint64_t number)
{
    if (auto one = take(number)) {
        const auto cookie = of_.sessions().cookie(one->session);
        tell(std::move(*one), cookie);
    }
}

owned_event promised_answers::cancelled(kind what)
{
    if (what == kind::dns) {
        postern_ev_dns_answer record{};
        record.ev.size = sizeof record;
        record.ev.hook = POSTERN_HOOK_DNS_ANSWER;
        record.ev.flags = POSTERN_DNS_CANCELLED;
        record.status = POSTERN_DNS_TIMEOUT;
        return owned_event{record.ev};
    }
    if (what == kind::submitted) {
        postern_ev_submitted record{};
        record.ev.size = sizeof record;
        record.ev.hook = POSTERN_HOOK_SUBMITTED;
        record.ev.flags = POSTERN_SUBMIT_CANCELLED;
        record.result = POSTERN_SUBMIT_FAILED;
        return owned_event{record.ev};
    }
    postern_ev_kv_answer record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_KV_ANSWER;
    record.ev.flags = POSTERN_KV_CANCELLED;
    record.result = POSTERN_KV_FAILED;
    return owned_event{record.ev};
}

void promised_answers::tell(entry one, std::uint64_t cookie)
{
    auto& event = one.answer->head();
    event.session = one.session;
    event.cookie = cookie;
    write_token(event, one.token);
    of_.tell(event, job_kind::promise);
}

/// Of no session: on a thread of the instance.
void promised_answers::tell_later(entry one)
{
    auto& event = one.answer->head();
    write_token(event, one.token);
    auto own = std::make_shared<const owned_event>(std::move(*one.answer));
    const auto octets = own->octets();
    (void)of_.post_event([instance = &of_, event = std::move(own)] { instance->notify(event->get()); }, job_kind::promise,
                         octets);
}

void promised_answers::end_session(std::uint64_t session, std::uint64_t cookie)
{
    std::vector<entry> outstanding;
    {
        const std::scoped_lock lock{guard_};
        if (!of_session_.contains(session)) // the usual end of a session looks no further
            return;
        for (auto at = open_.begin(); at != open_.end();) {
            const auto here = at++;
            if (here->second.session == session)
                outstanding.push_back(extract(here));
        }
    }
    for (auto& one : outstanding) {
        if (one.forget)
            one.forget();
        one.answer = cancelled(one.what);
        tell(std::move(one), cookie);
    }
}

void promised_answers::end()
{
    table outstanding;
    {
        const std::scoped_lock lock{guard_};
        outstanding.swap(open_);
        of_session_.clear();
        of_kind_ = {};
    }
    for (auto& [number, one] : outstanding) {
        if (one.forget)
            one.forget();
        one.answer = cancelled(one.what);
        auto& event = one.answer->head();
        event.session = one.session;
        write_token(event, one.token);
        (void)of_.handle(event);
    }
}

} // namespace postern::daemon
