/* postern.submit/1: mail of a plugin's own, such as reports, digests and answers of who is away. Each accepted submission yields
 * exactly one POSTERN_HOOK_SUBMITTED, never from inside the call: on the session's thread, early and with
 * POSTERN_SUBMIT_CANCELLED when the session ends first (the message may be stored all the same); with session 0 on a thread of
 * the host, one event of session 0 at a time for an instance.
 *
 * The message goes into the queue as it is, and is delivered as any other. No listener's chain is asked about it: it was nobody's
 * to refuse. What answers mail should say so in the header section (RFC 3834), or two machines talk for ever. */
#ifndef POSTERN_ABI_SUBMIT_H
#define POSTERN_ABI_SUBMIT_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_HOOK_SUBMITTED 75u /* notification, without subscription: after a submission */

#define POSTERN_SUBMIT_NO_REPORTS 1u /* flags: nobody is told of a failure or delay (NOTIFY=NEVER, RFC 3461) */
#define POSTERN_SUBMIT_UTF8 2u       /* flags: addresses and header section may have UTF-8 (RFC 6531) */

/* A parameter of MAIL that this plugin declared (postern.ehlo/1): stored with the message, as if a client had said it. */
typedef struct postern_submit_param {
    postern_str name;  /* upper case */
    postern_str value; /* empty: none */
} postern_submit_param;

/* A message. Its header section, an empty line and its body: lines of at most 998 octets that end with CRLF, without NUL, other CR
 * and other LF; header fields by RFC 5322 2.2, at least one. At most limits.message_size octets. */
typedef struct postern_submission {
    uint32_t size;
    uint32_t flags; /* POSTERN_SUBMIT_NO_REPORTS, POSTERN_SUBMIT_UTF8 */
    uint64_t session;
    uint64_t token;
    postern_str sender;      /* "local@domain"; empty: the null reverse path */
    postern_list recipients; /* of postern_str, "local@domain", 1 to 1,000 */
    postern_list params;     /* of postern_submit_param, at most 100 */
    postern_str content;
} postern_submission;

#define POSTERN_SUBMIT_1 "postern.submit/1"
/* Takes mail of a plugin's own. */
typedef struct postern_submit_1 {
    /* E_INVALID: it breaks a rule above; the log says which. E_DENIED: the configuration does not say may = ["submit"], create is
     * not over, or the plugin is a store for the queue. E_STALE: the session is over. E_AGAIN: too much has been submitted and is not stored yet, the server is
     * starting or ending, or there is no queue. [any] */
    postern_status (*submit)(postern_host *host, const postern_submission *what);
} postern_submit_1;

#define POSTERN_SUBMIT_OK 0u     /* it is on stable storage, and will be delivered */
#define POSTERN_SUBMIT_FULL 1u   /* the queue has no room */
#define POSTERN_SUBMIT_FAILED 2u /* anything else; the log has the cause */

#define POSTERN_SUBMIT_CANCELLED 1u /* in ev.flags: the session, or the instance, ended first; result is FAILED */
/* What became of a submission. */
typedef struct postern_ev_submitted {
    postern_event ev;
    uint64_t token;
    uint32_t result; /* POSTERN_SUBMIT_OK ... */
    uint32_t reserved;
    postern_str message; /* its id, as at delivery.begin and in the log; empty: it was not stored */
} postern_ev_submitted;

#ifdef __cplusplus
}
#endif
#endif
