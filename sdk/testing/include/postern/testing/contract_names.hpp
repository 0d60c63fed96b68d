#pragma once
// Numbers of the contract as a server's log calls them. Part of fake_host. Pure.

#include <postern/abi/admin.h>
#include <postern/abi/auth.h>
#include <postern/abi/content.h>
#include <postern/abi/delivery.h>
#include <postern/abi/dns.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/health.h>
#include <postern/abi/kv.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/lifecycle.h>
#include <postern/abi/observe.h>
#include <postern/abi/outgoing.h>
#include <postern/abi/queue.h>
#include <postern/abi/report.h>
#include <postern/abi/shaping.h>
#include <postern/abi/submit.h>
#include <postern/abi/timers.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace postern::testing {

/// "cmd.mail"; of a number that nobody has given out "hook 63".
[[nodiscard]] inline std::string hook_name(std::uint32_t hook)
{
    struct row {
        std::uint32_t hook;
        std::string_view name;
    };
    static constexpr row all[]{
        {POSTERN_HOOK_CONN_OPEN, "conn.open"},
        {POSTERN_HOOK_TLS_ESTABLISHED, "tls.established"},
        {POSTERN_HOOK_HELO, "cmd.helo"},
        {POSTERN_HOOK_MAIL, "cmd.mail"},
        {POSTERN_HOOK_RCPT, "cmd.rcpt"},
        {POSTERN_HOOK_DATA, "cmd.data"},
        {POSTERN_HOOK_HEADERS, "msg.headers"},
        {POSTERN_HOOK_BODY, "msg.body"},
        {POSTERN_HOOK_END, "msg.end"},
        {POSTERN_HOOK_COMMIT_BEFORE, "txn.commit_before"},
        {POSTERN_HOOK_COMMITTED, "txn.committed"},
        {POSTERN_HOOK_ABORTED, "txn.aborted"},
        {POSTERN_HOOK_CONN_CLOSE, "conn.close"},
        {POSTERN_HOOK_ROUTE, "queue.route"},
        {POSTERN_HOOK_DELIVERY_DONE, "delivery.done"},
        {POSTERN_HOOK_CAPS, "ehlo.caps"},
        {POSTERN_HOOK_VERB, "verb"},
        {POSTERN_HOOK_VERB_DATA, "verb.data"},
        {POSTERN_HOOK_PARAM, "param"},
        {POSTERN_HOOK_RSET, "cmd.rset"},
        {POSTERN_HOOK_NOOP, "cmd.noop"},
        {POSTERN_HOOK_HELP, "cmd.help"},
        {POSTERN_HOOK_VRFY, "cmd.vrfy"},
        {POSTERN_HOOK_EXPN, "cmd.expn"},
        {POSTERN_HOOK_UNKNOWN, "cmd.unknown"},
        {POSTERN_HOOK_QUIT, "cmd.quit"},
        {POSTERN_HOOK_DELIVERY_BEGIN, "delivery.begin"},
        {POSTERN_HOOK_TLS_POLICY, "delivery.tls_policy"},
        {POSTERN_HOOK_DELIVERY_PEER, "delivery.peer"},
        {POSTERN_HOOK_CLIENT_VERB, "client.verb"},
        {POSTERN_HOOK_CLIENT_PARAMS, "client.params"},
        {POSTERN_HOOK_AUTH_MECHANISMS, "auth.mechanisms"},
        {POSTERN_HOOK_AUTH_STEP, "auth.step"},
        {POSTERN_HOOK_AUTH_VERIFY, "auth.verify"},
        {POSTERN_HOOK_AUTH_RESULT, "auth.result"},
        {POSTERN_HOOK_END_RCPT, "msg.end_rcpt"},
        {POSTERN_HOOK_TLS_RESULT, "delivery.tls_result"},
        {POSTERN_HOOK_QUEUE_POLICY, "queue.policy"},
        {POSTERN_HOOK_QUEUE_ADMIT, "queue.admit"},
        {POSTERN_HOOK_QUEUE_RETRY, "queue.retry"},
        {POSTERN_HOOK_DELIVERY_SOURCE, "delivery.source"},
        {POSTERN_HOOK_DELIVERY_CONNECT, "delivery.connect"},
        {POSTERN_HOOK_DELIVERY_CONTENT, "delivery.content"},
        {POSTERN_HOOK_DELIVERY_SIGN, "delivery.sign"},
        {POSTERN_HOOK_DELIVERY_REPLY, "delivery.reply"},
        {POSTERN_HOOK_DSN_MAKE, "dsn.make"},
        {POSTERN_HOOK_REPORT_IN, "report.in"},
        {POSTERN_HOOK_WAKE, "wake"},
        {POSTERN_HOOK_SESSION_END, "session_end"},
        {POSTERN_HOOK_CONFIG_PREPARE, "config.prepare"},
        {POSTERN_HOOK_CONFIG_COMMIT, "config.commit"},
        {POSTERN_HOOK_CONFIG_ABORT, "config.abort"},
        {POSTERN_HOOK_TIMER, "timer"},
        {POSTERN_HOOK_HEALTH, "health"},
        {POSTERN_HOOK_EVENT, "event"},
        {POSTERN_HOOK_DNS_ANSWER, "dns.answer"},
        {POSTERN_HOOK_KV_ANSWER, "kv.answer"},
        {POSTERN_HOOK_SUBMITTED, "submitted"},
        {POSTERN_HOOK_ADMIN, "admin"},
        {POSTERN_HOOK_QUEUE_SCAN, "queue.scan"},
        {POSTERN_HOOK_QUEUE_APPEND, "queue.append"},
        {POSTERN_HOOK_QUEUE_COMMIT, "queue.commit"},
        {POSTERN_HOOK_QUEUE_ABANDON, "queue.abandon"},
        {POSTERN_HOOK_QUEUE_UPDATE, "queue.update"},
        {POSTERN_HOOK_QUEUE_REMOVE, "queue.remove"},
        {POSTERN_HOOK_QUEUE_FETCH, "queue.fetch"},
        {POSTERN_HOOK_QUEUE_READ, "queue.read"},
        {POSTERN_HOOK_QUEUE_PEEK, "queue.peek"},
        {POSTERN_HOOK_KV_STORE_REQUEST, "kv_store"},
        {POSTERN_HOOK_KV_STORE_SCAN, "kv_store"},
        {POSTERN_HOOK_DELIVER, "deliver"},
    };
    const auto* const found = std::find_if(std::begin(all), std::end(all), [&](const row& each) { return each.hook == hook; });
    return found == std::end(all) ? "hook " + std::to_string(hook) : std::string{found->name};
}

