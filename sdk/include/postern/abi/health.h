/* How an instance is: asked by the host for `postern status`. */
#ifndef POSTERN_ABI_HEALTH_H
#define POSTERN_ABI_HEALTH_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_HOOK_HEALTH 70u /* subscribed to with flags 0 */

#define POSTERN_HEALTH_OK 0u
#define POSTERN_HEALTH_DEGRADED 1u /* it works, but not as it should */

/* On the thread of the instance's timers. Unanswered by its deadline, the operator reads that the plugin is silent. */
typedef struct postern_ev_health {
    postern_event ev;
} postern_ev_health;

/* The answer; PASS is OK. base.verdict is CONTINUE, base.text for the operator. */
typedef struct postern_health_reply {
    postern_reply base; /* base.size: of the whole record */
    uint32_t state;     /* POSTERN_HEALTH_... */
    uint32_t reserved;
} postern_health_reply;

#ifdef __cplusplus
}
#endif
#endif
