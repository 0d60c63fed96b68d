/* postern.log/1: events in the host's log, with fields, instead of the text of core.log. */
#ifndef POSTERN_ABI_LOG_H
#define POSTERN_ABI_LOG_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A field of a line: a text or a number. */
typedef struct postern_log_field {
    postern_str key;  /* a to z, 0 to 9, "_", a letter in front, at most 32; not "plugin", "name", "session" */
    postern_str text; /* any octets: the host escapes them. What is longer than 1,024 is cut */
    int64_t number;
    uint32_t is_number; /* 1: the value is `number` */
    uint32_t reserved;
} postern_log_field;

/* Written as "plugin.event plugin=INSTANCE name=NAME session=ID key=value ...". No bodies, no secrets. */
typedef struct postern_log_event {
    uint32_t size;
    uint32_t level;      /* POSTERN_LOG_... */
    postern_str name;    /* as a key, with "." too, at most 64 */
    postern_list fields; /* of postern_log_field, at most 32 */
    uint64_t session;    /* 0: none */
} postern_log_event;

#define POSTERN_LOG_1 "postern.log/1"
/* Writes events with fields into the host's log. */
typedef struct postern_log_1 {
    /* The lowest level that is written now: what is below need not be made. A reload may change it. [any] */
    uint32_t (*level)(postern_host *host);
    /* PASS also where the level is not written. E_INVALID: the record is, and nothing of it is written. [any] */
    postern_status (*write)(postern_host *host, const postern_log_event *what);
} postern_log_1;

#ifdef __cplusplus
}
#endif
#endif
