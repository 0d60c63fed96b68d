/* Hooks of a delivery, from the moment when a transaction with a next hop is about to begin until its MAIL. Every message here
 * is in the queue: its client had its reply long ago, so a failure puts recipients off (on_error, by default a temporary one),
 * and nothing that is said here deletes anything. In the order in which they come:
 *
 *   delivery.begin       once a transaction, before a connection is looked for, whatever carries the message
 *   delivery.source      once a transaction by SMTP, behind delivery.begin: from which of our addresses
 *   delivery.tls_policy  once a transaction by SMTP and host, before a connection to it is taken out of the pool or opened
 *   delivery.connect     once a new connection, before it is opened: whether, or by a socket that is open already
 *   delivery.tls_result  once a connection, when it is known whether and how it was secured (notification)
 *   delivery.peer        once a connection, behind its last EHLO and before its first MAIL
 *   client.verb          once a transaction and owner of a keyword that the peer offers, before MAIL (behind RSET, if there is
 *                        one), and again for the replies that it asked to see
 *   client.params        once a transaction and owner of a parameter, before MAIL
 *
 * At all of them REJECT fails the recipients of the transaction for good (their sender is told), TEMPFAIL puts them off until
 * the next attempt, HOLD keeps the message for an operator with whoever has not got it yet. Nobody is lost on any of these ways.
 *
 * ev.session is one conversation with a next hop, another one than that of queue.route and delivery.done (which is the whole
 * attempt, and may lead to many next hops at the same time); `message` is what they have in common. A cookie lasts from
 * delivery.begin of a conversation to its SESSION_END. */
#ifndef POSTERN_ABI_OUTGOING_H
#define POSTERN_ABI_OUTGOING_H

#include "ehlo.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Append-only, with those of hooks.h. */
#define POSTERN_HOOK_DELIVERY_BEGIN 27u
#define POSTERN_HOOK_TLS_POLICY 28u
#define POSTERN_HOOK_DELIVERY_PEER 29u
#define POSTERN_HOOK_CLIENT_VERB 30u   /* goes to the owner of the keyword (postern.ehlo/1), and to nobody else */
#define POSTERN_HOOK_CLIENT_PARAMS 31u /* goes to owners of parameters, and to nobody else */
#define POSTERN_HOOK_TLS_RESULT 37u    /* notification */
#define POSTERN_HOOK_DELIVERY_SOURCE 41u
#define POSTERN_HOOK_DELIVERY_CONNECT 42u

/* Edits. They change what is sent, never what is stored: the next attempt begins anew. But for PARAM_SET at cmd.mail and
 * msg.headers, of MAIL and of a parameter that the plugin declared: it is stored with the message, as if the client had said it. */
#define POSTERN_EDIT_RCPT_LATER 16u     /* delivery.begin: recipient `index` gets a transaction of its own behind this one */
#define POSTERN_EDIT_PARAM_SET 17u      /* client.params, cmd.mail, msg.headers: of MAIL or of recipient `index`: name, value (or none) */
#define POSTERN_EDIT_PARAM_DROP 18u     /* client.params: that parameter is not sent */
#define POSTERN_EDIT_PARAM_REQUIRE 19u  /* client.params: as PARAM_SET, and where the peer lacks the keyword the delivery fails */

#define POSTERN_OF_MAIL 0xffffffffu /* `index` of an edit, or `of`: the parameter is one of MAIL */

/* A parameter as it is stored with the message. */
typedef struct postern_stored_param {
    postern_str keyword; /* upper case */
    postern_str value;
    uint32_t has_value; /* 1: "KEYWORD=value", 0: the keyword stood alone */
    uint32_t of;        /* POSTERN_OF_MAIL, or an index into `recipients` */
    uint32_t relay;     /* POSTERN_RELAY_...; of the core's, which it sends by itself: POSTERN_RELAY_NEVER */
    uint32_t reserved;
} postern_stored_param;

/* delivery.begin. Edits: RCPT_LATER, with may = ["route"]; it cannot leave out everybody. Those left out are asked about again,
 * in a transaction of the same attempt. */
typedef struct postern_ev_delivery_begin {
    postern_event ev;
    postern_str message; /* queue id as text */
    postern_str sender;
    postern_str next_hop; /* "host:port", a domain by its MX, "lmtp:host:port", "lmtp:unix:/path", or the name of a transport */
    postern_list recipients; /* of postern_str: of this transaction */
    postern_list params;     /* of postern_stored_param */
    uint64_t size_octets;    /* of the message */
    uint64_t received_s;     /* when it was accepted, seconds since 1970 */
    uint32_t attempt;        /* 0: the first */
    uint32_t is_smtp;        /* SMTP or LMTP. 0: by a transport, and nothing else of this file follows */
} postern_ev_delivery_begin;

