/* postern.dns/1: questions to the domain name system. Each accepted question yields exactly one POSTERN_HOOK_DNS_ANSWER, never
 * from inside the call: on the session's thread, early and with POSTERN_DNS_CANCELLED when the session ends first; with session
 * 0 on a thread of the host, one event of session 0 at a time for an instance. The host caches, limits the time, and bounds what
 * an answer holds. */
#ifndef POSTERN_ABI_DNS_H
#define POSTERN_ABI_DNS_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_HOOK_DNS_ANSWER 72u /* notification, without subscription: after dns.query */

/* Types as IANA numbers them. Any other from 1 to 65279 may be asked for, but those that stand for several (ANY, AXFR ...). */
#define POSTERN_DNS_A 1u
#define POSTERN_DNS_NS 2u
#define POSTERN_DNS_CNAME 5u
#define POSTERN_DNS_SOA 6u
#define POSTERN_DNS_PTR 12u
#define POSTERN_DNS_MX 15u
#define POSTERN_DNS_TXT 16u
#define POSTERN_DNS_AAAA 28u
#define POSTERN_DNS_TLSA 52u

#define POSTERN_DNS_1 "postern.dns/1"
/* Asks the DNS; each accepted question has one POSTERN_HOOK_DNS_ANSWER. */
typedef struct postern_dns_1 {
    /* name: "mx.example.org", a dot at its end or none; for PTR an address, "192.0.2.1", does as well. Names that are not ASCII
     * come in their "xn--" form. E_INVALID: no name (RFC 1035 2.3.4: labels of 63 octets, 253 in all) or no such type. E_STALE:
     * the session is over. E_AGAIN: too many questions of this instance are open (1,000). [any] */
    postern_status (*query)(postern_host *host, uint64_t session, uint64_t token, postern_str name, uint32_t type);
} postern_dns_1;

#define POSTERN_DNS_OK 0u       /* there are records */
#define POSTERN_DNS_NXDOMAIN 1u /* there is no such name */
#define POSTERN_DNS_NODATA 2u   /* the name has no records of that type */
#define POSTERN_DNS_SERVFAIL 3u /* no server could say, or what they said failed validation (POSTERN_DNS_BOGUS) */
#define POSTERN_DNS_TIMEOUT 4u  /* nobody said anything in time */
#define POSTERN_DNS_REFUSED 5u  /* a server does not want to say */

#define POSTERN_DNS_SECURE 1u    /* flags of an answer: DNSSEC vouches for it, for its absence too */
#define POSTERN_DNS_BOGUS 2u     /* SERVFAIL: DNSSEC contradicts what came */
#define POSTERN_DNS_TRUNCATED 4u /* there were more records than are shown: 1,000, or 64 KiB */

/* A record of the type that was asked for. */
typedef struct postern_dns_record {
    postern_str name; /* MX, PTR, CNAME, NS, SOA: the host, without a dot at its end. A, AAAA: the address, "192.0.2.1" */
    postern_str data; /* TXT: its strings, joined; any other: the octets as they were sent, names not compressed */
    uint32_t number;  /* MX: preference; SOA: the serial */
    uint32_t reserved;
} postern_dns_record;

#define POSTERN_DNS_CANCELLED 1u /* in ev.flags: the session, or the instance, ended first; status is TIMEOUT */
/* The answer to a question. */
typedef struct postern_ev_dns_answer {
    postern_event ev;
    uint64_t token;
    uint32_t status; /* POSTERN_DNS_OK ... */
    uint32_t flags;  /* POSTERN_DNS_SECURE ... */
    uint32_t type;   /* as asked */
    uint32_t ttl_s;  /* how long it may be kept */
    postern_str name;      /* as asked */
    postern_str canonical; /* where aliases led; empty: there are none */
    postern_list records;  /* of postern_dns_record, in no order that means anything */
    postern_str cause;     /* of a failure, for the log */
} postern_ev_dns_answer;

#ifdef __cplusplus
}
#endif
#endif
