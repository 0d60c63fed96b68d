/* postern.spool/1: what waits in the queue, for plugins that know when a domain can be reached: ETRN (RFC 1985), a line that is
 * dialled up, a server that reports for duty. */
#ifndef POSTERN_ABI_SPOOL_H
#define POSTERN_ABI_SPOOL_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_SPOOL_SUBDOMAINS 1u /* flags: the domain and all below it */

#define POSTERN_SPOOL_1 "postern.spool/1"
/* Has messages that wait tried at once. */
typedef struct postern_spool_1 {
    /* Messages that have been attempted before and have a recipient of `domain` left are due now. Those that are held, or to be
     * released later, stay. It is done soon, on another thread; what it found is not told: the log says so.
     * E_DENIED: the configuration does not say may = ["queue"]. E_INVALID: no domain, or unknown flags. E_AGAIN: too much has been
     * asked for and is not done yet, or the server is starting or ending. [any] */
    postern_status (*start)(postern_host *host, postern_str domain, uint32_t flags);
} postern_spool_1;

#ifdef __cplusplus
}
#endif
#endif
