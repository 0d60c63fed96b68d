/* What an operator tells an instance of the running server. `postern plugin tell INSTANCE WORD.. [--file FILE]..` Needs no
 * subscription; an instance that passes knows no such words. It belongs to no session.
 *
 * One word has a meaning for all: "records", alone, asks which records have to be in the domain name system for what the instance
 * is configured to do. The output is lines of a zone file (RFC 1035 5.1) with absolute names, and comments; none, or a refusal:
 * there are none. It changes nothing. `postern check` asks every instance so, behind config.prepare; no session has come then,
 * there may be no store for keys and values, and nobody to ask names. */
#ifndef POSTERN_ABI_ADMIN_H
#define POSTERN_ABI_ADMIN_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_HOOK_ADMIN 74u /* what an operator says to the instance, without subscription */

/* One at a time for an instance, beside the events of its sessions, on a thread that may wait, but keeps other operators waiting. */
typedef struct postern_ev_admin {
    postern_event ev; /* ev.session: 0 */
    postern_list words; /* of postern_str: at least one, at most 100 */
    postern_str input;  /* octets that came along, at most 16 MiB */
    uint32_t has_input; /* 1: there are some, be they none */
    uint32_t reserved;
} postern_ev_admin;

/* CONTINUE: it was done, and `output` is what the operator reads. REJECT or TEMPFAIL: it was not, and base.text says why. */
typedef struct postern_admin_reply {
    postern_reply base; /* base.size: of the whole record */
    postern_str output; /* lines of text, at most 1 MiB */
} postern_admin_reply;

#ifdef __cplusplus
}
#endif
#endif
