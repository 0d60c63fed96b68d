/* The life of a configuration: what an instance is asked before its generation comes into force, and what it is told then.
 *
 * A start and a reload take the same steps, over all plugins together. First every instance of the new generation is created.
 * Then each is asked config.prepare, all at once: it makes ready what it needs and may still refuse. If all are ready each is
 * told config.commit, and sessions begin to come; if one is not each is told config.abort and destroyed, and nothing has
 * changed. An instance of the generation before goes on beside it all the while, and is destroyed when its last session,
 * delivery and wake are over. Whoever was asked hears exactly one of commit and abort, and no session before it.
 *
 * All three are sent to who subscribed. A create that has no effect outside of its instance needs none of them.
 */
#ifndef POSTERN_ABI_LIFECYCLE_H
#define POSTERN_ABI_LIFECYCLE_H

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A question, to be answered now or later (the ticket is open for 30 seconds; ev.deadline_ns): PASS or POSTERN_CONTINUE is
 * "ready", POSTERN_REJECT "no", with a postern_prepare_reply. ev.session is the preparation itself: a session that can have a
 * cookie and be woken, and ends with the answer. [control] */
#define POSTERN_HOOK_CONFIG_PREPARE 66u
/* Told: this generation is in force from now on. Cannot fail. [control] */
#define POSTERN_HOOK_CONFIG_COMMIT 67u
/* Told: it is not, and never will be. What prepare did outside of the instance is to be undone; destroy follows. [control] */
#define POSTERN_HOOK_CONFIG_ABORT 68u

/* Flag of config.prepare: a look only, as by `postern check`. config.abort will follow whatever is answered. */
#define POSTERN_PREPARE_CHECK 1u

/* Of config.prepare, config.commit and config.abort. */
typedef struct postern_ev_config {
    postern_event ev;
    uint32_t generation; /* of this instance */
    uint32_t replaces;   /* in force now; 0: none, the server starts */
    postern_list before; /* config.prepare: of postern_option: those that the instance of this name has now; empty: there is none */
} postern_ev_config;

/* base.text says why not, in one line. A bare postern_reply will do where no option is to blame. */
typedef struct postern_prepare_reply {
    postern_reply base; /* base.size: of the whole record */
    postern_str key;    /* of the option at fault: the operator is shown FILE:LINE of it; empty: of the instance */
} postern_prepare_reply;

#ifdef __cplusplus
}
#endif
#endif
