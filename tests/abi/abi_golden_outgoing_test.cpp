// The contract as released: hooks of outgoing deliveries. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/outgoing.h>

namespace {

// <postern/abi/outgoing.h>

VALUE(POSTERN_HOOK_DELIVERY_BEGIN, 27u);
VALUE(POSTERN_HOOK_TLS_POLICY, 28u);
VALUE(POSTERN_HOOK_DELIVERY_PEER, 29u);
VALUE(POSTERN_HOOK_CLIENT_VERB, 30u);
VALUE(POSTERN_HOOK_CLIENT_PARAMS, 31u);
VALUE(POSTERN_EDIT_RCPT_LATER, 16u);
VALUE(POSTERN_EDIT_PARAM_SET, 17u);
VALUE(POSTERN_EDIT_PARAM_DROP, 18u);
VALUE(POSTERN_EDIT_PARAM_REQUIRE, 19u);
VALUE(POSTERN_OF_MAIL, 0xffffffffu);
VALUE(POSTERN_TLS_NONE, 1u);
VALUE(POSTERN_TLS_OPPORTUNISTIC, 2u);
VALUE(POSTERN_TLS_REQUIRED, 3u);
VALUE(POSTERN_TLS_VERIFIED, 4u);
VALUE(POSTERN_NEXT_HOP_EXTENDED, 1u);
VALUE(POSTERN_NEXT_HOP_TLS, 2u);
VALUE(POSTERN_NEXT_HOP_VERIFIED, 4u);
VALUE(POSTERN_NEXT_HOP_HAS_OTHERS, 8u);
VALUE(POSTERN_LINE_OPTIONAL, 0u);
VALUE(POSTERN_LINE_REQUIRED, 1u);
VALUE(POSTERN_LINES_SHOW, 1u);
VALUE(POSTERN_LINES_RESTART, 2u);

RECORD(postern_stored_param, 48);
FIELD(postern_stored_param, keyword, 0, postern_str);
FIELD(postern_stored_param, value, 16, postern_str);
FIELD(postern_stored_param, has_value, 32, uint32_t);
FIELD(postern_stored_param, of, 36, uint32_t);
FIELD(postern_stored_param, relay, 40, uint32_t);
FIELD(postern_stored_param, reserved, 44, uint32_t);

RECORD(postern_ev_delivery_begin, 160);
FIELD(postern_ev_delivery_begin, ev, 0, postern_event);
FIELD(postern_ev_delivery_begin, message, 56, postern_str);
FIELD(postern_ev_delivery_begin, sender, 72, postern_str);
FIELD(postern_ev_delivery_begin, next_hop, 88, postern_str);
FIELD(postern_ev_delivery_begin, recipients, 104, postern_list);
FIELD(postern_ev_delivery_begin, params, 120, postern_list);
FIELD(postern_ev_delivery_begin, size_octets, 136, uint64_t);
FIELD(postern_ev_delivery_begin, received_s, 144, uint64_t);
FIELD(postern_ev_delivery_begin, attempt, 152, uint32_t);
FIELD(postern_ev_delivery_begin, is_smtp, 156, uint32_t);

RECORD(postern_ev_tls_policy, 176);
FIELD(postern_ev_tls_policy, ev, 0, postern_event);
FIELD(postern_ev_tls_policy, message, 56, postern_str);
FIELD(postern_ev_tls_policy, sender, 72, postern_str);
FIELD(postern_ev_tls_policy, next_hop, 88, postern_str);
FIELD(postern_ev_tls_policy, host, 104, postern_str);
FIELD(postern_ev_tls_policy, domains, 120, postern_list);
FIELD(postern_ev_tls_policy, params, 136, postern_list);
FIELD(postern_ev_tls_policy, name, 152, postern_str);
FIELD(postern_ev_tls_policy, configured, 168, uint32_t);
FIELD(postern_ev_tls_policy, tls, 172, uint32_t);

RECORD(postern_tls_policy_reply, 96);
FIELD(postern_tls_policy_reply, base, 0, postern_reply);
FIELD(postern_tls_policy_reply, name, 72, postern_str);
FIELD(postern_tls_policy_reply, tls, 88, uint32_t);
FIELD(postern_tls_policy_reply, reserved, 92, uint32_t);

RECORD(postern_ev_delivery_peer, 216);
FIELD(postern_ev_delivery_peer, ev, 0, postern_event);
FIELD(postern_ev_delivery_peer, message, 56, postern_str);
FIELD(postern_ev_delivery_peer, next_hop, 72, postern_str);
FIELD(postern_ev_delivery_peer, address, 88, postern_str);
FIELD(postern_ev_delivery_peer, greeting, 104, postern_str);
FIELD(postern_ev_delivery_peer, offers, 120, postern_list);
FIELD(postern_ev_delivery_peer, tls_version, 136, postern_str);
FIELD(postern_ev_delivery_peer, tls_cipher, 152, postern_str);
FIELD(postern_ev_delivery_peer, tls_group, 168, postern_str);
FIELD(postern_ev_delivery_peer, tls_subject, 184, postern_str);
FIELD(postern_ev_delivery_peer, port, 200, uint32_t);
FIELD(postern_ev_delivery_peer, flags, 204, uint32_t);
FIELD(postern_ev_delivery_peer, tls, 208, uint32_t);
FIELD(postern_ev_delivery_peer, reserved, 212, uint32_t);

RECORD(postern_delivery_peer_reply, 96);
FIELD(postern_delivery_peer_reply, base, 0, postern_reply);
FIELD(postern_delivery_peer_reply, unused, 72, postern_list);
FIELD(postern_delivery_peer_reply, next_host, 88, uint32_t);
FIELD(postern_delivery_peer_reply, reserved, 92, uint32_t);

RECORD(postern_client_line, 24);
FIELD(postern_client_line, line, 0, postern_str);
FIELD(postern_client_line, rule, 16, uint32_t);
FIELD(postern_client_line, reserved, 20, uint32_t);

RECORD(postern_client_said, 24);
FIELD(postern_client_said, text, 0, postern_str);
FIELD(postern_client_said, code, 16, uint32_t);
FIELD(postern_client_said, reserved, 20, uint32_t);

RECORD(postern_ev_client_verb, 176);
FIELD(postern_ev_client_verb, ev, 0, postern_event);
FIELD(postern_ev_client_verb, message, 56, postern_str);
FIELD(postern_ev_client_verb, sender, 72, postern_str);
FIELD(postern_ev_client_verb, next_hop, 88, postern_str);
FIELD(postern_ev_client_verb, recipients, 104, postern_list);
FIELD(postern_ev_client_verb, params, 120, postern_list);
FIELD(postern_ev_client_verb, offers, 136, postern_list);
FIELD(postern_ev_client_verb, said, 152, postern_list);
FIELD(postern_ev_client_verb, round, 168, uint32_t);
FIELD(postern_ev_client_verb, flags, 172, uint32_t);

RECORD(postern_client_verb_reply, 96);
FIELD(postern_client_verb_reply, base, 0, postern_reply);
FIELD(postern_client_verb_reply, lines, 72, postern_list);
FIELD(postern_client_verb_reply, flags, 88, uint32_t);
FIELD(postern_client_verb_reply, reserved, 92, uint32_t);

RECORD(postern_ev_client_params, 168);
FIELD(postern_ev_client_params, ev, 0, postern_event);
FIELD(postern_ev_client_params, message, 56, postern_str);
FIELD(postern_ev_client_params, sender, 72, postern_str);
FIELD(postern_ev_client_params, next_hop, 88, postern_str);
FIELD(postern_ev_client_params, recipients, 104, postern_list);
FIELD(postern_ev_client_params, params, 120, postern_list);
FIELD(postern_ev_client_params, offers, 136, postern_list);
FIELD(postern_ev_client_params, received_s, 152, uint64_t);
FIELD(postern_ev_client_params, attempt, 160, uint32_t);
FIELD(postern_ev_client_params, flags, 164, uint32_t);

VALUE(POSTERN_HOOK_TLS_RESULT, 37u);
VALUE(POSTERN_TLS_DANE, 5u);
VALUE(POSTERN_HOST_BY_MX, 1u);
VALUE(POSTERN_HOST_MX_SECURE, 2u);
VALUE(POSTERN_HOST_ADDRESS_SECURE, 4u);
VALUE(POSTERN_TLS_RESULT_OK, 0u);
VALUE(POSTERN_TLS_RESULT_STARTTLS_NOT_SUPPORTED, 1u);
VALUE(POSTERN_TLS_RESULT_CERTIFICATE_HOST_MISMATCH, 2u);
VALUE(POSTERN_TLS_RESULT_CERTIFICATE_EXPIRED, 3u);
VALUE(POSTERN_TLS_RESULT_CERTIFICATE_NOT_TRUSTED, 4u);
VALUE(POSTERN_TLS_RESULT_VALIDATION_FAILURE, 5u);
VALUE(POSTERN_TLS_RESULT_TLSA_INVALID, 6u);
VALUE(POSTERN_TLS_RESULT_DNSSEC_INVALID, 7u);
VALUE(POSTERN_TLS_RESULT_DANE_REQUIRED, 8u);
VALUE(POSTERN_TLS_RESULT_STS_POLICY_FETCH_ERROR, 9u);
VALUE(POSTERN_TLS_RESULT_STS_POLICY_INVALID, 10u);
VALUE(POSTERN_TLS_RESULT_STS_WEBPKI_INVALID, 11u);
VALUE(POSTERN_TLS_TESTED, 1u);
VALUE(POSTERN_TLS_REFUSED, 65536u);

FIELD(postern_ev_tls_policy, canonical, 176, postern_str);
FIELD(postern_ev_tls_policy, port, 192, uint32_t);
FIELD(postern_ev_tls_policy, flags, 196, uint32_t);

RECORD(postern_tlsa, 32);
FIELD(postern_tlsa, usage, 0, uint32_t);
FIELD(postern_tlsa, selector, 4, uint32_t);
FIELD(postern_tlsa, matching, 8, uint32_t);
FIELD(postern_tlsa, reserved, 12, uint32_t);
FIELD(postern_tlsa, data, 16, postern_str);

FIELD(postern_tls_policy_reply, names, 96, postern_list);
FIELD(postern_tls_policy_reply, tlsa, 112, postern_list);
FIELD(postern_tls_policy_reply, policy_type, 128, postern_str);
FIELD(postern_tls_policy_reply, policy_domain, 144, postern_str);
FIELD(postern_tls_policy_reply, policy_strings, 160, postern_list);
FIELD(postern_tls_policy_reply, policy_hosts, 176, postern_list);
FIELD(postern_tls_policy_reply, finding, 192, uint32_t);
FIELD(postern_tls_policy_reply, flags, 196, uint32_t);
FIELD(postern_tls_policy_reply, next_host, 200, uint32_t);
FIELD(postern_tls_policy_reply, reserved2, 204, uint32_t);

RECORD(postern_ev_tls_result, 232);
FIELD(postern_ev_tls_result, ev, 0, postern_event);
FIELD(postern_ev_tls_result, message, 56, postern_str);
FIELD(postern_ev_tls_result, next_hop, 72, postern_str);
FIELD(postern_ev_tls_result, host, 88, postern_str);
FIELD(postern_ev_tls_result, address, 104, postern_str);
FIELD(postern_ev_tls_result, source, 120, postern_str);
FIELD(postern_ev_tls_result, policy_type, 136, postern_str);
FIELD(postern_ev_tls_result, policy_domain, 152, postern_str);
FIELD(postern_ev_tls_result, policy_strings, 168, postern_list);
FIELD(postern_ev_tls_result, policy_hosts, 184, postern_list);
FIELD(postern_ev_tls_result, text, 200, postern_str);
FIELD(postern_ev_tls_result, port, 216, uint32_t);
FIELD(postern_ev_tls_result, result, 220, uint32_t);
FIELD(postern_ev_tls_result, tls, 224, uint32_t);
FIELD(postern_ev_tls_result, flags, 228, uint32_t);

VALUE(POSTERN_HOOK_DELIVERY_SOURCE, 41u);
VALUE(POSTERN_HOOK_DELIVERY_CONNECT, 42u);

RECORD(postern_ev_delivery_source, 160);
FIELD(postern_ev_delivery_source, ev, 0, postern_event);
FIELD(postern_ev_delivery_source, message, 56, postern_str);
FIELD(postern_ev_delivery_source, sender, 72, postern_str);
FIELD(postern_ev_delivery_source, next_hop, 88, postern_str);
FIELD(postern_ev_delivery_source, recipients, 104, postern_list);
FIELD(postern_ev_delivery_source, params, 120, postern_list);
FIELD(postern_ev_delivery_source, pool, 136, postern_str);
FIELD(postern_ev_delivery_source, attempt, 152, uint32_t);
FIELD(postern_ev_delivery_source, reserved, 156, uint32_t);

RECORD(postern_delivery_source_reply, 88);
FIELD(postern_delivery_source_reply, base, 0, postern_reply);
FIELD(postern_delivery_source_reply, pool, 72, postern_str);

RECORD(postern_ev_delivery_connect, 160);
FIELD(postern_ev_delivery_connect, ev, 0, postern_event);
FIELD(postern_ev_delivery_connect, message, 56, postern_str);
FIELD(postern_ev_delivery_connect, next_hop, 72, postern_str);
FIELD(postern_ev_delivery_connect, host, 88, postern_str);
FIELD(postern_ev_delivery_connect, address, 104, postern_str);
FIELD(postern_ev_delivery_connect, source, 120, postern_str);
FIELD(postern_ev_delivery_connect, pool, 136, postern_str);
FIELD(postern_ev_delivery_connect, port, 152, uint32_t);
FIELD(postern_ev_delivery_connect, flags, 156, uint32_t);

RECORD(postern_delivery_connect_reply, 88);
FIELD(postern_delivery_connect_reply, base, 0, postern_reply);
FIELD(postern_delivery_connect_reply, next_host, 72, uint32_t);
FIELD(postern_delivery_connect_reply, has_socket, 76, uint32_t);
FIELD(postern_delivery_connect_reply, socket, 80, int32_t);
FIELD(postern_delivery_connect_reply, reserved, 84, uint32_t);

} // namespace
