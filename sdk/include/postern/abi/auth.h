/* postern.auth/1: who logs in. The host speaks SASL (RFC 4422, 4954) and knows the usual mechanisms; what a password is
 * compared with, what a token is worth and who a certificate stands for is a plugin's to say, and a plugin may bring mechanisms
 * of its own. AUTH is offered where the listener says auth = true, with the mechanisms for which somebody in its chain verifies
 * what they need, or that somebody brought. */
#ifndef POSTERN_ABI_AUTH_H
#define POSTERN_ABI_AUTH_H

#include "hooks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Append-only, with those of hooks.h. auth.step and auth.verify come to who declared a mechanism, or that it verifies; subscribe
 * refuses them. Who has postern.auth/1 in its `requires` and declares neither is not made: it would never be asked. */
#define POSTERN_HOOK_AUTH_MECHANISMS 32u /* auth.mechanisms: at each EHLO that offers AUTH */
#define POSTERN_HOOK_AUTH_STEP 33u /* auth.step: what a client says in a mechanism of a plugin; goes to the plugin that declared it */
#define POSTERN_HOOK_AUTH_VERIFY 34u /* auth.verify: a proof, or a wish for a secret, of a mechanism of the host */
#define POSTERN_HOOK_AUTH_RESULT 35u /* auth.result: before success or failure is said */

/* What is to be verified, or looked up; for `verifies` added up. */
#define POSTERN_AUTH_PASSWORD 1u    /* `proof` is the password of `user` (PLAIN, LOGIN) */
#define POSTERN_AUTH_SECRET 2u      /* wanted: what is kept of the password of `user` for SCRAM with `hash` (RFC 5802 3); for `verifies`: of SHA-256 */
#define POSTERN_AUTH_PLAIN_TEXT 4u  /* wanted: the password of `user` itself (CRAM-MD5) */
#define POSTERN_AUTH_TOKEN 8u       /* `proof` is a bearer token, `user` who it is said to be for, or empty (OAUTHBEARER, XOAUTH2) */
#define POSTERN_AUTH_CERTIFICATE 16u /* `proof` is the subject of the client's verified certificate (EXTERNAL) */
#define POSTERN_AUTH_ANONYMOUS 32u  /* `proof` is a trace, and proves nothing (ANONYMOUS) */

#define POSTERN_AUTH_SECRET_SHA_1 64u /* for `verifies` alone: secrets of SHA-1 */

#define POSTERN_SCRAM_SHA_1 0u
#define POSTERN_SCRAM_SHA_256 1u

/* A mechanism of a plugin. */
typedef struct postern_mechanism {
    uint32_t size;
    uint32_t flags; /* 0 */
    postern_str name; /* RFC 4422 3.1: 1 to 20 upper case letters, digits, hyphens, underscores; none of the host's */
} postern_mechanism;

#define POSTERN_AUTH_1 "postern.auth/1"
/* Only inside create, else E_DENIED. E_INVALID: no such name, or one of the host's; the log says which. [control] */
typedef struct postern_auth_1 {
    postern_status (*mechanism)(postern_host *host, const postern_mechanism *what);
    postern_status (*verifies)(postern_host *host, uint32_t kinds); /* POSTERN_AUTH_..., added up; asked at auth.verify */
} postern_auth_1;

/* auth.mechanisms: answered with a postern_mechanisms_reply. PASS: all of them. A failure leaves all of them out. */
typedef struct postern_ev_auth_mechanisms {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_list names; /* of postern_str: what is offered so far */
} postern_ev_auth_mechanisms;

/* Of those that the event named, the ones to keep. */
typedef struct postern_mechanisms_reply {
    postern_reply base; /* base.size: of the whole record; the rest of base is zero */
    postern_list names; /* of postern_str: those of the event's that stay */
} postern_mechanisms_reply;

/* auth.step: answered with a postern_auth_reply, or a refusing postern_reply. What has to last from one step to the next is kept
 * by session; auth.result tells of a success or a failure. Of an exchange that the client broke off (RFC 4954 4: "*"), or that
 * could not go on, nobody tells: the next begins with step 0. */
typedef struct postern_ev_auth_step {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str mechanism;
    postern_str response; /* octets, decoded */
    postern_str binding;  /* tls-exporter (RFC 9266), 32 octets; empty: there is none */
    postern_str certificate; /* subject of the client's verified certificate */
    uint32_t step;         /* 0: AUTH itself */
    uint32_t has_response; /* 0: AUTH came without an initial response */
} postern_ev_auth_step;

/* auth.verify: comes to those who declared that they verify `kind`, of a secret also that of its hash, and to nobody else. Answered
 * with a postern_auth_reply. CONTINUE decides. To a kind with a proof (PASSWORD, TOKEN, CERTIFICATE, ANONYMOUS) it has an identity:
 * the proof is right, and that is who it is. To SECRET it has an identity and salt, stored_key, server_key and iterations,
 * with keys of `hash`; to PLAIN_TEXT an identity and a password that is not empty: the host decides by them. An answer has what was
 * asked for and nothing else: a secret or a password to a kind with a proof, none to one that wants it, or the other one is
 * a failure of the plugin, nobody is logged in, and what it means is on_error's. PASS, or CONTINUE without an identity and all
 * else: nobody of that name is known here, ask others. REJECT: wrong. TEMPFAIL: cannot be said now. Nobody knows: wrong.
 * The client cannot tell wrong from unknown, and an answer should take as long for one as for the other. */
typedef struct postern_ev_auth_verify {
    postern_event ev;
    postern_list peer; /* one postern_peer */
    postern_str mechanism;
    postern_str user;    /* authentication identity, prepared (RFC 4013); so is a password in `proof` */
    postern_str act_for; /* authorization identity; empty: the one that belongs to `user` */
    postern_str proof;
    uint32_t kind; /* one of POSTERN_AUTH_... */
    uint32_t hash; /* of POSTERN_AUTH_SECRET: POSTERN_SCRAM_... */
} postern_ev_auth_verify;

#define POSTERN_AUTH_DONE 0u      /* that is `identity` */
#define POSTERN_AUTH_CHALLENGE 1u /* auth.step: send `challenge`, show what comes back */

/* To auth.step and auth.verify. */
typedef struct postern_auth_reply {
    postern_reply base; /* base.size: of the whole record; CONTINUE, or a refusal */
    postern_str identity;   /* who that is: 1 to 255 octets of UTF-8 without control characters; of every CONTINUE that decides */
    postern_str challenge;  /* octets, at most 8,192 */
    postern_str salt;       /* POSTERN_AUTH_SECRET: octets */
    postern_str stored_key; /* likewise: 20 or 32 octets */
    postern_str server_key; /* likewise */
    postern_str password;   /* POSTERN_AUTH_PLAIN_TEXT */
    uint32_t iterations;    /* POSTERN_AUTH_SECRET: 4,096 to 10,000,000 */
    uint32_t then;          /* POSTERN_AUTH_... */
} postern_auth_reply;

/* auth.result: REJECT, TEMPFAIL and DISCONNECT turn a success into a failure; after a failure only DISCONNECT counts. */
typedef struct postern_ev_auth_result {
    postern_event ev;
    postern_list peer; /* one postern_peer; its identity is still that of before */
    postern_str mechanism;
    postern_str user;     /* who the client said it was; may be empty */
    postern_str identity; /* success: who that is */
    postern_str reason;   /* failure: why, for the log alone */
    uint32_t success;
    uint32_t failures; /* on this connection so far, this one included */
} postern_ev_auth_result;

#ifdef __cplusplus
}
#endif
#endif
