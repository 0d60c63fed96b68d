/* postern.kv/1: keys and values that outlast sessions, shared by the threads of an instance, and with other machines where the
 * store behind it is (postern.kv-store/1). Each accepted request yields exactly one POSTERN_HOOK_KV_ANSWER, never from inside the
 * call: on the session's thread, early and with POSTERN_KV_CANCELLED when the session ends first (what was asked for may be done
 * all the same); with session 0 on a thread of the host, one event of session 0 at a time for an instance.
 *
 * The keys of an instance are its own; instances of one `kv_namespace` share theirs. */
#ifndef POSTERN_ABI_KV_H
#define POSTERN_ABI_KV_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_HOOK_KV_ANSWER 73u /* notification, without subscription: after a request */

/* What an item of a request does. Each item is done whole and at once for everybody; the items of a request in order. */
#define POSTERN_KV_GET 1u
#define POSTERN_KV_PUT 2u
#define POSTERN_KV_ADD 3u /* `number` to the decimal number that is the value; a key that is missing is 0 */
#define POSTERN_KV_SWAP 4u /* compare and set: `value`, if the value is `expected`; else the result is DIFFERS */
#define POSTERN_KV_REMOVE 5u

#define POSTERN_KV_IF_MISSING 1u /* flags of an item: SWAP: only if there is no such key; `expected` is empty */
#define POSTERN_KV_RENEW 2u      /* ADD: `ttl_ns` counts from now; else only for a key that is new */

/* At most 512 octets of key, at least one, and 65,536 of value: any octets. */
typedef struct postern_kv_item {
    uint32_t op; /* POSTERN_KV_GET ... */
    uint32_t flags;
    postern_str key;
    postern_str value;    /* PUT, SWAP */
    postern_str expected; /* SWAP */
    int64_t number;       /* ADD */
    uint64_t ttl_ns;      /* PUT, ADD, SWAP: gone after this; 0: never. Kept to the millisecond */
} postern_kv_item;

#define POSTERN_KV_DURABLE 1u /* flags of a request: it is answered only when what it changed is on stable storage */
/* Items that are done one after the other. */
typedef struct postern_kv_request {
    uint32_t size;
    uint32_t flags; /* POSTERN_KV_DURABLE */
    uint64_t session;
    uint64_t token;
    postern_list items; /* of postern_kv_item: 1 to 1,000, of 1 MiB in all */
} postern_kv_request;

/* All keys that begin with `prefix` and lie behind `after`, in the order of their octets. */
typedef struct postern_kv_scan {
    uint32_t size;
    uint32_t limit; /* 1 to 1,000: an answer has no more pairs, and may have fewer */
    uint64_t session;
    uint64_t token;
    postern_str prefix; /* may be empty */
    postern_str after;  /* a key; empty: from the first */
} postern_kv_scan;

#define POSTERN_KV_1 "postern.kv/1"
/* E_INVALID: an item breaks a rule above. E_STALE: the session is over. E_AGAIN: too many requests of this instance are open
 * (1,000). E_DENIED: the plugin does not list this table in `requires_`, the instance is itself the store, or there is no
 * store. [any] */
typedef struct postern_kv_1 {
    postern_status (*request)(postern_host *host, const postern_kv_request *what);
    postern_status (*scan)(postern_host *host, const postern_kv_scan *what);
} postern_kv_1;

#define POSTERN_KV_OK 0u
#define POSTERN_KV_MISSING 1u  /* GET, REMOVE, SWAP: there is no such key */
#define POSTERN_KV_DIFFERS 2u  /* SWAP: `value` is what is there */
#define POSTERN_KV_NO_NUMBER 3u /* ADD: the value is no decimal number, or the sum has no place in 64 bits */
#define POSTERN_KV_FULL 4u     /* the store has no room */
#define POSTERN_KV_FAILED 5u   /* anything else, such as a store that does not answer; the log has the cause */

/* What became of an item; a pair of a scan. */
typedef struct postern_kv_result {
    uint32_t result; /* POSTERN_KV_OK ... */
    uint32_t reserved;
    postern_str key;   /* scan; else empty */
    postern_str value; /* GET, scan; SWAP: see DIFFERS */
    int64_t number;    /* ADD: the sum */
    uint64_t ttl_ns;   /* GET, scan: what is left of it; 0: for ever */
} postern_kv_result;

#define POSTERN_KV_CANCELLED 1u /* in ev.flags: the session, or the instance, ended first; result is FAILED */
/* The answer to a request or a scan. */
typedef struct postern_ev_kv_answer {
    postern_event ev;
    uint64_t token;
    uint32_t result;      /* POSTERN_KV_OK, or FAILED and there are no results */
    uint32_t has_more;    /* scan: there are more pairs behind these */
    postern_list results; /* of postern_kv_result: one an item, in order; scan: the pairs */
} postern_ev_kv_answer;

#ifdef __cplusplus
}
#endif
#endif