/// "header.add"; of a number that nobody has given out "edit 200".
[[nodiscard]] inline std::string edit_name(std::uint32_t op)
{
    static constexpr std::string_view all[]{"",
                                            "header.add",
                                            "header.insert",
                                            "header.replace",
                                            "header.remove",
                                            "sender.set",
                                            "rcpt.add",
                                            "rcpt.replace",
                                            "rcpt.remove",
                                            "body.replace",
                                            "route.set",
                                            "peer.set",
                                            "priority.set",
                                            "release.at",
                                            "expire.at",
                                            "warn.at",
                                            "rcpt.later",
                                            "param.set",
                                            "param.drop",
                                            "param.require",
                                            "accepted.set",
                                            "report.relay"};
    return op == 0 || op >= std::size(all) ? "edit " + std::to_string(op) : std::string{all[op]};
}

/// "REJECT"; of a number that nobody has given out "verdict 99".
[[nodiscard]] inline std::string verdict_name(std::uint32_t verdict)
{
    static constexpr std::string_view all[]{"CONTINUE", "ACCEPT", "REJECT", "TEMPFAIL", "DISCONNECT", "DISCARD", "HOLD", "SCORE"};
    return verdict >= std::size(all) ? "verdict " + std::to_string(verdict) : std::string{all[verdict]};
}

} // namespace postern::testing
