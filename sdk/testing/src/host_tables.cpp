#include <postern/testing/host_state.hpp>
#include <postern/abi/blob.h>
#include <postern/abi/config.h>
#include <postern/abi/spool.h>
#include <postern/testing/submit_rules.hpp>
#include <postern/sdk/records.hpp>
#include <postern/testing/grant_rules.hpp>
#include <postern/testing/rules.hpp>

namespace postern::testing {
namespace {

postern_status subscribe(postern_host* host, std::uint32_t hook, std::uint32_t flags)
{
    host_state& state = host_tables::state(host_tables::of(host));
    if (!state.in_create)
        return POSTERN_E_DENIED;
    if (!is_offered(hook, flags))
        return POSTERN_E_INVALID;
    const auto [at, is_new] = state.subscriptions.emplace(hook, flags);
    return is_new || at->second == flags ? POSTERN_PASS : POSTERN_E_INVALID; // observe, or decide
}

postern_status reply(postern_host* host, std::uint64_t ticket, const postern_reply* reply)
{
    host_state& state = host_tables::state(host_tables::of(host));
    const std::lock_guard lock{state.mutex};
    const auto found = state.tickets.find(ticket);
    if (found == state.tickets.end())
        return POSTERN_E_STALE;
    ticket_row& row = found->second;
    if (row.is_closed) {
        const bool is_failure = reply != nullptr && reply->verdict == POSTERN_BROKEN; // of handle, after its answer
        if (row.is_answered && !is_failure)
            state.complaints.push_back("ticket " + std::to_string(ticket) + " of " + hook_name(row.asked.hook) +
                                       " was answered twice: the first answer counts");
        return POSTERN_E_STALE;
    }
    row.is_answered = true;
    state.has_changed();
    std::string fault = rules::fault_of_record(reply, row.asked.hook); // before anything in it is followed
    const bool is_sound = fault.empty();
    row.said = is_sound ? copy_of(*reply, row.asked.hook) : answer{};
    row.said.ticket = ticket;
    state.close(ticket, row);
    if (is_sound)
        fault = rules::read_record(*reply, row.asked.hook, row.said);
    if (fault.empty())
        fault = fault_of(row.said, row.asked);
    postern_status status = fault.empty() ? POSTERN_PASS : POSTERN_E_INVALID;
    if (!fault.empty() && row.said.out.socket)
        row.said.out.socket->let_go();
    if (fault.empty()) // which the chain finds out later, so that the plugin does not hear of it
        fault = fault_of_grants(row.said, row.asked, [&](std::string_view grant) { return state.is_granted(grant); });
    if (!fault.empty()) {
        state.complaints.push_back(fault);
        row.said.came = answer::how::failed;
    }
    return status;
}

postern_status set_cookie(postern_host* host, std::uint64_t session, std::uint64_t cookie)
{
    host_state& state = host_tables::state(host_tables::of(host));
    const std::lock_guard lock{state.mutex};
    if (!state.sessions.contains(session))
        return POSTERN_E_STALE;
    state.cookies[session] = cookie;
    return POSTERN_PASS;
}

postern_status wake(postern_host* host, std::uint64_t session, std::uint64_t token, std::uint64_t delay_ns)
{
    host_state& state = host_tables::state(host_tables::of(host));
    const std::lock_guard lock{state.mutex};
    if (session == 0 || !state.sessions.contains(session))
        return POSTERN_E_STALE;
    state.wakes.add(session, token, std::chrono::nanoseconds{static_cast<std::int64_t>(delay_ns)});
    state.has_changed();
    return POSTERN_PASS;
}

void log(postern_host* host, std::uint32_t level, postern_str text)
{
    host_state& state = host_tables::state(host_tables::of(host));
    const std::lock_guard lock{state.mutex};
    state.log.emplace_back(level, sdk::view(text));
}

postern_list options(postern_host* host)
{
    return host_tables::of(host).option_records();
}

void refuse(postern_host* host, postern_str key, postern_str text)
{
    host_tables::state(host_tables::of(host)).refusals.emplace_back(sdk::view(key), sdk::view(text));
}

std::int64_t blob_size(postern_host* host, std::uint64_t blob)
{
    host_state& state = host_tables::state(host_tables::of(host));
    const std::lock_guard lock{state.mutex};
    return state.blobs.size(blob);
}

std::int64_t blob_read(postern_host* host, std::uint64_t blob, std::uint64_t offset, char* to, std::size_t len)
{
    host_state& state = host_tables::state(host_tables::of(host));
    const std::lock_guard lock{state.mutex};
    return state.blobs.read(blob, offset, to, len, host_tables::of(host).blob_fails_at);
}

/// Whoever declares a verb hears of it.
template <class What>
postern_status declare(postern_host* host, const What* what)
{
    host_state& state = host_tables::state(host_tables::of(host));
    if (what == nullptr)
        return POSTERN_E_INVALID;
    if (!state.in_create)
        return POSTERN_E_DENIED;
    if (!state.declared.add(*what))
        return POSTERN_E_INVALID;
    if (!state.declared.verbs().empty()) {
        state.subscriptions.emplace(POSTERN_HOOK_VERB, 0);
        state.subscriptions.emplace(POSTERN_HOOK_VERB_DATA, 0);
    }
    return POSTERN_PASS;
}

postern_status declare_mechanism(postern_host* host, const postern_mechanism* what)
{
    host_state& state = host_tables::state(host_tables::of(host));
    if (what == nullptr)
        return POSTERN_E_INVALID;
    if (!state.in_create)
        return POSTERN_E_DENIED;
    if (!state.declared.add(*what))
        return POSTERN_E_INVALID;
    state.subscriptions.emplace(POSTERN_HOOK_AUTH_STEP, 0);
    return POSTERN_PASS;
}

postern_status declare_verified(postern_host* host, std::uint32_t kinds)
{
    host_state& state = host_tables::state(host_tables::of(host));
    if (!state.in_create)
        return POSTERN_E_DENIED;
    if (!state.declared.add_verified(kinds))
        return POSTERN_E_INVALID;
    state.subscriptions.emplace(POSTERN_HOOK_AUTH_VERIFY, 0);
    return POSTERN_PASS;
}

postern_status spool_start(postern_host* host, postern_str domain, std::uint32_t flags)
{
    fake_host& me = host_tables::of(host);
    host_state& state = host_tables::state(me);
    const std::string_view name = sdk::view(domain);
    if (name.empty() || name.size() > 255 || (flags & ~POSTERN_SPOOL_SUBDOMAINS) != 0)
        return POSTERN_E_INVALID;
    if (!state.is_granted("queue"))
        return POSTERN_E_DENIED;
    const std::lock_guard lock{state.mutex};
    if (me.spool_says == POSTERN_PASS)
        state.started.push_back((flags != 0 ? "." : "") + std::string{name});
    return me.spool_says;
}

/// The outcome is an event when the clock moves; octets are freed on return.
void tell_outcome(fake_host& me, std::uint64_t session, std::uint64_t token, const std::string& message, bool is_cancelled)
{
    postern_ev_submitted record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_SUBMITTED;
    record.ev.session = session;
    record.ev.flags = is_cancelled ? POSTERN_SUBMIT_CANCELLED : 0;
    record.token = token;
    record.result = is_cancelled ? POSTERN_SUBMIT_FAILED : message.empty() ? me.submit_result : POSTERN_SUBMIT_OK;
    if (!is_cancelled)
        record.message = sdk::str(message);
    {
        host_state& state = host_tables::state(me);
        const std::lock_guard lock{state.mutex};
        record.ev.cookie = state.cookies[session];
    }
    const sdk::owned_record<postern_ev_submitted> lent{record};
    me.plugin().handle(me.self(), reinterpret_cast<const postern_event*>(lent.get()));
}

postern_status submit(postern_host* host, const postern_submission* what)
{
    constexpr std::size_t most_open = 1'000;
    fake_host& me = host_tables::of(host);
    host_state& state = host_tables::state(me);
    if (what == nullptr || what->size < sizeof(postern_submission))
        return POSTERN_E_INVALID;
    if (!state.is_granted("submit") || state.in_create)
        return POSTERN_E_DENIED;
    const std::lock_guard lock{state.mutex};
    if (what->session != 0 && !state.sessions.contains(what->session))
        return POSTERN_E_STALE;
    if (std::string fault = fault_of(*what, state.declared, me.message_size); !fault.empty()) {
        state.complaints.push_back(std::move(fault));
        return POSTERN_E_INVALID;
    }
    if (me.submit_says != POSTERN_PASS || state.wakes.answers() >= most_open)
        return me.submit_says != POSTERN_PASS ? me.submit_says : POSTERN_E_AGAIN;
    submitted_mail mail = mail_of(*what);
    if (me.submit_result == POSTERN_SUBMIT_OK) {
        mail.message = "MAIL" + std::to_string(state.mails.size() + 1);
        state.mails.push_back(mail);
    }
    state.wakes.add_answer(what->session, std::chrono::nanoseconds{0},
                           [&me, session = what->session, token = what->token, id = mail.message](bool is_cancelled) {
                               tell_outcome(me, session, token, id, is_cancelled);
                           });
    state.has_changed();
    return POSTERN_PASS;
}

} // namespace

const void* host_tables::get(postern_host* host, const char* id)
{
    static constexpr postern_core_1 core{&subscribe, &reply, &set_cookie, &wake, &log};
    static constexpr postern_config_1 config{&options, &refuse};
    static constexpr postern_blob_1 blob{&blob_size, &blob_read};
    static constexpr postern_ehlo_1 ehlo{&declare<postern_keyword>, &declare<postern_verb>, &declare<postern_param_kind>};
    static constexpr postern_auth_1 auth{&declare_mechanism, &declare_verified};
    static constexpr postern_spool_1 spool{&spool_start};
    static constexpr postern_submit_1 mail{&submit};
    const std::string_view wanted{id};
    if (of(host).missing.contains(wanted))
        return nullptr;
    if (wanted == POSTERN_CORE_1)
        return &core;
    if (wanted == POSTERN_CONFIG_1)
        return &config;
    if (wanted == POSTERN_SPOOL_1)
        return &spool;
    if (wanted == POSTERN_SUBMIT_1)
        return &mail;
    if (wanted == POSTERN_AUTH_1)
        return &auth;
    if (wanted == POSTERN_EHLO_1)
        return &ehlo;
    if (wanted == POSTERN_BLOB_1)
        return &blob;
    const void* const data = data_services::data_table(wanted);
    return data != nullptr ? data : fake_services::service(wanted);
}

} // namespace postern::testing
