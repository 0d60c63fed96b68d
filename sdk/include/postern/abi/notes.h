/* postern.notes/1: facts about a session or a transaction that plugins tell each other.
 *
 * A note's name begins with the id of the plugin that writes it, "org.example.geo.country"; others may read it. What is set during
 * an event is there for the plugins behind in the chain and at all later hooks, also when the answer comes later. Plugins that the
 * configuration asks at the same time see each other's notes at the next hook. */
#ifndef POSTERN_ABI_NOTES_H
#define POSTERN_ABI_NOTES_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A note about a session, as events carry it. */
typedef struct postern_note {
    uint32_t size;
    uint32_t reserved;
    uint64_t session;
    uint64_t transaction; /* that of the event: the note ends with it, at RSET, EHLO or the message's end. 0: with the session */
    postern_str name;     /* the plugin's id, ".", a key: a to z, 0 to 9, "-", "_", "."; at most 128 */
    postern_str value;    /* any octets, at most 4,096 */
} postern_note;

#define POSTERN_NOTES_1 "postern.notes/1"
/* Leaves notes about a session, and reads those of others. */
typedef struct postern_notes_1 {
    /* Asks to see notes of other plugins: a name, or what it begins with and "*" behind the last ".". At most 64. Only inside
     * create. [control] */
    postern_status (*want)(postern_host *host, postern_str pattern);
    /* Sets, or replaces. E_STALE: that session or transaction is over. E_DENIED: not a name of this plugin. E_AGAIN: the session
     * has 64 notes, or 64 KiB of them. [any] */
    postern_status (*set)(postern_host *host, const postern_note *what);
    /* The length of a note, and up to `len` octets of it into `to`: of the transaction, or else of the session. At least as new as
     * the event at hand. E_AGAIN: nobody has set it. E_STALE: the session is over. E_DENIED: neither the plugin's own, nor wanted.
     * [any] */
    int64_t (*get)(postern_host *host, uint64_t session, postern_str name, char *to, size_t len);
} postern_notes_1;

#ifdef __cplusplus
}
#endif
#endif
