#pragma once
// All that `on` may take, as one list for the SDK to walk.

#include <postern/sdk/admin.hpp>
#include <postern/sdk/content.hpp>
#include <postern/sdk/dns.hpp>
#include <postern/sdk/instance_events.hpp>
#include <postern/sdk/kv.hpp>
#include <postern/sdk/kv_store.hpp>
#include <postern/sdk/lifecycle.hpp>
#include <postern/sdk/login.hpp>
#include <postern/sdk/outgoing.hpp>
#include <postern/sdk/report.hpp>
#include <postern/sdk/shaping.hpp>
#include <postern/sdk/source.hpp>
#include <postern/sdk/submit.hpp>
#include <postern/sdk/tls_policy.hpp>

namespace postern {
namespace sdk {

template <class... Events>
struct event_list {
};

/// All that `on` may take. Append as hooks are added.
using all_events =
    event_list<connection, tls, helo, mail, rcpt, data, headers, body, message_end, commit_before, committed, aborted,
               connection_close, route, delivery_done, deliver, queue_request, wake, session_end, ehlo, verb, verb_data,
               parameter, rset, noop, help, vrfy, expn, unknown_command, quit, timer, health, server_event, prepare, commit,
               abort, dns_answer, kv_answer, kv_store_request, admin, delivery_begin, tls_policy, peer_offers, client_verb,
               client_params, auth_mechanisms, auth_step, auth_verify, auth_result, end_rcpt, tls_result, dsn_make, report_in,
               submitted, queue_policy, queue_admit, delivery_reply, queue_retry, delivery_source, delivery_connect,
               delivery_content, delivery_sign>;

/// Whether the host sends it only when asked: backends, notes and what was declared (verbs, mechanisms, what is verified) need no
/// subscription.
template <class Event>
inline constexpr bool is_subscribed = (Event::hook < POSTERN_HOOK_WAKE && Event::hook != POSTERN_HOOK_VERB &&
                                       Event::hook != POSTERN_HOOK_VERB_DATA && Event::hook != POSTERN_HOOK_AUTH_STEP &&
                                       Event::hook != POSTERN_HOOK_AUTH_VERIFY) ||
                                      Event::hook == POSTERN_HOOK_HEALTH || Event::hook == POSTERN_HOOK_EVENT ||
                                      (Event::hook >= POSTERN_HOOK_CONFIG_PREPARE && Event::hook <= POSTERN_HOOK_CONFIG_ABORT);

} // namespace sdk
} // namespace postern
