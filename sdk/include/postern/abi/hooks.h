/* Hook points of SMTP sessions and deliveries: their numbers and the record that each sends. Records grow at the end. */
#ifndef POSTERN_ABI_HOOKS_H
#define POSTERN_ABI_HOOKS_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are append-only. Notifications carry ticket 0. */
#define POSTERN_HOOK_CONN_OPEN 1u
#define POSTERN_HOOK_TLS_ESTABLISHED 2u
#define POSTERN_HOOK_HELO 3u
#define POSTERN_HOOK_MAIL 4u
#define POSTERN_HOOK_RCPT 5u
#define POSTERN_HOOK_DATA 6u
#define POSTERN_HOOK_HEADERS 7u
#define POSTERN_HOOK_BODY 8u
#define POSTERN_HOOK_END 9u
#define POSTERN_HOOK_COMMIT_BEFORE 10u
#define POSTERN_HOOK_COMMITTED 11u  /* notification */
#define POSTERN_HOOK_ABORTED 12u    /* notification */
#define POSTERN_HOOK_CONN_CLOSE 13u /* notification */
#define POSTERN_HOOK_ROUTE 14u
#define POSTERN_HOOK_DELIVERY_DONE 15u /* notification */
#define POSTERN_HOOK_RSET 20u    /* cmd.rset; 16 to 19 are in ehlo.h */
#define POSTERN_HOOK_NOOP 21u    /* cmd.noop */
#define POSTERN_HOOK_HELP 22u    /* cmd.help */
#define POSTERN_HOOK_VRFY 23u    /* cmd.vrfy */
#define POSTERN_HOOK_EXPN 24u    /* cmd.expn */
#define POSTERN_HOOK_UNKNOWN 25u /* cmd.unknown: a verb that nobody knows */
#define POSTERN_HOOK_QUIT 26u    /* cmd.quit; others are in outgoing.h, auth.h, shaping.h, content.h and report.h */
#define POSTERN_HOOK_END_RCPT 36u /* msg.end_rcpt: at LMTP listeners */
#define POSTERN_HOOK_WAKE 64u          /* notification, without subscription: after core.wake */
#define POSTERN_HOOK_SESSION_END 65u   /* notification, without subscription: nothing comes for that session any more */

/* Flags of subscribe. */
/* Ticket 0, no answer; cannot delay anything. A BLOCKING plugin that lags behind by some MiB misses events; the log says so. */
#define POSTERN_SUBSCRIBE_OBSERVE 1u

/* Who is connected, in every record of an SMTP session, as a list of one (records hold no other pointers, so that they can
 * cross a process border). */
typedef struct postern_peer {
    uint32_t size;
    uint32_t peer_port;
    uint32_t local_port;
    uint32_t flags; /* POSTERN_PEER_... */
    postern_str peer_address; /* "192.0.2.1" or "2001:db8::1" */
    postern_str local_address;
    postern_str listener; /* name in the configuration */
    postern_str helo;     /* argument of EHLO or HELO; empty before */
    postern_str identity; /* who logged in; empty: nobody */
} postern_peer;
#define POSTERN_PEER_EXTENDED 1u /* EHLO */
#define POSTERN_PEER_TLS 2u

/* A MAIL or RCPT parameter as the client wrote it. */
typedef struct postern_param {
    postern_str keyword; /* upper case */
    postern_str value;
    uint32_t has_value; /* 1: "KEYWORD=value", 0: the keyword stood alone */
    uint32_t reserved;
} postern_param;

/* A field of a header section. */
typedef struct postern_header {
    postern_str name;
    postern_str value; /* behind the colon and one space; folds kept, final CRLF not */
} postern_header;

/* conn.open: before the greeting. */
typedef struct postern_ev_conn_open {
    postern_event ev;
    postern_list peer; /* one postern_peer */
} postern_ev_conn_open;

/* tls.established: after a handshake, before the next command. */
typedef struct postern_ev_tls {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str version; /* "TLSv1.3" */
    postern_str cipher;
    postern_str group;
    postern_str server_name;  /* SNI */
    postern_str peer_subject; /* of a verified client certificate */
} postern_ev_tls;

/* cmd.helo: peer->helo is the name. */
typedef struct postern_ev_helo {
    postern_event ev;
    postern_list peer; /* one postern_peer */
} postern_ev_helo;

/* cmd.mail. Edits: SENDER_SET. */
typedef struct postern_ev_mail {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str sender; /* "" is the null reverse path */
    postern_list params; /* of postern_param */
    uint64_t size_octets; /* SIZE=, 0: not given */
} postern_ev_mail;

/* cmd.rcpt: one recipient. Edits: RCPT_REPLACE of `index`, RCPT_ADD. Closed by construction: nothing is kept or sent for a
 * recipient without a VOUCH, whatever else was said. Without one CONTINUE, ACCEPT, SCORE and HOLD are refusals; DISCARD is
 * not: the client hears 250, and the recipient is dropped. */
typedef struct postern_ev_rcpt {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str sender;
    postern_str recipient; /* "local@domain"; "postmaster" may stand alone */
    postern_list params;   /* of postern_param */
    uint32_t index;        /* of this recipient among those accepted so far */
    uint32_t reserved;
} postern_ev_rcpt;

