// The contract as released: metrics, log, timers, notes, health, events of the server. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/health.h>
#include <postern/abi/log.h>
#include <postern/abi/metrics.h>
#include <postern/abi/notes.h>
#include <postern/abi/observe.h>
#include <postern/abi/timers.h>

namespace {

// <postern/abi/metrics.h>

VALUE(POSTERN_METRIC_COUNTER, 1u);
VALUE(POSTERN_METRIC_GAUGE, 2u);
VALUE(POSTERN_METRIC_HISTOGRAM, 3u);
VALUE(POSTERN_UNIT_ONES, 0u);
VALUE(POSTERN_UNIT_THOUSANDTHS, 1u);
VALUE(POSTERN_UNIT_NANOSECONDS, 2u);
VALUE(POSTERN_METRICS_1, "postern.metrics/1");

RECORD(postern_label, 32);
FIELD(postern_label, name, 0, postern_str);
FIELD(postern_label, value, 16, postern_str);

RECORD(postern_metric, 64);
FIELD(postern_metric, size, 0, uint32_t);
FIELD(postern_metric, kind, 4, uint32_t);
FIELD(postern_metric, unit, 8, uint32_t);
FIELD(postern_metric, reserved, 12, uint32_t);
FIELD(postern_metric, name, 16, postern_str);
FIELD(postern_metric, help, 32, postern_str);
FIELD(postern_metric, labels, 48, postern_list);

FROZEN(postern_metrics_1, 32);
FIELD(postern_metrics_1, declare, 0, int64_t (*)(postern_host*, const postern_metric*));
FIELD(postern_metrics_1, add, 8, postern_status (*)(postern_host*, uint64_t, int64_t));
FIELD(postern_metrics_1, set, 16, postern_status (*)(postern_host*, uint64_t, int64_t));
FIELD(postern_metrics_1, observe, 24, postern_status (*)(postern_host*, uint64_t, int64_t));

// <postern/abi/log.h>

VALUE(POSTERN_LOG_1, "postern.log/1");

RECORD(postern_log_field, 48);
FIELD(postern_log_field, key, 0, postern_str);
FIELD(postern_log_field, text, 16, postern_str);
FIELD(postern_log_field, number, 32, int64_t);
FIELD(postern_log_field, is_number, 40, uint32_t);
FIELD(postern_log_field, reserved, 44, uint32_t);

RECORD(postern_log_event, 48);
FIELD(postern_log_event, size, 0, uint32_t);
FIELD(postern_log_event, level, 4, uint32_t);
FIELD(postern_log_event, name, 8, postern_str);
FIELD(postern_log_event, fields, 24, postern_list);
FIELD(postern_log_event, session, 40, uint64_t);

FROZEN(postern_log_1, 16);
FIELD(postern_log_1, level, 0, uint32_t (*)(postern_host*));
FIELD(postern_log_1, write, 8, postern_status (*)(postern_host*, const postern_log_event*));

// <postern/abi/timers.h>

VALUE(POSTERN_HOOK_TIMER, 69u);
VALUE(POSTERN_TIMERS_1, "postern.timers/1");

RECORD(postern_ev_timer, 72);
FIELD(postern_ev_timer, ev, 0, postern_event);
FIELD(postern_ev_timer, token, 56, uint64_t);
FIELD(postern_ev_timer, missed, 64, uint64_t);

FROZEN(postern_timers_1, 16);
FIELD(postern_timers_1, start, 0, postern_status (*)(postern_host*, uint64_t, uint64_t, uint64_t));
FIELD(postern_timers_1, cancel, 8, postern_status (*)(postern_host*, uint64_t));

// <postern/abi/notes.h>

VALUE(POSTERN_NOTES_1, "postern.notes/1");

RECORD(postern_note, 56);
FIELD(postern_note, size, 0, uint32_t);
FIELD(postern_note, reserved, 4, uint32_t);
FIELD(postern_note, session, 8, uint64_t);
FIELD(postern_note, transaction, 16, uint64_t);
FIELD(postern_note, name, 24, postern_str);
FIELD(postern_note, value, 40, postern_str);

FROZEN(postern_notes_1, 24);
FIELD(postern_notes_1, want, 0, postern_status (*)(postern_host*, postern_str));
FIELD(postern_notes_1, set, 8, postern_status (*)(postern_host*, const postern_note*));
FIELD(postern_notes_1, get, 16, int64_t (*)(postern_host*, uint64_t, postern_str, char*, size_t));

// <postern/abi/health.h>

VALUE(POSTERN_HOOK_HEALTH, 70u);
VALUE(POSTERN_HEALTH_OK, 0u);
VALUE(POSTERN_HEALTH_DEGRADED, 1u);

RECORD(postern_ev_health, 56);
FIELD(postern_ev_health, ev, 0, postern_event);

RECORD(postern_health_reply, 80);
FIELD(postern_health_reply, base, 0, postern_reply);
FIELD(postern_health_reply, state, 72, uint32_t);
FIELD(postern_health_reply, reserved, 76, uint32_t);

// <postern/abi/observe.h>

VALUE(POSTERN_HOOK_EVENT, 71u);
VALUE(POSTERN_EVENT_CONNECTED, 1u);
VALUE(POSTERN_EVENT_DISCONNECTED, 2u);
VALUE(POSTERN_EVENT_REFUSED, 3u);
VALUE(POSTERN_EVENT_DECIDED, 4u);
VALUE(POSTERN_EVENT_ACCEPTED, 5u);
VALUE(POSTERN_EVENT_NOT_STORED, 6u);
VALUE(POSTERN_EVENT_DELIVERED, 7u);
VALUE(POSTERN_EVENT_DEFERRED, 8u);
VALUE(POSTERN_EVENT_FAILED, 9u);
VALUE(POSTERN_EVENT_RELOADED, 10u);
VALUE(POSTERN_EVENT_NOT_RELOADED, 11u);
VALUE(POSTERN_EVENT_PLUGIN_FAILED, 12u);
VALUE(POSTERN_EVENT_BREAKER_OPEN, 13u);
VALUE(POSTERN_EVENT_BREAKER_CLOSED, 14u);

RECORD(postern_ev_event, 264);
FIELD(postern_ev_event, ev, 0, postern_event);
FIELD(postern_ev_event, kind, 56, uint32_t);
FIELD(postern_ev_event, smtp_code, 60, uint32_t);
FIELD(postern_ev_event, time_ms, 64, int64_t);
FIELD(postern_ev_event, session, 72, uint64_t);
FIELD(postern_ev_event, size_octets, 80, uint64_t);
FIELD(postern_ev_event, count, 88, uint64_t);
FIELD(postern_ev_event, missed, 96, uint64_t);
FIELD(postern_ev_event, message, 104, postern_str);
FIELD(postern_ev_event, sender, 120, postern_str);
FIELD(postern_ev_event, recipient, 136, postern_str);
FIELD(postern_ev_event, peer, 152, postern_str);
FIELD(postern_ev_event, listener, 168, postern_str);
FIELD(postern_ev_event, plugin, 184, postern_str);
FIELD(postern_ev_event, hook, 200, postern_str);
FIELD(postern_ev_event, verdict, 216, postern_str);
FIELD(postern_ev_event, next_hop, 232, postern_str);
FIELD(postern_ev_event, text, 248, postern_str);

} // namespace
