// fake_host::send: an event, and what comes back from the call.

#include <postern/sdk/admin.hpp>
#include <postern/sdk/content.hpp>
#include <postern/sdk/login.hpp>
#include <postern/sdk/records.hpp>
#include <postern/sdk/report.hpp>
#include <postern/sdk/shaping.hpp>
#include <postern/sdk/source.hpp>
#include <postern/testing/contract_names.hpp>
#include <postern/testing/host_state.hpp>

#include <type_traits>

namespace postern::testing {
namespace {

/// Deliveries and the preparation of a generation have patience of their own in a server.
[[nodiscard]] constexpr bool has_deadline(std::uint32_t hook) noexcept
{
    return hook != POSTERN_HOOK_DELIVER && hook != POSTERN_HOOK_CONFIG_PREPARE;
}

[[nodiscard]] constexpr bool has_answer(std::uint32_t hook) noexcept
{
    switch (hook) {
    case POSTERN_HOOK_COMMITTED:
    case POSTERN_HOOK_ABORTED:
    case POSTERN_HOOK_CONN_CLOSE:
    case POSTERN_HOOK_DELIVERY_DONE:
    case POSTERN_HOOK_TLS_RESULT:
    case POSTERN_HOOK_REPORT_IN:
    case POSTERN_HOOK_QUEUE_ABANDON:
    case POSTERN_HOOK_EVENT:
    case POSTERN_HOOK_CONFIG_COMMIT:
    case POSTERN_HOOK_CONFIG_ABORT:
        return false;
    default:
        return true;
    }
}

/// Whether the record of an event is about something that was declared; those that are not about such things are.
template <class Record>
[[nodiscard]] bool is_declared(const declarations& all, const Record& event) noexcept
{
    if constexpr (std::is_same_v<Record, postern_ev_verb> || std::is_same_v<Record, postern_ev_verb_data>)
        return all.verb(sdk::view(event.name)) != nullptr;
    else if constexpr (std::is_same_v<Record, postern_ev_param>)
        return all.param(sdk::view(event.name)) != nullptr;
    else
        return true;
}

/// That the verb of an event may ask for; `otherwise`: where the verb says nothing of it.
template <class Record>
[[nodiscard]] std::uint64_t most_octets(const declarations& all, const Record& event, std::uint64_t otherwise) noexcept
{
    const declared_verb* of = nullptr;
    if constexpr (std::is_same_v<Record, postern_ev_verb> || std::is_same_v<Record, postern_ev_verb_data>)
        of = all.verb(sdk::view(event.name));
    return of != nullptr && of->most_octets != 0 ? of->most_octets : otherwise;
}

/// A login is verified by those who declared that kind; of a secret, also that of its hash.
template <class Record>
[[nodiscard]] bool is_verified(const declarations& all, const Record& event) noexcept
{
    if constexpr (std::is_same_v<Record, postern_ev_auth_verify>)
        return (all.verified() & declared_as(event)) != 0;
    else
        return true;
}

template <class Record>
void set_blob(Record& record, std::uint64_t blob) noexcept
{
    if constexpr (requires { record.blob; })
        record.blob = blob;
}

} // namespace

template <class Record>
answer fake_host::send(Record record, std::optional<std::string> blob_octets)
{
    need_instance("an event");
    host_state& state = *state_;
    postern_event& event = reinterpret_cast<postern_event&>(record);
    const std::uint32_t hook = event.hook;
    if constexpr (std::is_same_v<Record, postern_ev_mail>) {
        const std::lock_guard lock{state.mutex};
        state.bodies[event.session] = body_facts_of(record.params);
    }
    if (!is_declared(state.declared, record))
        return unasked(500, "5.5.1", "nobody declared it");
    if (!is_verified(state.declared, record))
        return {};
    const bool ends_transaction = hook == POSTERN_HOOK_COMMITTED || hook == POSTERN_HOOK_ABORTED;
    if (is_offered(hook) && !state.subscriptions.contains(hook)) {
        if (ends_transaction)
            enter_transaction(event.session, 0);
        return {};
    }
    if (event.session != 0)
        enter_transaction(event.session, event.transaction);
    {
        const std::lock_guard lock{state.mutex};
        if (event.session != 0)
            state.sessions.insert(event.session);
        event.cookie = state.cookies[event.session];
        if (has_answer(hook) && !observes(hook)) {
            event.ticket = ++state.last_ticket;
            ticket_row& row = state.tickets[event.ticket];
            row.asked = question_of(record, provides("postern.recipients/1"), state.bodies[event.session]);
            row.asked.most_octets = most_octets(state.declared, record, message_size);
            row.said.ticket = event.ticket;
            row.session = event.session;
            if (state.deadline.count() > 0) {
                const auto until = state.wakes.now() + state.deadline;
                event.deadline_ns = until.count();
                if (has_deadline(hook))
                    state.expected.emplace(row.until = until, event.ticket);
            }
        }
        if (blob_octets) {
            state.blobs.lend(event.ticket, std::move(*blob_octets));
            set_blob(record, event.ticket);
        }
    }
    answer said = call(record, event.ticket, hook);
    if (ends_transaction)
        enter_transaction(event.session, 0);
    return said;
}

template <class Record>
answer fake_host::call(const Record& record, std::uint64_t ticket, std::uint32_t hook)
{
    postern_status status;
    {
        const sdk::owned_record<Record> lent{record}; // freed on return: a plugin that kept a pointer is caught
        status = plugin_.handle(self_, reinterpret_cast<const postern_event*>(lent.get()));
    }
    host_state& state = *state_;
    const std::lock_guard lock{state.mutex};
    if (ticket == 0) {
        if (status < 0) // there is no on_error, so a test that does not look would never know
            state.complaints.push_back("failed at " + hook_name(hook) + "; log_lines() may say why");
        answer nothing;
        nothing.came = status < 0 ? answer::how::failed : answer::how::passed;
        return nothing;
    }
    ticket_row& row = state.tickets[ticket];
    if (status == POSTERN_TAKEN) {
        if (!row.is_closed)
            row.said.came = answer::how::pending;
        return row.said;
    }
    if (status > POSTERN_TAKEN)
        state.complaints.push_back("handle returned " + std::to_string(status) + " at " + hook_name(hook));
    if (status == POSTERN_PASS && row.is_closed)
        state.complaints.push_back("passed after an answer at " + hook_name(hook));
    if (status != POSTERN_PASS)
        row.said.came = answer::how::failed;
    state.close(ticket, row);
    return row.said;
}

template answer fake_host::send(postern_ev_admin, std::optional<std::string>);
template answer fake_host::send(postern_ev_auth_mechanisms, std::optional<std::string>);
template answer fake_host::send(postern_ev_auth_result, std::optional<std::string>);
template answer fake_host::send(postern_ev_auth_step, std::optional<std::string>);
template answer fake_host::send(postern_ev_auth_verify, std::optional<std::string>);
template answer fake_host::send(postern_ev_body, std::optional<std::string>);
template answer fake_host::send(postern_ev_caps, std::optional<std::string>);
template answer fake_host::send(postern_ev_client_params, std::optional<std::string>);
template answer fake_host::send(postern_ev_client_verb, std::optional<std::string>);
template answer fake_host::send(postern_ev_command, std::optional<std::string>);
template answer fake_host::send(postern_ev_config, std::optional<std::string>);
template answer fake_host::send(postern_ev_conn_close, std::optional<std::string>);
template answer fake_host::send(postern_ev_conn_open, std::optional<std::string>);
template answer fake_host::send(postern_ev_data, std::optional<std::string>);
template answer fake_host::send(postern_ev_deliver, std::optional<std::string>);
template answer fake_host::send(postern_ev_delivery_begin, std::optional<std::string>);
template answer fake_host::send(postern_ev_delivery_done, std::optional<std::string>);
template answer fake_host::send(postern_ev_delivery_peer, std::optional<std::string>);
template answer fake_host::send(postern_ev_dns_answer, std::optional<std::string>);
template answer fake_host::send(postern_ev_dsn_make, std::optional<std::string>);
template answer fake_host::send(postern_ev_end, std::optional<std::string>);
template answer fake_host::send(postern_ev_end_rcpt, std::optional<std::string>);
template answer fake_host::send(postern_ev_event, std::optional<std::string>);
template answer fake_host::send(postern_ev_headers, std::optional<std::string>);
template answer fake_host::send(postern_ev_health, std::optional<std::string>);
template answer fake_host::send(postern_ev_helo, std::optional<std::string>);
template answer fake_host::send(postern_ev_kv_answer, std::optional<std::string>);
template answer fake_host::send(postern_ev_kv_store, std::optional<std::string>);
template answer fake_host::send(postern_ev_mail, std::optional<std::string>);
template answer fake_host::send(postern_ev_param, std::optional<std::string>);
template answer fake_host::send(postern_ev_queue, std::optional<std::string>);
template answer fake_host::send(postern_ev_rcpt, std::optional<std::string>);
template answer fake_host::send(postern_ev_report_in, std::optional<std::string>);
template answer fake_host::send(postern_ev_route, std::optional<std::string>);
template answer fake_host::send(postern_ev_submitted, std::optional<std::string>);
template answer fake_host::send(postern_ev_timer, std::optional<std::string>);
template answer fake_host::send(postern_ev_tls, std::optional<std::string>);
template answer fake_host::send(postern_ev_tls_policy, std::optional<std::string>);
template answer fake_host::send(postern_ev_tls_result, std::optional<std::string>);
template answer fake_host::send(postern_ev_txn, std::optional<std::string>);
template answer fake_host::send(postern_ev_verb, std::optional<std::string>);
template answer fake_host::send(postern_ev_verb_data, std::optional<std::string>);
template answer fake_host::send(postern_ev_wake, std::optional<std::string>);
template answer fake_host::send(postern_ev_content, std::optional<std::string>);
template answer fake_host::send(postern_ev_delivery_connect, std::optional<std::string>);
template answer fake_host::send(postern_ev_delivery_reply, std::optional<std::string>);
template answer fake_host::send(postern_ev_delivery_source, std::optional<std::string>);
template answer fake_host::send(postern_ev_queue_admit, std::optional<std::string>);
template answer fake_host::send(postern_ev_queue_policy, std::optional<std::string>);
template answer fake_host::send(postern_ev_queue_retry, std::optional<std::string>);
template answer fake_host::send(postern_event, std::optional<std::string>);

} // namespace postern::testing
