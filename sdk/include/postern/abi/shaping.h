/* When and how fast mail leaves. In the order in which a message meets them:
 *
 *   queue.policy    once a next hop and while: by what rules it is delivered to. About no message
 *   queue.admit     once an attempt and next hop, before the message stands in line for it
 *   delivery.reply  once a transaction by SMTP for each thing that a next hop, or the lack of one, said of who did not get it
 *   queue.retry     once an attempt after which recipients are left, before that is stored
 *
 * All of them are of the queue, as queue.route. Whoever fails at them, whatever on_error says, has said nothing: the message goes
 * the way that it would go without him. Nothing that is said here deletes anything. */
#ifndef POSTERN_ABI_SHAPING_H
#define POSTERN_ABI_SHAPING_H

#include "hooks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Append-only, with those of hooks.h. */
#define POSTERN_HOOK_QUEUE_POLICY 38u
#define POSTERN_HOOK_QUEUE_ADMIT 39u
#define POSTERN_HOOK_QUEUE_RETRY 40u
#define POSTERN_HOOK_DELIVERY_REPLY 45u

/* queue.policy: answered with a postern_queue_policy_reply, or a postern_reply. TEMPFAIL suspends the next hop: nothing is tried
 * there for `valid_s`, and base.text says why, for the log and for operators; there is no other refusal. A pool that the
 * configuration does not have is a failure. Whoever fails, whatever on_error says, has said nothing. Session: one of its own. */
typedef struct postern_ev_queue_policy {
    postern_event ev;
    postern_str next_hop; /* as at delivery.begin */
    postern_str pool;     /* of source addresses; empty: none in particular */
    uint32_t concurrency; /* transactions at the same time; here and below what holds after what plugins before this one said */
    uint32_t rate_count;  /* transactions in rate_ms, evenly spaced; 0: as fast as it goes */
    uint64_t rate_ms;
} postern_ev_queue_policy;

/* Zero, and empty: as it is. */
typedef struct postern_queue_policy_reply {
    postern_reply base;   /* base.size: of the whole record */
    postern_str pool;     /* one of the configuration, [[delivery.source_pool]] */
    uint32_t concurrency; /* at most 10,000 */
    uint32_t rate_count;  /* with rate_ms */
    uint64_t rate_ms;
    uint32_t valid_s; /* asked again after that, up to a day; 0: 300. The shortest that a plugin says counts */
    uint32_t reserved;
} postern_queue_policy_reply;

/* queue.admit: answered with a postern_wait_reply, or a postern_reply. CONTINUE: it stands in line. TEMPFAIL: not now; it is
 * asked again in wait_ms (0: a minute), and that was no attempt; base.text says why, for operators. There is no other refusal, and
 * wait_ms without one is a failure. Whoever fails, whatever on_error says, has said nothing. Session: that of the attempt, as at
 * queue.route. */
typedef struct postern_ev_queue_admit {
    postern_event ev;
    postern_str message; /* queue id as text */
    postern_str sender;
    postern_str next_hop;
    postern_list recipients; /* of postern_str: those whom it leads to */
    uint64_t size_octets;    /* of the message */
    uint64_t received_s;     /* when it was accepted, seconds since 1970 */
    uint32_t attempt;        /* 0: the first */
    int32_t priority;        /* -9 to 9 (RFC 6710) */
    uint32_t active;         /* transactions with the next hop now */
    uint32_t waiting;        /* messages in line for it */
    uint32_t active_all;     /* transactions with all next hops */
    uint32_t reserved;
} postern_ev_queue_admit;

/* How far a delivery had come. Append-only. */
#define POSTERN_STAGE_ROUTE 0u /* no way was found, or nobody could be connected to */
#define POSTERN_STAGE_PEER 1u  /* greeting, EHLO, TLS, login, a plugin's lines */
#define POSTERN_STAGE_MAIL 2u
#define POSTERN_STAGE_RCPT 3u
#define POSTERN_STAGE_DATA 4u /* DATA, or BDAT before the last */
#define POSTERN_STAGE_END 5u  /* the content was all sent */

#define POSTERN_DEFERRED 1u /* result: tried again */
#define POSTERN_FAILED 2u   /* given up */

/* delivery.reply: answered with a postern_wait_reply, or a postern_reply. CONTINUE: it stands. TEMPFAIL makes a failure a
 * deferral, REJECT a deferral a failure; of base only the text counts, for the log: what the next hop said stays what the sender
 * is told, with the class of its enhanced code changed. wait_ms, with whatever verdict: nothing is tried at that next hop for so
 * long, by no message. What plugins decided is not asked about. Whoever fails, whatever on_error says, has said nothing. Session:
 * that of delivery.begin. */
typedef struct postern_ev_delivery_reply {
    postern_event ev;
    postern_str message;
    postern_str sender;
    postern_str next_hop;
    postern_str address;     /* of the peer; empty: there was none */
    postern_list recipients; /* of postern_str: of whom this was said */
    postern_str enhanced;    /* "5.1.1"; empty: none */
    postern_str text;        /* of the reply, or what happened instead */
    uint64_t received_s;
    uint32_t smtp_code; /* 0: there was no reply */
    uint32_t stage;     /* POSTERN_STAGE_... */
    uint32_t result;    /* POSTERN_DEFERRED, POSTERN_FAILED */
    uint32_t attempt;   /* 0: the first */
} postern_ev_delivery_reply;

/* A recipient who is left, and what was last heard of it. */
typedef struct postern_tried {
    postern_str recipient;
    postern_str next_hop; /* empty: decided here */
    postern_str enhanced;
    postern_str text;
    uint32_t smtp_code;
    uint32_t reserved;
} postern_tried;

/* queue.retry: answered with a postern_wait_reply, or a postern_reply. CONTINUE with wait_ms: the next attempt is so much later
 * from now, in place of next_s; never after expires_s. REJECT: those who are left fail for good, and their sender is told. HOLD:
 * the message stays for an operator. Whoever fails, whatever on_error says, has said nothing. Session: that of the attempt. */
typedef struct postern_ev_queue_retry {
    postern_event ev;
    postern_str message;
    postern_str sender;
    postern_list tried;  /* of postern_tried */
    uint64_t received_s; /* seconds since 1970, as all of these */
    uint64_t expires_s;  /* when it is given up */
    uint64_t next_s;     /* when it would be tried next */
    uint32_t attempts;   /* that were made, this one among them */
    int32_t priority;
} postern_ev_queue_retry;

/* To queue.admit, queue.retry and delivery.reply. */
typedef struct postern_wait_reply {
    postern_reply base; /* base.size: of the whole record */
    uint64_t wait_ms;   /* at most 30 days; 0: nothing is said */
} postern_wait_reply;

#ifdef __cplusplus
}
#endif
#endif
