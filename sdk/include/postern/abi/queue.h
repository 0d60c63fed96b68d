/* postern.queue/1: a store for the queue. A plugin that lists it in `provides` gets these events; they need no
 * subscription. A message's content is head + appended body octets + tail, as one string of octets.
 * Events of one message come one after the other; those of different messages at the same time, on any thread.
 * The store may answer inside handle or later: a commit that waits for a shared sync is the normal case. */
#ifndef POSTERN_ABI_QUEUE_H
#define POSTERN_ABI_QUEUE_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_QUEUE_1 "postern.queue/1"
#define POSTERN_HOOK_QUEUE_SCAN 256u   /* all messages by pages, at start */
#define POSTERN_HOOK_QUEUE_APPEND 257u /* body octets of a message to come: id, data */
/* Answer OK only when it is on stable storage: id, envelope, state, data = head, tail. */
#define POSTERN_HOOK_QUEUE_COMMIT 258u
#define POSTERN_HOOK_QUEUE_ABANDON 259u /* forget what was appended; ticket 0 */
#define POSTERN_HOOK_QUEUE_UPDATE 260u /* replace the state: id, state */
#define POSTERN_HOOK_QUEUE_REMOVE 261u /* id */
#define POSTERN_HOOK_QUEUE_FETCH 262u  /* envelope, state and size: id */
#define POSTERN_HOOK_QUEUE_READ 263u   /* content octets, checked against their checksum: id, offset, length */
#define POSTERN_HOOK_QUEUE_PEEK 264u   /* body octets appended and not yet committed: id, offset, length */

/* One record for all of them; what an operation does not name is zero. */
typedef struct postern_ev_queue {
    postern_event ev;
    uint64_t id;
    uint64_t offset; /* scan: the cursor, 0 at first */
    uint64_t length;
    postern_str envelope;
    postern_str state;
    postern_str data;
    postern_str tail;
} postern_ev_queue;

/* A message as it is kept. */
typedef struct postern_queue_message {
    uint64_t id;
    uint64_t content_size;
    postern_str envelope;
    postern_str state;
} postern_queue_message;

#define POSTERN_QUEUE_OK 0u
#define POSTERN_QUEUE_FULL 1u    /* no room: the client hears 452 */
#define POSTERN_QUEUE_MISSING 2u /* no such message */
#define POSTERN_QUEUE_CORRUPT 3u /* checksum: set aside, never given out */
#define POSTERN_QUEUE_FAILED 4u  /* anything else; the log has the cause */

/* To any event of a store. */
typedef struct postern_queue_reply {
    postern_reply base;    /* base.size: of the whole record; the rest of base is zero */
    uint32_t result;       /* POSTERN_QUEUE_... */
    uint32_t reserved;
    uint64_t next;         /* scan: cursor of the next page, 0: done */
    postern_list messages; /* scan: a page; fetch: one; of postern_queue_message */
    postern_str data;      /* read, peek */
} postern_queue_reply;

#ifdef __cplusplus
}
#endif
#endif
