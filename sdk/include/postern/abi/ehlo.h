/* postern.ehlo/1: SMTP extensions. A plugin declares in create what it adds to the protocol: keyword lines of EHLO, verbs, and
 * parameters of MAIL and RCPT. What two plugins of a listener, or a plugin and the core, both declare is a load error.
 *
 * A verb or a parameter belongs to a keyword, and counts in a session only after an EHLO that offered it: else the client
 * hears 500 and 555, as from a server that lacks the extension. A parameter's value is stored with the message and sent on to
 * next hops that offer the same keyword. */
#ifndef POSTERN_ABI_EHLO_H
#define POSTERN_ABI_EHLO_H

#include "hooks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Append-only, with those of hooks.h. Each goes to the plugin that declared what it is about, and to nobody else. */
#define POSTERN_HOOK_CAPS 16u      /* ehlo.caps: at each EHLO; needs a subscription */
#define POSTERN_HOOK_VERB 17u      /* verb: a declared verb was said */
#define POSTERN_HOOK_VERB_DATA 18u /* verb.data: octets that the verb's answer asked for */
#define POSTERN_HOOK_PARAM 19u     /* param: a declared parameter was given; needs a subscription */

#define POSTERN_KEYWORD_IN_TLS 1u    /* flags: offered inside TLS only */
#define POSTERN_KEYWORD_LOGGED_IN 2u /* to who logged in only */

/* A keyword line (RFC 5321 4.1.1.1). */
typedef struct postern_keyword {
    uint32_t size;
    uint32_t flags; /* POSTERN_KEYWORD_... */
    postern_str keyword; /* "XTRACE" */
    postern_str parameters; /* "1 2": words, single spaces between; may be empty */
} postern_keyword;

#define POSTERN_VERB_BEFORE_EHLO 1u /* flags: taken before EHLO too; `keyword` is then empty */
#define POSTERN_VERB_IN_MAIL 2u     /* taken between MAIL and the end of the message too; else 503 there */

/* A verb. Names of the core's verbs are taken. */
typedef struct postern_verb {
    uint32_t size;
    uint32_t flags; /* POSTERN_VERB_... */
    postern_str name; /* "XTRACE": letters and digits */
    postern_str keyword; /* of this plugin; empty: the verb is taken without an offer */
    /* Octets follow the line at once, as after BDAT, and this word of the argument (from 1) counts them; 0: none do. They are
     * taken whatever becomes of the command, so that no error can desynchronise. A line without a count closes. */
    uint32_t counted_by;
    uint32_t reserved;
    uint64_t most_octets; /* that the count, or an answer, may ask for; 0: limits.message_size */
} postern_verb;

/* What a next hop is told that a parameter came. */
#define POSTERN_RELAY_NEVER 0u    /* nothing: it is for this server alone */
#define POSTERN_RELAY_OPTIONAL 1u /* if it offers the keyword; else dropped */
#define POSTERN_RELAY_REQUIRED 2u /* if it offers the keyword; else the delivery fails with `lacking` */

#define POSTERN_PARAM_MAIL 1u     /* flags: of MAIL */
#define POSTERN_PARAM_RCPT 2u     /* of RCPT */
#define POSTERN_PARAM_VALUE 4u    /* "KEYWORD=value"; without a value 501 */
#define POSTERN_PARAM_NO_VALUE 8u /* "KEYWORD"; with a value 501; neither flag: as it comes */

/* A parameter of MAIL or RCPT. */
typedef struct postern_param_kind {
    uint32_t size;
    uint32_t flags; /* POSTERN_PARAM_... */
    postern_str name;    /* "XTRACEID" */
    postern_str keyword; /* of this plugin: the line that offers it, here and at next hops */
    uint32_t relay;      /* POSTERN_RELAY_...; an answer to `param` may say otherwise */
    uint32_t reserved;
    postern_str lacking; /* "5.7.0": status of a delivery that fails for want of the keyword; empty: 5.7.0 */
} postern_param_kind;

#define POSTERN_EHLO_1 "postern.ehlo/1"
/* Only inside create, else E_DENIED. E_INVALID: not as the RFC writes such names, or a name of the core; the log says which. [control] */
typedef struct postern_ehlo_1 {
    postern_status (*keyword)(postern_host *host, const postern_keyword *what);
    postern_status (*verb)(postern_host *host, const postern_verb *what);
    postern_status (*param)(postern_host *host, const postern_param_kind *what);
} postern_ehlo_1;

/* ehlo.caps: answered with a postern_caps_reply. PASS: the lines as declared. A failure leaves them out. */
typedef struct postern_ev_caps {
    postern_event ev;
    postern_list peer; /* one postern_peer */
} postern_ev_caps;

/* What of the declared is offered to this client now. REJECT and the like are no answers here. */
typedef struct postern_caps_reply {
    postern_reply base; /* base.size: of the whole record; the rest of base is zero */
    postern_list lines; /* of postern_keyword, flags unused; keywords that are not listed are left out */
} postern_caps_reply;

/* verb: answered with a postern_command_reply. */
typedef struct postern_ev_verb {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str name;     /* as declared */
    postern_str argument; /* white space around it removed */
    postern_str sender;   /* in a transaction; else empty */
    uint32_t in_mail;     /* 1: in a transaction */
    uint32_t reserved;
} postern_ev_verb;

/* verb.data: the octets that were asked for, in order, in pieces as they arrive. A piece that is not the last is answered with
 * CONTINUE, or PASS; a refusal is said after the last, and the rest is not shown any more. */
typedef struct postern_ev_verb_data {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str name;
    postern_str chunk;
    uint64_t offset; /* of the chunk in what was asked for */
    uint32_t is_last;
    uint32_t reserved;
} postern_ev_verb_data;

/* param: before cmd.mail or cmd.rcpt. REJECT: 501 unless another code is said. Answered with a postern_param_reply. */
typedef struct postern_ev_param {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str name;
    postern_str value;
    postern_str sender;
    postern_str recipient; /* of RCPT; else empty */
    uint32_t has_value;
    uint32_t is_rcpt;
} postern_ev_param;

/* A bare postern_reply with CONTINUE, or PASS, takes the value as it is. */
typedef struct postern_param_reply {
    postern_reply base; /* base.size: of the whole record */
    postern_str value;  /* what is stored and sent on, as RFC 5321 writes values; empty: what the client said */
    uint32_t relay;     /* POSTERN_RELAY_..., if set_relay */
    uint32_t set_relay;
} postern_param_reply;

#ifdef __cplusplus
}
#endif
#endif
