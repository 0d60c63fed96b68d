/* Delivery status notifications (RFC 3464): those that this server makes, and those that arrive.
 *
 *   dsn.make   once a notification that is due, before it is made and stored; of the queue, as queue.route
 *   report.in  behind txn.committed, of a message that is such a notification (notification) */
#ifndef POSTERN_ABI_REPORT_H
#define POSTERN_ABI_REPORT_H

#include "hooks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Append-only, with those of hooks.h. */
#define POSTERN_HOOK_DSN_MAKE 46u
#define POSTERN_HOOK_REPORT_IN 47u /* notification */

/* What became of a recipient (RFC 3464 2.3.3). Append-only. */
#define POSTERN_REPORT_UNKNOWN 0u
#define POSTERN_REPORT_FAILED 1u
#define POSTERN_REPORT_DELAYED 2u
#define POSTERN_REPORT_DELIVERED 3u
#define POSTERN_REPORT_RELAYED 4u  /* to a mail system that will not tell */
#define POSTERN_REPORT_EXPANDED 5u /* to several, which are told of by nobody */

/* One recipient of a notification. Texts are single lines of UTF-8; empty: not said. */
typedef struct postern_reported {
    postern_str recipient;       /* Final-Recipient */
    postern_str original;        /* Original-Recipient: as the sender wrote it (ORCPT) */
    postern_str status;          /* "5.1.1" */
    postern_str remote_mta;      /* who said so: name or address */
    postern_str diagnostic_type; /* "smtp": a reply; of this server's own words "x-postern" */
    postern_str diagnostic;
    postern_str last_attempt; /* a date as RFC 5322 writes them */
    postern_str retry_until;  /* likewise */
    uint32_t action;          /* POSTERN_REPORT_... */
    uint32_t smtp_code;       /* that a diagnostic of type smtp begins with; 0: none */
} postern_reported;

#define POSTERN_DSN_FAILURE 0u /* kind: recipients will not get the message */
#define POSTERN_DSN_DELAY 1u   /* they have not got it yet */
#define POSTERN_DSN_SUCCESS 2u /* they have it, and the sender wanted to know */

#define POSTERN_DSN_RETURNS_ALL 1u /* flags: the whole message is given back, not its header section alone */

/* dsn.make: answered with a postern_dsn_make_reply, or a postern_reply. CONTINUE: it goes out. DISCARD, with may = ["dsn"]: it does
 * not, and nobody is told; base.text says why, for the log. There is no other refusal, and no failure of a plugin, whatever
 * on_error says, keeps a notification back: it then goes out as it is. It is sent from the null reverse path, so that nothing
 * comes back about it. */
typedef struct postern_ev_dsn_make {
    postern_event ev;
    postern_str message;   /* queue id of the message that it is about */
    postern_str sender;    /* of that message; never empty */
    postern_str envid;     /* what the sender called it (ENVID), decoded */
    postern_str recipient; /* who is told: the sender, or whom a plugin before this one named */
    postern_str text;      /* what plugins before this one said, as in the reply; empty: nothing */
    postern_str from_name;
    postern_list reported; /* of postern_reported */
    uint64_t received_s;   /* when that message was accepted, seconds since 1970 */
    uint32_t kind;         /* POSTERN_DSN_... */
    uint32_t flags;        /* POSTERN_DSN_RETURNS_ALL */
} postern_ev_dsn_make;

/* What is said beyond the verdict takes may = ["dsn"]. Empty: as it is. */
typedef struct postern_dsn_make_reply {
    postern_reply base;    /* base.size: of the whole record */
    postern_str recipient; /* an address that it goes to instead */
    postern_str text;      /* the explanation for people: lines of UTF-8 with LF between them, up to 16 KiB; what became of each
                              recipient stands below it */
    postern_str from_name; /* in place of "Mail Delivery System": UTF-8, up to 100 octets */
    postern_list fields;   /* of postern_header, at most 20: added to the header section. Printable ASCII of up to 900 octets; none
                              that a report has itself (From, To, Subject, Date, Auto-Submitted, Content-*...) */
} postern_dsn_make_reply;

#define POSTERN_REPORT_CUT 1u /* flags: it says more than is read: 256 KiB of status, and 1,000 recipients */

/* report.in: the message is one (multipart/report with a delivery status), it could be read, and it is durable. Nothing of what it
 * says is proof: anybody can write a bounce. Who acts on one has to know otherwise that it answers mail of his: by a signed
 * envelope recipient, or an ENVID that nobody can guess. Comes to plugins of the chain that the message came by; costs those
 * messages nothing that are no reports. */
typedef struct postern_ev_report_in {
    postern_event ev;
    postern_list peer;         /* one postern_peer */
    postern_str message;       /* queue id as text */
    postern_str sender;        /* of the envelope: empty, if it was made by the rules */
    postern_list recipients;   /* of postern_str: of the envelope, the addresses that the report was sent to */
    postern_str reporting_mta; /* who says that he made it */
    postern_str envid;         /* Original-Envelope-Id */
    postern_str arrival;       /* of the message it is about: a date as RFC 5322 writes them */
    postern_str message_id;    /* of that message, "<...>", out of what is returned of it */
    postern_list reported;     /* of postern_reported; at least one */
    uint32_t flags;            /* POSTERN_REPORT_CUT */
    uint32_t reserved;
} postern_ev_report_in;

#ifdef __cplusplus
}
#endif
#endif
