/* What happens in the server, told to whoever wants to know. It delays nothing and can change nothing. */
#ifndef POSTERN_ABI_OBSERVE_H
#define POSTERN_ABI_OBSERVE_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Notification. Flags of subscribe: the sum of 1u << kind for each kind that is wanted; 0: all, those of later hosts too. */
#define POSTERN_HOOK_EVENT 71u

/* Kinds: append-only, below 32. What is not named with a kind is zero in its record. */
#define POSTERN_EVENT_CONNECTED 1u      /* session, peer, listener */
#define POSTERN_EVENT_DISCONNECTED 2u   /* session, peer, listener, text: why, count: messages accepted */
#define POSTERN_EVENT_REFUSED 3u        /* a connection turned away: peer, listener, text: why */
#define POSTERN_EVENT_DECIDED 4u        /* session, plugin, hook, verdict, smtp_code, text, sender, recipient */
#define POSTERN_EVENT_ACCEPTED 5u       /* session, message, sender, size_octets, count: recipients */
#define POSTERN_EVENT_NOT_STORED 6u     /* session, text: why */
#define POSTERN_EVENT_DELIVERED 7u      /* message, recipient, next_hop, smtp_code, text, count: attempts. So the next two */
#define POSTERN_EVENT_DEFERRED 8u
#define POSTERN_EVENT_FAILED 9u
#define POSTERN_EVENT_RELOADED 10u      /* count: the generation */
#define POSTERN_EVENT_NOT_RELOADED 11u  /* text: the first problem */
#define POSTERN_EVENT_PLUGIN_FAILED 12u /* session, plugin, hook, text: why */
#define POSTERN_EVENT_BREAKER_OPEN 13u  /* plugin, text: why it is not asked for a while */
#define POSTERN_EVENT_BREAKER_CLOSED 14u /* plugin: it is asked again */

/* On the thread of the instance's timers, in order. An instance that lags behind by some MiB misses events. ev.session is 0: the
 * session of which this tells may be over. */
typedef struct postern_ev_event {
    postern_event ev;
    uint32_t kind; /* POSTERN_EVENT_... */
    uint32_t smtp_code;
    int64_t time_ms; /* since 1970, UTC */
    uint64_t session;
    uint64_t size_octets;
    uint64_t count;
    uint64_t missed; /* events that were dropped just before this one */
    postern_str message; /* queue id as text */
    postern_str sender;
    postern_str recipient;
    postern_str peer; /* "192.0.2.1:40000" */
    postern_str listener;
    postern_str plugin; /* instance */
    postern_str hook;   /* "cmd.mail" */
    postern_str verdict; /* "REJECT" */
    postern_str next_hop;
    postern_str text;
} postern_ev_event;

#ifdef __cplusplus
}
#endif
#endif
