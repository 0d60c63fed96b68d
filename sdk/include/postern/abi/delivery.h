/* postern.delivery/1: a transport. A plugin that lists it in `provides` gets one event a message and set of recipients,
 * on the pool if it is BLOCKING. */
#ifndef POSTERN_ABI_DELIVERY_H
#define POSTERN_ABI_DELIVERY_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_DELIVERY_1 "postern.delivery/1"
#define POSTERN_HOOK_DELIVER 512u

/* The job is a session: it can have a cookie and be woken, its events come one at a time, and SESSION_END is the last. */
typedef struct postern_ev_deliver {
    postern_event ev; /* ev.session: the delivery job */
    postern_str message; /* queue id as text */
    postern_str sender;
    postern_list recipients; /* of postern_str */
    uint64_t blob;           /* the message for postern.blob/1, until the ticket closes */
    uint64_t size_octets;
} postern_ev_deliver;

/* What became of one recipient. verdict: POSTERN_CONTINUE delivered, POSTERN_TEMPFAIL deferred, POSTERN_REJECT failed. */
typedef struct postern_delivery_result {
    uint32_t verdict;
    uint32_t smtp_code;
    postern_str enhanced;
    postern_str text;
} postern_delivery_result;

/* `base.verdict` holds for every recipient when `results` is empty; else one record a recipient, in order. A shorter record,
 * such as a bare postern_reply, is a failure, and all are deferred; only with POSTERN_BROKEN it will do. */
typedef struct postern_deliver_reply {
    postern_reply base; /* base.size: of the whole record */
    postern_list results; /* of postern_delivery_result */
} postern_deliver_reply;

#ifdef __cplusplus
}
#endif
#endif
