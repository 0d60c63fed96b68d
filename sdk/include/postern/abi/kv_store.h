/* postern.kv-store/1: what keeps the keys and values of postern.kv/1. A plugin that lists it in `provides` gets these events;
 * they need no subscription. The host has checked the limits of kv.h. Requests come on any thread, several at a time; those of
 * one namespace are done in the order in which they came. Inside handle or later: answers that wait for a disk or a network are
 * the normal case, but handle itself must not block unless the plugin is POSTERN_PLUGIN_BLOCKING. */
#ifndef POSTERN_ABI_KV_STORE_H
#define POSTERN_ABI_KV_STORE_H

#include "kv.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_KV_STORE_1 "postern.kv-store/1"
#define POSTERN_HOOK_KV_STORE_REQUEST 320u /* space, flags, items */
#define POSTERN_HOOK_KV_STORE_SCAN 321u    /* space, prefix, after, limit */

/* One record for both; what an operation does not name is zero. Answered with a postern_kv_store_reply by ev.deadline_ns. */
typedef struct postern_ev_kv_store {
    postern_event ev;
    postern_str space;  /* namespace: the same key in two of them is two keys */
    postern_list items; /* of postern_kv_item */
    postern_str prefix;
    postern_str after;
    uint32_t flags; /* POSTERN_KV_DURABLE */
    uint32_t limit;
} postern_ev_kv_store;

/* What became of a request or a scan. */
typedef struct postern_kv_store_reply {
    postern_reply base;   /* base.size: of the whole record; the rest of base is zero */
    uint32_t result;      /* POSTERN_KV_OK, or FAILED */
    uint32_t has_more;    /* scan */
    postern_list results; /* of postern_kv_result: one an item; scan: pairs, with their keys */
} postern_kv_store_reply;

#ifdef __cplusplus
}
#endif
#endif