/* delivery.source: answered with a postern_delivery_source_reply, or a postern_reply. */
typedef struct postern_ev_delivery_source {
    postern_event ev;
    postern_str message;
    postern_str sender;
    postern_str next_hop;
    postern_list recipients; /* of postern_str */
    postern_list params;     /* of postern_stored_param */
    postern_str pool;        /* [[delivery.source_pool]] that holds, after what other plugins said; empty: none in particular */
    uint32_t attempt;        /* 0: the first */
    uint32_t reserved;
} postern_ev_delivery_source;

/* Connections of one pool serve no transaction of another. */
typedef struct postern_delivery_source_reply {
    postern_reply base; /* base.size: of the whole record */
    postern_str pool;   /* one of the configuration: its addresses and its name for EHLO; empty: as it is */
} postern_delivery_source_reply;

/* How a connection is secured, from weak to strong. */
#define POSTERN_TLS_NONE 1u          /* in clear, even where STARTTLS is offered */
#define POSTERN_TLS_OPPORTUNISTIC 2u /* STARTTLS where offered; else, and where it fails, in clear */
#define POSTERN_TLS_REQUIRED 3u      /* no message without TLS, whoever is at the other end */
#define POSTERN_TLS_VERIFIED 4u      /* nor without a certificate for `name` by an authority that the system trusts */
#define POSTERN_TLS_DANE 5u          /* nor without one that a TLSA record names (RFC 7672), whoever made it */

#define POSTERN_HOST_BY_MX 1u         /* flags: an MX record of the domain `next_hop` names it, or it has none and is its own host */
#define POSTERN_HOST_MX_SECURE 2u     /* DNSSEC vouches for that */
#define POSTERN_HOST_ADDRESS_SECURE 4u /* and for the addresses of `host`. Both only of hosts by MX; of others nobody looked */

/* delivery.tls_policy: answered with a postern_tls_policy_reply. A connection serves only transactions that came to the same
 * policy. What is required is never given up: the next host is tried, and then the recipients are put off. */
typedef struct postern_ev_tls_policy {
    postern_event ev;
    postern_str message;
    postern_str sender;
    postern_str next_hop; /* "host:port" */
    postern_str host;     /* without the port: a name, the text of an address, or the path of a Unix socket */
    postern_list domains; /* of postern_str: those of the recipients, in lower case, each once */
    postern_list params;  /* of postern_stored_param */
    postern_str name;     /* for VERIFIED: that the certificate has to be for */
    uint32_t configured;  /* POSTERN_TLS_...: what the configuration says */
    uint32_t tls;         /* POSTERN_TLS_...: what holds, after what other plugins said */
    postern_str canonical; /* where aliases (CNAME) of `host` lead; empty: there are none, or nobody looked */
    uint32_t port;
    uint32_t flags; /* POSTERN_HOST_... */
} postern_ev_tls_policy;

/* A TLSA record (RFC 6698 2.1). Only usage 2 and 3 are of use (RFC 7672 3.1.3), and of whole certificates and keys only what is
 * one; where none of a policy's can be used, no certificate is good enough. REQUIRED is for hosts with no other records. */
typedef struct postern_tlsa {
    uint32_t usage;
    uint32_t selector;
    uint32_t matching;
    uint32_t reserved;
    postern_str data;
} postern_tlsa;

/* What came of securing a connection (RFC 8460 4.3). Append-only. */
#define POSTERN_TLS_RESULT_OK 0u
#define POSTERN_TLS_RESULT_STARTTLS_NOT_SUPPORTED 1u
#define POSTERN_TLS_RESULT_CERTIFICATE_HOST_MISMATCH 2u
#define POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED 3u
#define POSTERN_TLS_RESULT_CERTIFICATE_NOT_TRUSTED 4u
#define POSTERN_TLS_RESULT_VALIDATION_FAILURE 5u /* any other */
#define POSTERN_TLS_RESULT_TLSA_INVALID 6u
#define POSTERN_TLS_RESULT_DNSSEC_INVALID 7u
#define POSTERN_TLS_RESULT_DANE_REQUIRED 8u
#define POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR 9u
#define POSTERN_TLS_RESULT_STS_POLICY_INVALID 10u
#define POSTERN_TLS_RESULT_STS_WEBPKI_INVALID 11u