/* cmd.data: DATA, or the first BDAT. */
typedef struct postern_ev_data {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str sender;
    postern_list recipients; /* of postern_str */
    uint32_t is_bdat;
    uint32_t reserved;
} postern_ev_data;

/* msg.headers: the header section is complete. Edits: HEADER_*. */
typedef struct postern_ev_headers {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str sender;
    postern_list recipients; /* of postern_str */
    postern_list headers;    /* of postern_header, in order */
} postern_ev_headers;

/* msg.body: octets behind the empty line, canonical (CRLF, not dot-stuffed), in order. Edits: BODY_REPLACE of this chunk.
 * Until a chunk is answered no more is read from the peer. */
typedef struct postern_ev_body {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str chunk;
    uint64_t offset; /* of the chunk in the body as the client sent it */
    uint32_t is_last;
    uint32_t reserved;
} postern_ev_body;

/* msg.end: all has arrived, nothing is stored. Edits: HEADER_*, SENDER_SET, RCPT_*, BODY_REPLACE of the whole body. */
typedef struct postern_ev_end {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str sender;
    postern_list recipients; /* of postern_str */
    postern_list headers;    /* of postern_header */
    uint64_t blob;           /* the whole message for postern.blob/1, until the ticket closes */
    uint64_t size_octets;    /* of the whole message */
    int32_t score;           /* thousandths: what was said with POSTERN_SCORE so far, added up */
    uint32_t reserved;
} postern_ev_end;

/* msg.end_rcpt: at LMTP listeners, after msg.end, for one recipient after the other: each gets a reply of its own (RFC 2033
 * 4.2). CONTINUE: the message is queued for it. DISCARD: it is delivered, the plugin has done so, and 250 is said at once with
 * `text`, where the reply has one. REJECT, TEMPFAIL: said for this recipient alone. */
typedef struct postern_ev_end_rcpt {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str sender;
    postern_str recipient;
    postern_list params; /* of the recipient, postern_param */
    uint64_t blob;       /* the whole message for postern.blob/1, until the ticket closes */
    uint64_t size_octets; /* of the whole message */
    uint32_t index;      /* of the recipient among those of the message */
    uint32_t reserved;
} postern_ev_end_rcpt;

/* txn.commit_before, txn.committed, txn.aborted: around the moment when the message becomes durable. */
typedef struct postern_ev_txn {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str message; /* queue id as text */
    postern_str reason;  /* aborted: why */
} postern_ev_txn;

/* cmd.rset to cmd.quit: answered with a postern_command_reply, or a postern_reply. Whatever is said to RSET, the transaction is
 * over, and whatever is said to QUIT, the connection. */
typedef struct postern_ev_command {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str name;     /* as the client wrote it */
    postern_str argument; /* white space around it removed */
} postern_ev_command;

#define POSTERN_THEN_NOTHING 0u /* the command is over */
#define POSTERN_THEN_OCTETS 1u  /* verb: after a 3yz reply the client sends `octets` octets */
#define POSTERN_THEN_LINE 2u    /* verb: after a 3yz reply the client sends a line; its CRLF is not shown */
#define POSTERN_THEN_TEXT 3u    /* verb: after a 3yz reply the client sends lines up to a dot, as after DATA; dots are unstuffed */
#define POSTERN_THEN_RESTART 4u /* verb: the session is as new, conn.open and greeting; the greeting is the reply */

/* CONTINUE with base.smtp_code 2yz, or 3yz where more is to be read, says that, with base.text or `lines`. Without a code, and
 * after PASS, the reply is the command's own; that of a verb is 250. */
typedef struct postern_command_reply {
    postern_reply base; /* base.size: of the whole record */
    postern_list lines; /* of postern_str, at most 100: a reply of several lines; empty: base.text */
    uint64_t octets;    /* POSTERN_THEN_OCTETS */
    uint32_t then;      /* POSTERN_THEN_... */
    uint32_t reserved;
} postern_command_reply;

/* conn.close. */
typedef struct postern_ev_conn_close {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str reason;
    uint64_t messages; /* accepted on this connection */
} postern_ev_conn_close;

/* queue.route: before each attempt of a recipient. Edits: ROUTE_SET. ev.session is the delivery job. */
typedef struct postern_ev_route {
    postern_event ev;
    postern_str message; /* queue id as text */
    postern_str sender;
    postern_str recipient;
    postern_list params; /* of the recipient, postern_param */
    uint32_t attempt;    /* 0: the first */
    uint32_t reserved;
} postern_ev_route;

#define POSTERN_DELIVERED 0u
#define POSTERN_DEFERRED 1u
#define POSTERN_FAILED 2u

/* delivery.done: what became of an attempt for one recipient. */
typedef struct postern_ev_delivery_done {
    postern_event ev;
    postern_str message;
    postern_str sender;
    postern_str recipient;
    uint32_t result; /* POSTERN_DELIVERED ... */
    uint32_t smtp_code;
    postern_str enhanced;
    postern_str text;
    postern_str next_hop;
    uint32_t attempts;
    uint32_t reserved;
} postern_ev_delivery_done;

#define POSTERN_WAKE_CANCELLED 1u /* in ev.flags */
/* A timer of a session has come to its time. */
typedef struct postern_ev_wake {
    postern_event ev;
    uint64_t token;
} postern_ev_wake;

#ifdef __cplusplus
}
#endif
#endif
