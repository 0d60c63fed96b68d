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

} // namespace