#define POSTERN_TLS_TESTED 1u /* flags: a certificate for `name` is looked at for delivery.tls_result, and does not count */

/* How much TLS the delivery wants. With TEMPFAIL and next_host the host is left out, and the next one is asked about. */
typedef struct postern_tls_policy_reply {
    postern_reply base; /* base.size: of the whole record */
    postern_str name;   /* of the host, for VERIFIED and DANE; empty: as in the event. For DANE `canonical` is granted too */
    uint32_t tls;       /* POSTERN_TLS_...; 0: as it is. A weaker one than in the event needs may = ["tls"] */
    uint32_t reserved;
    postern_list names; /* of postern_str, at most 10: names that will do as well. VERIFIED or DANE: instead of those before */
    postern_list tlsa;  /* of postern_tlsa, 1 to 100 of up to 8,192 octets: for DANE, and for nothing else */
    /* Whose policy it is, for reports about it (RFC 8460 4.4); that of the last plugin that says one. */
    postern_str policy_type;     /* "sts" or "tlsa"; empty: it says none */
    postern_str policy_domain;   /* that it is about */
    postern_list policy_strings; /* of postern_str, at most 200 of printable ASCII up to 1,024 octets: as it was published */
    postern_list policy_hosts;   /* likewise: the patterns of its mail exchangers */
    uint32_t finding;            /* POSTERN_TLS_RESULT_...: what is wrong before anybody connects, for reports; base.text says why */
    uint32_t flags;              /* POSTERN_TLS_TESTED */
    uint32_t next_host;          /* 1, with TEMPFAIL: not this host */
    uint32_t reserved2;
} postern_tls_policy_reply;

/* delivery.connect: answered with a postern_delivery_connect_reply, or a postern_reply. TEMPFAIL with next_host: not to this
 * address, the next one is asked about. TEMPFAIL with enhanced 4.4.1 or 4.4.2 (RFC 3463 3.5) tells that the plugin has tried, and
 * nobody can be reached that way now: the next hop rests, and the plugin is not asked again by each message. Any other refusal is a
 * decision about this message. */
typedef struct postern_ev_delivery_connect {
    postern_event ev;
    postern_str message; /* for which the connection is opened */
    postern_str next_hop;
    postern_str host;    /* as at delivery.tls_policy */
    postern_str address; /* "192.0.2.1" or "2001:db8::1"; empty: a Unix socket */
    postern_str source;  /* our end's; empty: as the system chooses */
    postern_str pool;
    uint32_t port;
    uint32_t flags; /* POSTERN_HOST_... */
} postern_ev_delivery_connect;

/* A socket is a connected stream that leads there, by a proxy or otherwise: greeting, TLS and all that follows go over it. It is the
 * host's as soon as reply() took the answer; else it stays the plugin's. */
typedef struct postern_delivery_connect_reply {
    postern_reply base;  /* base.size: of the whole record */
    uint32_t next_host;  /* 1, with TEMPFAIL: another address of the next hop is tried, if it has one */
    uint32_t has_socket; /* 1, with CONTINUE and may = ["route"] */
    int32_t socket;
    uint32_t reserved;
} postern_delivery_connect_reply;

/* delivery.tls_result: of a new connection, when it is known; and of a host that a plugin left out. Nothing is told of connections
 * that nobody wanted to secure, nor of those that came to nothing before TLS was talked about. */
typedef struct postern_ev_tls_result {
    postern_event ev;
    postern_str message; /* for which the connection was opened */
    postern_str next_hop;
    postern_str host;    /* as at delivery.tls_policy */
    postern_str address; /* of the peer; empty: nobody connected, or a Unix socket */
    postern_str source;  /* our end's; likewise */
    postern_str policy_type; /* as in postern_tls_policy_reply; empty: no policy was found */
    postern_str policy_domain;
    postern_list policy_strings;
    postern_list policy_hosts;
    postern_str text; /* what was wrong, in words */
    uint32_t port;
    uint32_t result; /* POSTERN_TLS_RESULT_... */
    uint32_t tls;    /* POSTERN_TLS_...: the policy */
    uint32_t flags;  /* POSTERN_HOST_...; POSTERN_TLS_REFUSED */
} postern_ev_tls_result;
#define POSTERN_TLS_REFUSED 65536u /* flags: the message did not go out on it for that */

#define POSTERN_NEXT_HOP_EXTENDED 1u   /* flags: EHLO was taken */
#define POSTERN_NEXT_HOP_TLS 2u
#define POSTERN_NEXT_HOP_VERIFIED 4u   /* by the policy VERIFIED */
#define POSTERN_NEXT_HOP_HAS_OTHERS 8u /* the name of the next hop has further addresses that were not tried yet */

