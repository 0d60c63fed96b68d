// The contract as released: delivery status notifications. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/report.h>

namespace {

// <postern/abi/report.h>

VALUE(POSTERN_HOOK_DSN_MAKE, 46u);
VALUE(POSTERN_HOOK_REPORT_IN, 47u);
VALUE(POSTERN_REPORT_UNKNOWN, 0u);
VALUE(POSTERN_REPORT_FAILED, 1u);
VALUE(POSTERN_REPORT_DELAYED, 2u);
VALUE(POSTERN_REPORT_DELIVERED, 3u);
VALUE(POSTERN_REPORT_RELAYED, 4u);
VALUE(POSTERN_REPORT_EXPANDED, 5u);
VALUE(POSTERN_DSN_FAILURE, 0u);
VALUE(POSTERN_DSN_DELAY, 1u);
VALUE(POSTERN_DSN_SUCCESS, 2u);
VALUE(POSTERN_DSN_RETURNS_ALL, 1u);
VALUE(POSTERN_REPORT_CUT, 1u);

RECORD(postern_reported, 136);
FIELD(postern_reported, recipient, 0, postern_str);
FIELD(postern_reported, original, 16, postern_str);
FIELD(postern_reported, status, 32, postern_str);
FIELD(postern_reported, remote_mta, 48, postern_str);
FIELD(postern_reported, diagnostic_type, 64, postern_str);
FIELD(postern_reported, diagnostic, 80, postern_str);
FIELD(postern_reported, last_attempt, 96, postern_str);
FIELD(postern_reported, retry_until, 112, postern_str);
FIELD(postern_reported, action, 128, uint32_t);
FIELD(postern_reported, smtp_code, 132, uint32_t);

RECORD(postern_ev_dsn_make, 184);
FIELD(postern_ev_dsn_make, ev, 0, postern_event);
FIELD(postern_ev_dsn_make, message, 56, postern_str);
FIELD(postern_ev_dsn_make, sender, 72, postern_str);
FIELD(postern_ev_dsn_make, envid, 88, postern_str);
FIELD(postern_ev_dsn_make, recipient, 104, postern_str);
FIELD(postern_ev_dsn_make, text, 120, postern_str);
FIELD(postern_ev_dsn_make, from_name, 136, postern_str);
FIELD(postern_ev_dsn_make, reported, 152, postern_list);
FIELD(postern_ev_dsn_make, received_s, 168, uint64_t);
FIELD(postern_ev_dsn_make, kind, 176, uint32_t);
FIELD(postern_ev_dsn_make, flags, 180, uint32_t);

RECORD(postern_dsn_make_reply, 136);
FIELD(postern_dsn_make_reply, base, 0, postern_reply);
FIELD(postern_dsn_make_reply, recipient, 72, postern_str);
FIELD(postern_dsn_make_reply, text, 88, postern_str);
FIELD(postern_dsn_make_reply, from_name, 104, postern_str);
FIELD(postern_dsn_make_reply, fields, 120, postern_list);

RECORD(postern_ev_report_in, 208);
FIELD(postern_ev_report_in, ev, 0, postern_event);
FIELD(postern_ev_report_in, peer, 56, postern_list);
FIELD(postern_ev_report_in, message, 72, postern_str);
FIELD(postern_ev_report_in, sender, 88, postern_str);
FIELD(postern_ev_report_in, recipients, 104, postern_list);
FIELD(postern_ev_report_in, reporting_mta, 120, postern_str);
FIELD(postern_ev_report_in, envid, 136, postern_str);
FIELD(postern_ev_report_in, arrival, 152, postern_str);
FIELD(postern_ev_report_in, message_id, 168, postern_str);
FIELD(postern_ev_report_in, reported, 184, postern_list);
FIELD(postern_ev_report_in, flags, 200, uint32_t);
FIELD(postern_ev_report_in, reserved, 204, uint32_t);

} // namespace
