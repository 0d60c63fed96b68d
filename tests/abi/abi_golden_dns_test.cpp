// The contract as released: questions to the domain name system. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/dns.h>

namespace {

// <postern/abi/dns.h>

VALUE(POSTERN_HOOK_DNS_ANSWER, 72u);
VALUE(POSTERN_DNS_A, 1u);
VALUE(POSTERN_DNS_NS, 2u);
VALUE(POSTERN_DNS_CNAME, 5u);
VALUE(POSTERN_DNS_SOA, 6u);
VALUE(POSTERN_DNS_PTR, 12u);
VALUE(POSTERN_DNS_MX, 15u);
VALUE(POSTERN_DNS_TXT, 16u);
VALUE(POSTERN_DNS_AAAA, 28u);
VALUE(POSTERN_DNS_TLSA, 52u);
VALUE(POSTERN_DNS_1, "postern.dns/1");
VALUE(POSTERN_DNS_OK, 0u);
VALUE(POSTERN_DNS_NXDOMAIN, 1u);
VALUE(POSTERN_DNS_NODATA, 2u);
VALUE(POSTERN_DNS_SERVFAIL, 3u);
VALUE(POSTERN_DNS_TIMEOUT, 4u);
VALUE(POSTERN_DNS_REFUSED, 5u);
VALUE(POSTERN_DNS_SECURE, 1u);
VALUE(POSTERN_DNS_BOGUS, 2u);
VALUE(POSTERN_DNS_TRUNCATED, 4u);
VALUE(POSTERN_DNS_CANCELLED, 1u);

FROZEN(postern_dns_1, 8);
FIELD(postern_dns_1, query, 0, postern_status (*)(postern_host*, uint64_t, uint64_t, postern_str, uint32_t));

RECORD(postern_dns_record, 40);
FIELD(postern_dns_record, name, 0, postern_str);
FIELD(postern_dns_record, data, 16, postern_str);
FIELD(postern_dns_record, number, 32, uint32_t);
FIELD(postern_dns_record, reserved, 36, uint32_t);

RECORD(postern_ev_dns_answer, 144);
FIELD(postern_ev_dns_answer, ev, 0, postern_event);
FIELD(postern_ev_dns_answer, token, 56, uint64_t);
FIELD(postern_ev_dns_answer, status, 64, uint32_t);
FIELD(postern_ev_dns_answer, flags, 68, uint32_t);
FIELD(postern_ev_dns_answer, type, 72, uint32_t);
FIELD(postern_ev_dns_answer, ttl_s, 76, uint32_t);
FIELD(postern_ev_dns_answer, name, 80, postern_str);
FIELD(postern_ev_dns_answer, canonical, 96, postern_str);
FIELD(postern_ev_dns_answer, records, 112, postern_list);
FIELD(postern_ev_dns_answer, cause, 128, postern_str);

} // namespace
