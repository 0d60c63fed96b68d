/* postern.blob/1: reads a message's octets (header section, empty line, body) where an event carries a blob handle. */
#ifndef POSTERN_ABI_BLOB_H
#define POSTERN_ABI_BLOB_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_BLOB_1 "postern.blob/1"
/* Reads the content of a message, piece by piece. */
typedef struct postern_blob_1 {
    /* Size in octets, or a negative status. Valid until the event's ticket closes; E_STALE afterwards. [any] */
    int64_t (*size)(postern_host *host, uint64_t blob);
    /* Up to `len` octets from `offset` into `to`; the count, 0 at the end, or a negative status. May block: read large
     * blobs in a BLOCKING plugin. [any] */
    int64_t (*read)(postern_host *host, uint64_t blob, uint64_t offset, char *to, size_t len);
} postern_blob_1;

#ifdef __cplusplus
}
#endif
#endif
