/* What a next hop is sent, as octets, once a transaction by SMTP or LMTP, when the peer has introduced itself and before MAIL:
 *
 *   delivery.content  behind delivery.peer and client.verb: another variant of the message for this transaction
 *   delivery.sign     the last: all that is sent is known, and header fields can be put in front of it
 *
 * They change what is sent, never what is stored: the next attempt begins anew. Verdicts are as in outgoing.h. What they make
 * goes the way of any content: 8-bit content is converted for a peer without 8BITMIME after delivery.content and before
 * delivery.sign, so that a signature is of the octets that leave. Both come again where another host is tried. */
#ifndef POSTERN_ABI_CONTENT_H
#define POSTERN_ABI_CONTENT_H

#include "outgoing.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Append-only, with those of hooks.h. */
#define POSTERN_HOOK_DELIVERY_CONTENT 43u
#define POSTERN_HOOK_DELIVERY_SIGN 44u

/* delivery.content, delivery.sign: edits at delivery.content: HEADER_ADD, _INSERT, _REPLACE, _REMOVE with may = ["headers"], BODY_REPLACE of the whole body
 * with may = ["body"]. At delivery.sign: HEADER_INSERT before field 0, with may = ["headers"]; each plugin's stands above those
 * of the ones before it. */
typedef struct postern_ev_content {
    postern_event ev;
    postern_str message; /* queue id as text */
    postern_str sender;
    postern_str next_hop;
    postern_list recipients; /* of postern_str: of this transaction */
    postern_list params;     /* of postern_stored_param */
    postern_list offers;     /* of postern_keyword, flags unused: what the peer offers */
    postern_list headers;    /* of postern_header, in order */
    uint64_t blob;           /* header section, empty line and body for postern.blob/1, until the ticket closes */
    uint64_t size_octets;    /* of them */
    uint64_t received_s;     /* when the message was accepted, seconds since 1970 */
    uint32_t attempt;        /* 0: the first */
    uint32_t flags;          /* POSTERN_NEXT_HOP_... */
} postern_ev_content;

#ifdef __cplusplus
}
#endif
#endif
