#include "core/hooks/hook_point.hpp"

namespace postern::hooks {

std::string_view name_of(hook_point hook) noexcept
{
    switch (hook) {
    case hook_point::conn_open:
        return "conn.open";
    case hook_point::tls_established:
        return "tls.established";
    case hook_point::cmd_helo:
        return "cmd.helo";
    case hook_point::cmd_mail:
        return "cmd.mail";
    case hook_point::cmd_rcpt:
        return "cmd.rcpt";
    case hook_point::cmd_data:
        return "cmd.data";
    case hook_point::msg_headers:
        return "msg.headers";
    case hook_point::msg_body:
        return "msg.body";
    case hook_point::msg_end:
        return "msg.end";
    case hook_point::txn_commit_before:
        return "txn.commit_before";
    case hook_point::txn_committed:
        return "txn.committed";
    case hook_point::txn_aborted:
        return "txn.aborted";
    case hook_point::conn_close:
        return "conn.close";
    case hook_point::queue_route:
        return "queue.route";
    case hook_point::delivery_done:
        return "delivery.done";
    case hook_point::delivery_tls_result:
        return "delivery.tls_result";
    case hook_point::queue_policy:
        return "queue.policy";
    case hook_point::queue_admit:
        return "queue.admit";
    case hook_point::queue_retry:
        return "queue.retry";
    case hook_point::delivery_source:
        return "delivery.source";
    case hook_point::delivery_connect:
        return "delivery.connect";
    case hook_point::delivery_content:
        return "delivery.content";
    case hook_point::delivery_sign:
        return "delivery.sign";
    case hook_point::delivery_reply:
        return "delivery.reply";
    case hook_point::dsn_make:
        return "dsn.make";
    case hook_point::report_in:
        return "report.in";
    case hook_point::ehlo_caps:
        return "ehlo.caps";
    case hook_point::verb:
        return "verb";
    case hook_point::verb_data:
        return "verb.data";
    case hook_point::param:
        return "param";
    case hook_point::cmd_rset:
        return "cmd.rset";
    case hook_point::cmd_noop:
        return "cmd.noop";
    case hook_point::cmd_help:
        return "cmd.help";
    case hook_point::cmd_vrfy:
        return "cmd.vrfy";
    case hook_point::cmd_expn:
        return "cmd.expn";
    case hook_point::cmd_unknown:
        return "cmd.unknown";
    case hook_point::cmd_quit:
        return "cmd.quit";
    case hook_point::delivery_begin:
        return "delivery.begin";
    case hook_point::delivery_tls_policy:
        return "delivery.tls_policy";
    case hook_point::delivery_peer:
        return "delivery.peer";
    case hook_point::client_verb:
        return "client.verb";
    case hook_point::client_params:
        return "client.params";
    case hook_point::auth_mechanisms:
        return "auth.mechanisms";
    case hook_point::auth_step:
        return "auth.step";
    case hook_point::auth_verify:
        return "auth.verify";
    case hook_point::auth_result:
        return "auth.result";
    case hook_point::msg_end_rcpt:
        return "msg.end_rcpt";
    }
    return "unknown";
}

bool is_hook(unsigned number) noexcept
{
    return number < hook_point_count && name_of(static_cast<hook_point>(number)) != "unknown";
}

} // namespace postern::hooks
