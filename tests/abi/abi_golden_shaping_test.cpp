// The contract as released: when and how fast mail leaves, and what it leaves as. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/content.h>
#include <postern/abi/shaping.h>

namespace {

// <postern/abi/shaping.h>

VALUE(POSTERN_HOOK_QUEUE_POLICY, 38u);
VALUE(POSTERN_HOOK_QUEUE_ADMIT, 39u);
VALUE(POSTERN_HOOK_QUEUE_RETRY, 40u);
VALUE(POSTERN_HOOK_DELIVERY_REPLY, 45u);
VALUE(POSTERN_STAGE_ROUTE, 0u);
VALUE(POSTERN_STAGE_PEER, 1u);
VALUE(POSTERN_STAGE_MAIL, 2u);
VALUE(POSTERN_STAGE_RCPT, 3u);
VALUE(POSTERN_STAGE_DATA, 4u);
VALUE(POSTERN_STAGE_END, 5u);
VALUE(POSTERN_DEFERRED, 1u);
VALUE(POSTERN_FAILED, 2u);

RECORD(postern_ev_queue_policy, 104);
FIELD(postern_ev_queue_policy, ev, 0, postern_event);
FIELD(postern_ev_queue_policy, next_hop, 56, postern_str);
FIELD(postern_ev_queue_policy, pool, 72, postern_str);
FIELD(postern_ev_queue_policy, concurrency, 88, uint32_t);
FIELD(postern_ev_queue_policy, rate_count, 92, uint32_t);
FIELD(postern_ev_queue_policy, rate_ms, 96, uint64_t);

RECORD(postern_queue_policy_reply, 112);
FIELD(postern_queue_policy_reply, base, 0, postern_reply);
FIELD(postern_queue_policy_reply, pool, 72, postern_str);
FIELD(postern_queue_policy_reply, concurrency, 88, uint32_t);
FIELD(postern_queue_policy_reply, rate_count, 92, uint32_t);
FIELD(postern_queue_policy_reply, rate_ms, 96, uint64_t);
FIELD(postern_queue_policy_reply, valid_s, 104, uint32_t);
FIELD(postern_queue_policy_reply, reserved, 108, uint32_t);

RECORD(postern_ev_queue_admit, 160);
FIELD(postern_ev_queue_admit, ev, 0, postern_event);
FIELD(postern_ev_queue_admit, message, 56, postern_str);
FIELD(postern_ev_queue_admit, sender, 72, postern_str);
FIELD(postern_ev_queue_admit, next_hop, 88, postern_str);
FIELD(postern_ev_queue_admit, recipients, 104, postern_list);
FIELD(postern_ev_queue_admit, size_octets, 120, uint64_t);
FIELD(postern_ev_queue_admit, received_s, 128, uint64_t);
FIELD(postern_ev_queue_admit, attempt, 136, uint32_t);
FIELD(postern_ev_queue_admit, priority, 140, int32_t);
FIELD(postern_ev_queue_admit, active, 144, uint32_t);
FIELD(postern_ev_queue_admit, waiting, 148, uint32_t);
FIELD(postern_ev_queue_admit, active_all, 152, uint32_t);
FIELD(postern_ev_queue_admit, reserved, 156, uint32_t);

RECORD(postern_ev_delivery_reply, 192);
FIELD(postern_ev_delivery_reply, ev, 0, postern_event);
FIELD(postern_ev_delivery_reply, message, 56, postern_str);
FIELD(postern_ev_delivery_reply, sender, 72, postern_str);
FIELD(postern_ev_delivery_reply, next_hop, 88, postern_str);
FIELD(postern_ev_delivery_reply, address, 104, postern_str);
FIELD(postern_ev_delivery_reply, recipients, 120, postern_list);
FIELD(postern_ev_delivery_reply, enhanced, 136, postern_str);
FIELD(postern_ev_delivery_reply, text, 152, postern_str);
FIELD(postern_ev_delivery_reply, received_s, 168, uint64_t);
FIELD(postern_ev_delivery_reply, smtp_code, 176, uint32_t);
FIELD(postern_ev_delivery_reply, stage, 180, uint32_t);
FIELD(postern_ev_delivery_reply, result, 184, uint32_t);
FIELD(postern_ev_delivery_reply, attempt, 188, uint32_t);

RECORD(postern_tried, 72);
FIELD(postern_tried, recipient, 0, postern_str);
FIELD(postern_tried, next_hop, 16, postern_str);
FIELD(postern_tried, enhanced, 32, postern_str);
FIELD(postern_tried, text, 48, postern_str);
FIELD(postern_tried, smtp_code, 64, uint32_t);
FIELD(postern_tried, reserved, 68, uint32_t);

RECORD(postern_ev_queue_retry, 136);
FIELD(postern_ev_queue_retry, ev, 0, postern_event);
FIELD(postern_ev_queue_retry, message, 56, postern_str);
FIELD(postern_ev_queue_retry, sender, 72, postern_str);
FIELD(postern_ev_queue_retry, tried, 88, postern_list);
FIELD(postern_ev_queue_retry, received_s, 104, uint64_t);
FIELD(postern_ev_queue_retry, expires_s, 112, uint64_t);
FIELD(postern_ev_queue_retry, next_s, 120, uint64_t);
FIELD(postern_ev_queue_retry, attempts, 128, uint32_t);
FIELD(postern_ev_queue_retry, priority, 132, int32_t);

RECORD(postern_wait_reply, 80);
FIELD(postern_wait_reply, base, 0, postern_reply);
FIELD(postern_wait_reply, wait_ms, 72, uint64_t);

// <postern/abi/content.h>

VALUE(POSTERN_HOOK_DELIVERY_CONTENT, 43u);
VALUE(POSTERN_HOOK_DELIVERY_SIGN, 44u);

RECORD(postern_ev_content, 200);
FIELD(postern_ev_content, ev, 0, postern_event);
FIELD(postern_ev_content, message, 56, postern_str);
FIELD(postern_ev_content, sender, 72, postern_str);
FIELD(postern_ev_content, next_hop, 88, postern_str);
FIELD(postern_ev_content, recipients, 104, postern_list);
FIELD(postern_ev_content, params, 120, postern_list);
FIELD(postern_ev_content, offers, 136, postern_list);
FIELD(postern_ev_content, headers, 152, postern_list);
FIELD(postern_ev_content, blob, 168, uint64_t);
FIELD(postern_ev_content, size_octets, 176, uint64_t);
FIELD(postern_ev_content, received_s, 184, uint64_t);
FIELD(postern_ev_content, attempt, 192, uint32_t);
FIELD(postern_ev_content, flags, 196, uint32_t);

} // namespace
