// One set of numbers on both sides of the contract: a host that disagrees with its headers is not built.

#include "core/hooks/hook_point.hpp"
#include "core/hooks/outgoing.hpp"
#include "core/hooks/shaping.hpp"
#include "core/hooks/verdict.hpp"
#include "core/message/dsn.hpp"
#include "core/message/envelope.hpp"
#include "core/message/status_report.hpp"

#include <postern/abi/auth.h>
#include <postern/abi/content.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/hooks.h>
#include <postern/abi/outgoing.h>
#include <postern/abi/report.h>
#include <postern/abi/shaping.h>

namespace postern::daemon {

static_assert(POSTERN_HOOK_CONN_OPEN == static_cast<unsigned>(hooks::hook_point::conn_open));
static_assert(POSTERN_HOOK_TLS_ESTABLISHED == static_cast<unsigned>(hooks::hook_point::tls_established));
static_assert(POSTERN_HOOK_HELO == static_cast<unsigned>(hooks::hook_point::cmd_helo));
static_assert(POSTERN_HOOK_MAIL == static_cast<unsigned>(hooks::hook_point::cmd_mail));
static_assert(POSTERN_HOOK_RCPT == static_cast<unsigned>(hooks::hook_point::cmd_rcpt));
static_assert(POSTERN_HOOK_DATA == static_cast<unsigned>(hooks::hook_point::cmd_data));
static_assert(POSTERN_HOOK_HEADERS == static_cast<unsigned>(hooks::hook_point::msg_headers));
static_assert(POSTERN_HOOK_BODY == static_cast<unsigned>(hooks::hook_point::msg_body));
static_assert(POSTERN_HOOK_END == static_cast<unsigned>(hooks::hook_point::msg_end));
static_assert(POSTERN_HOOK_COMMIT_BEFORE == static_cast<unsigned>(hooks::hook_point::txn_commit_before));
static_assert(POSTERN_HOOK_COMMITTED == static_cast<unsigned>(hooks::hook_point::txn_committed));
static_assert(POSTERN_HOOK_ABORTED == static_cast<unsigned>(hooks::hook_point::txn_aborted));
static_assert(POSTERN_HOOK_CONN_CLOSE == static_cast<unsigned>(hooks::hook_point::conn_close));
static_assert(POSTERN_HOOK_ROUTE == static_cast<unsigned>(hooks::hook_point::queue_route));
static_assert(POSTERN_HOOK_DELIVERY_DONE == static_cast<unsigned>(hooks::hook_point::delivery_done));
static_assert(POSTERN_HOOK_CAPS == static_cast<unsigned>(hooks::hook_point::ehlo_caps));
static_assert(POSTERN_HOOK_VERB == static_cast<unsigned>(hooks::hook_point::verb));
static_assert(POSTERN_HOOK_VERB_DATA == static_cast<unsigned>(hooks::hook_point::verb_data));
static_assert(POSTERN_HOOK_PARAM == static_cast<unsigned>(hooks::hook_point::param));
static_assert(POSTERN_HOOK_RSET == static_cast<unsigned>(hooks::hook_point::cmd_rset));
static_assert(POSTERN_HOOK_NOOP == static_cast<unsigned>(hooks::hook_point::cmd_noop));
static_assert(POSTERN_HOOK_HELP == static_cast<unsigned>(hooks::hook_point::cmd_help));
static_assert(POSTERN_HOOK_VRFY == static_cast<unsigned>(hooks::hook_point::cmd_vrfy));
static_assert(POSTERN_HOOK_EXPN == static_cast<unsigned>(hooks::hook_point::cmd_expn));
static_assert(POSTERN_HOOK_UNKNOWN == static_cast<unsigned>(hooks::hook_point::cmd_unknown));
static_assert(POSTERN_HOOK_QUIT == static_cast<unsigned>(hooks::hook_point::cmd_quit));
static_assert(POSTERN_HOOK_DELIVERY_BEGIN == static_cast<unsigned>(hooks::hook_point::delivery_begin));
static_assert(POSTERN_HOOK_TLS_POLICY == static_cast<unsigned>(hooks::hook_point::delivery_tls_policy));
static_assert(POSTERN_HOOK_DELIVERY_PEER == static_cast<unsigned>(hooks::hook_point::delivery_peer));
static_assert(POSTERN_HOOK_AUTH_MECHANISMS == static_cast<unsigned>(hooks::hook_point::auth_mechanisms));
static_assert(POSTERN_HOOK_AUTH_STEP == static_cast<unsigned>(hooks::hook_point::auth_step));
static_assert(POSTERN_HOOK_AUTH_VERIFY == static_cast<unsigned>(hooks::hook_point::auth_verify));
static_assert(POSTERN_HOOK_AUTH_RESULT == static_cast<unsigned>(hooks::hook_point::auth_result));
static_assert(POSTERN_HOOK_TLS_RESULT == static_cast<unsigned>(hooks::hook_point::delivery_tls_result));
static_assert(POSTERN_HOOK_QUEUE_POLICY == static_cast<unsigned>(hooks::hook_point::queue_policy));
static_assert(POSTERN_HOOK_QUEUE_ADMIT == static_cast<unsigned>(hooks::hook_point::queue_admit));
static_assert(POSTERN_HOOK_QUEUE_RETRY == static_cast<unsigned>(hooks::hook_point::queue_retry));
static_assert(POSTERN_HOOK_DELIVERY_SOURCE == static_cast<unsigned>(hooks::hook_point::delivery_source));
static_assert(POSTERN_HOOK_DELIVERY_CONNECT == static_cast<unsigned>(hooks::hook_point::delivery_connect));
static_assert(POSTERN_HOOK_DELIVERY_CONTENT == static_cast<unsigned>(hooks::hook_point::delivery_content));
static_assert(POSTERN_HOOK_DELIVERY_SIGN == static_cast<unsigned>(hooks::hook_point::delivery_sign));
static_assert(POSTERN_HOOK_DELIVERY_REPLY == static_cast<unsigned>(hooks::hook_point::delivery_reply));
static_assert(POSTERN_STAGE_END == static_cast<unsigned>(hooks::delivery_stage::end));
static_assert(POSTERN_HOOK_DSN_MAKE == static_cast<unsigned>(hooks::hook_point::dsn_make));
static_assert(POSTERN_HOOK_REPORT_IN == static_cast<unsigned>(hooks::hook_point::report_in));
static_assert(POSTERN_REPORT_EXPANDED == static_cast<unsigned>(message::report_action::expanded));
static_assert(POSTERN_DSN_SUCCESS == static_cast<unsigned>(message::dsn_kind::success));
static_assert(POSTERN_HOOK_END_RCPT == static_cast<unsigned>(hooks::hook_point::msg_end_rcpt));
static_assert(POSTERN_HOOK_CLIENT_VERB == static_cast<unsigned>(hooks::hook_point::client_verb));
static_assert(POSTERN_HOOK_CLIENT_PARAMS == static_cast<unsigned>(hooks::hook_point::client_params));
static_assert(POSTERN_TLS_NONE == static_cast<unsigned>(hooks::tls_need::none));
static_assert(POSTERN_TLS_VERIFIED == static_cast<unsigned>(hooks::tls_need::verified));
static_assert(POSTERN_TLS_DANE == static_cast<unsigned>(hooks::tls_need::dane));
static_assert(POSTERN_TLS_RESULT_STS_WEBPKI_INVALID == static_cast<unsigned>(hooks::tls_finding::sts_webpki_invalid));
static_assert(POSTERN_OF_MAIL == hooks::of_mail);
static_assert(POSTERN_THEN_RESTART == static_cast<unsigned>(hooks::follow_up::restart));
static_assert(POSTERN_RELAY_REQUIRED == static_cast<unsigned>(message::relay_rule::required));
static_assert(POSTERN_CONTINUE == static_cast<unsigned>(hooks::verdict_kind::proceed));
static_assert(POSTERN_ACCEPT == static_cast<unsigned>(hooks::verdict_kind::accept));
static_assert(POSTERN_REJECT == static_cast<unsigned>(hooks::verdict_kind::reject));
static_assert(POSTERN_TEMPFAIL == static_cast<unsigned>(hooks::verdict_kind::tempfail));
static_assert(POSTERN_DISCONNECT == static_cast<unsigned>(hooks::verdict_kind::disconnect));
static_assert(POSTERN_DISCARD == static_cast<unsigned>(hooks::verdict_kind::discard));
static_assert(POSTERN_HOLD == static_cast<unsigned>(hooks::verdict_kind::hold));
static_assert(POSTERN_SCORE == static_cast<unsigned>(hooks::verdict_kind::score));
static_assert(POSTERN_EDIT_HEADER_ADD == static_cast<unsigned>(hooks::edit_op::header_add));
static_assert(POSTERN_EDIT_ROUTE_SET == static_cast<unsigned>(hooks::edit_op::route_set));
static_assert(POSTERN_EDIT_WARN_AT == static_cast<unsigned>(hooks::edit_op::warn_at));
static_assert(POSTERN_EDIT_REPORT_RELAY == static_cast<unsigned>(hooks::edit_op::report_relay));
static_assert(POSTERN_EDIT_RCPT_LATER == static_cast<unsigned>(hooks::edit_op::rcpt_later));
static_assert(POSTERN_EDIT_PARAM_REQUIRE == static_cast<unsigned>(hooks::edit_op::param_require));

} // namespace postern::daemon
