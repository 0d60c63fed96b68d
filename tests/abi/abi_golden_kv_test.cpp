// The contract as released: keys and values, and stores for them. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/kv.h>
#include <postern/abi/kv_store.h>

namespace {

// <postern/abi/kv.h>

VALUE(POSTERN_HOOK_KV_ANSWER, 73u);
VALUE(POSTERN_KV_GET, 1u);
VALUE(POSTERN_KV_PUT, 2u);
VALUE(POSTERN_KV_ADD, 3u);
VALUE(POSTERN_KV_SWAP, 4u);
VALUE(POSTERN_KV_REMOVE, 5u);
VALUE(POSTERN_KV_IF_MISSING, 1u);
VALUE(POSTERN_KV_RENEW, 2u);
VALUE(POSTERN_KV_DURABLE, 1u);
VALUE(POSTERN_KV_1, "postern.kv/1");
VALUE(POSTERN_KV_OK, 0u);
VALUE(POSTERN_KV_MISSING, 1u);
VALUE(POSTERN_KV_DIFFERS, 2u);
VALUE(POSTERN_KV_NO_NUMBER, 3u);
VALUE(POSTERN_KV_FULL, 4u);
VALUE(POSTERN_KV_FAILED, 5u);
VALUE(POSTERN_KV_CANCELLED, 1u);

RECORD(postern_kv_item, 72);
FIELD(postern_kv_item, op, 0, uint32_t);
FIELD(postern_kv_item, flags, 4, uint32_t);
FIELD(postern_kv_item, key, 8, postern_str);
FIELD(postern_kv_item, value, 24, postern_str);
FIELD(postern_kv_item, expected, 40, postern_str);
FIELD(postern_kv_item, number, 56, int64_t);
FIELD(postern_kv_item, ttl_ns, 64, uint64_t);

RECORD(postern_kv_request, 40);
FIELD(postern_kv_request, size, 0, uint32_t);
FIELD(postern_kv_request, flags, 4, uint32_t);
FIELD(postern_kv_request, session, 8, uint64_t);
FIELD(postern_kv_request, token, 16, uint64_t);
FIELD(postern_kv_request, items, 24, postern_list);

RECORD(postern_kv_scan, 56);
FIELD(postern_kv_scan, size, 0, uint32_t);
FIELD(postern_kv_scan, limit, 4, uint32_t);
FIELD(postern_kv_scan, session, 8, uint64_t);
FIELD(postern_kv_scan, token, 16, uint64_t);
FIELD(postern_kv_scan, prefix, 24, postern_str);
FIELD(postern_kv_scan, after, 40, postern_str);

FROZEN(postern_kv_1, 16);
FIELD(postern_kv_1, request, 0, postern_status (*)(postern_host*, const postern_kv_request*));
FIELD(postern_kv_1, scan, 8, postern_status (*)(postern_host*, const postern_kv_scan*));

RECORD(postern_kv_result, 56);
FIELD(postern_kv_result, result, 0, uint32_t);
FIELD(postern_kv_result, reserved, 4, uint32_t);
FIELD(postern_kv_result, key, 8, postern_str);
FIELD(postern_kv_result, value, 24, postern_str);
FIELD(postern_kv_result, number, 40, int64_t);
FIELD(postern_kv_result, ttl_ns, 48, uint64_t);

RECORD(postern_ev_kv_answer, 88);
FIELD(postern_ev_kv_answer, ev, 0, postern_event);
FIELD(postern_ev_kv_answer, token, 56, uint64_t);
FIELD(postern_ev_kv_answer, result, 64, uint32_t);
FIELD(postern_ev_kv_answer, has_more, 68, uint32_t);
FIELD(postern_ev_kv_answer, results, 72, postern_list);

// <postern/abi/kv_store.h>

VALUE(POSTERN_KV_STORE_1, "postern.kv-store/1");
VALUE(POSTERN_HOOK_KV_STORE_REQUEST, 320u);
VALUE(POSTERN_HOOK_KV_STORE_SCAN, 321u);

RECORD(postern_ev_kv_store, 128);
FIELD(postern_ev_kv_store, ev, 0, postern_event);
FIELD(postern_ev_kv_store, space, 56, postern_str);
FIELD(postern_ev_kv_store, items, 72, postern_list);
FIELD(postern_ev_kv_store, prefix, 88, postern_str);
FIELD(postern_ev_kv_store, after, 104, postern_str);
FIELD(postern_ev_kv_store, flags, 120, uint32_t);
FIELD(postern_ev_kv_store, limit, 124, uint32_t);

RECORD(postern_kv_store_reply, 96);
FIELD(postern_kv_store_reply, base, 0, postern_reply);
FIELD(postern_kv_store_reply, result, 72, uint32_t);
FIELD(postern_kv_store_reply, has_more, 76, uint32_t);
FIELD(postern_kv_store_reply, results, 80, postern_list);

} // namespace