/* delivery.peer: answered with a postern_delivery_peer_reply, or a postern_reply. What it says holds for the connection, and so
 * for the messages that follow on it. After a REJECT or TEMPFAIL the connection ends. */
typedef struct postern_ev_delivery_peer {
    postern_event ev;
    postern_str message; /* for which the connection was opened */
    postern_str next_hop;
    postern_str address;  /* "192.0.2.1" or "2001:db8::1"; empty: a Unix socket */
    postern_str greeting; /* text of the 220 */
    postern_list offers;  /* of postern_keyword, flags unused: the lines of the last EHLO */
    postern_str tls_version; /* "TLSv1.3"; empty: no TLS */
    postern_str tls_cipher;
    postern_str tls_group;
    postern_str tls_subject; /* of a verified certificate */
    uint32_t port;
    uint32_t flags; /* POSTERN_NEXT_HOP_... */
    uint32_t tls;   /* POSTERN_TLS_...: the policy */
    uint32_t reserved;
} postern_ev_delivery_peer;

/* Whether to go on with that peer, and without which of its extensions. */
typedef struct postern_delivery_peer_reply {
    postern_reply base;  /* base.size: of the whole record */
    postern_list unused; /* of postern_str, at most 100: keywords that count as not offered on this connection */
    uint32_t next_host;  /* 1, with TEMPFAIL: another address of the next hop is tried first, if it has one */
    uint32_t reserved;
} postern_delivery_peer_reply;

#define POSTERN_LINE_OPTIONAL 0u /* whatever is answered, it goes on */
#define POSTERN_LINE_REQUIRED 1u /* what is not answered with 2yz fails the recipients (5yz) or puts them off (4yz) */

/* A command line of a plugin. Printable ASCII of at most 500 octets; the verb has 3 to 32 letters and digits, upper case, and
 * is none of the core's. */
typedef struct postern_client_line {
    postern_str line; /* without its CRLF */
    uint32_t rule;    /* POSTERN_LINE_... */
    uint32_t reserved;
} postern_client_line;

/* What a peer answered to a line. */
typedef struct postern_client_said {
    postern_str text; /* the lines of the reply, with spaces between; bounded, printable */
    uint32_t code;
    uint32_t reserved;
} postern_client_said;

/* client.verb: answered with a postern_client_verb_reply, or a postern_reply with no lines. */
typedef struct postern_ev_client_verb {
    postern_event ev;
    postern_str message;
    postern_str sender;
    postern_str next_hop;
    postern_list recipients; /* of postern_str */
    postern_list params;     /* of postern_stored_param */
    postern_list offers;     /* of postern_keyword: of the keywords of this plugin those that the peer offers; at least one */
    postern_list said;       /* of postern_client_said: the replies to the lines of the last round */
    uint32_t round;          /* 0: the first */
    uint32_t flags;          /* POSTERN_NEXT_HOP_... */
} postern_ev_client_verb;

#define POSTERN_LINES_SHOW 1u    /* flags: the event comes again, with the replies; at most eight times */
#define POSTERN_LINES_RESTART 2u /* 2yz to the last line made the session as new (XCLIENT): EHLO is said again */

/* The lines go out one by one, each when the one before has its reply; a reply that is malformed, or 3yz, ends the connection,
 * and the recipients are put off. */
typedef struct postern_client_verb_reply {
    postern_reply base; /* base.size: of the whole record */
    postern_list lines; /* of postern_client_line, at most 16 */
    uint32_t flags;     /* POSTERN_LINES_... */
    uint32_t reserved;
} postern_client_verb_reply;

/* client.params. Comes whether or not the peer offers the keyword: REJECT is for who cannot do without. Edits: PARAM_SET,
 * PARAM_DROP, PARAM_REQUIRE, of parameters that the plugin declared; they need no grant. */
typedef struct postern_ev_client_params {
    postern_event ev;
    postern_str message;
    postern_str sender;
    postern_str next_hop;
    postern_list recipients; /* of postern_str */
    postern_list params;     /* of postern_stored_param */
    postern_list offers;     /* of postern_keyword: of the keywords of this plugin those that the peer offers */
    uint64_t received_s;     /* when the message was accepted, seconds since 1970 */
    uint32_t attempt;        /* 0: the first */
    uint32_t flags;          /* POSTERN_NEXT_HOP_... */
} postern_ev_client_params;

#ifdef __cplusplus
}
#endif
#endif
