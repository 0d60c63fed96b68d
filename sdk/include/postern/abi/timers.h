/* postern.timers/1: timers of an instance, without a session. Those of a session are core.wake. */
#ifndef POSTERN_ABI_TIMERS_H
#define POSTERN_ABI_TIMERS_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_HOOK_TIMER 69u /* notification, without subscription: after timers.start */

/* On a thread of the instance, or of its pool if it is BLOCKING: never during another timer, health or server event of the
 * instance, but beside the events of sessions. ev.session is 0. */
typedef struct postern_ev_timer {
    postern_event ev;
    uint64_t token;  /* as given to start */
    uint64_t missed; /* of a period: how many times it was due since the last event and not told, since the instance was busy */
} postern_ev_timer;

#define POSTERN_TIMERS_1 "postern.timers/1"
/* Timers of an instance, without a session. */
typedef struct postern_timers_1 {
    /* In `delay_ns` one event with `token`; then, with a period, one each `period_ns` after the first was due, until it is
     * cancelled. A timer of that token that is set is replaced. Also inside create: none comes before create returned. The end
     * of the instance ends its timers without an event. E_AGAIN: 1,024 are set. E_INVALID: a period below a millisecond.
     * [any] */
    postern_status (*start)(postern_host *host, uint64_t token, uint64_t delay_ns, uint64_t period_ns);
    /* PASS: no event with that token begins any more. E_STALE: there is no such timer; the only event of one without a period
     * has begun. [any] */
    postern_status (*cancel)(postern_host *host, uint64_t token);
} postern_timers_1;

#ifdef __cplusplus
}
#endif
#endif
