// The contract as released: extensions of SMTP. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/ehlo.h>

namespace {

// <postern/abi/ehlo.h>

VALUE(POSTERN_HOOK_CAPS, 16u);
VALUE(POSTERN_HOOK_VERB, 17u);
VALUE(POSTERN_HOOK_VERB_DATA, 18u);
VALUE(POSTERN_HOOK_PARAM, 19u);
VALUE(POSTERN_KEYWORD_IN_TLS, 1u);
VALUE(POSTERN_KEYWORD_LOGGED_IN, 2u);
VALUE(POSTERN_VERB_BEFORE_EHLO, 1u);
VALUE(POSTERN_VERB_IN_MAIL, 2u);
VALUE(POSTERN_RELAY_NEVER, 0u);
VALUE(POSTERN_RELAY_OPTIONAL, 1u);
VALUE(POSTERN_RELAY_REQUIRED, 2u);
VALUE(POSTERN_PARAM_MAIL, 1u);
VALUE(POSTERN_PARAM_RCPT, 2u);
VALUE(POSTERN_PARAM_VALUE, 4u);
VALUE(POSTERN_PARAM_NO_VALUE, 8u);
VALUE(POSTERN_EHLO_1, "postern.ehlo/1");

RECORD(postern_keyword, 40);
FIELD(postern_keyword, size, 0, uint32_t);
FIELD(postern_keyword, flags, 4, uint32_t);
FIELD(postern_keyword, keyword, 8, postern_str);
FIELD(postern_keyword, parameters, 24, postern_str);

RECORD(postern_verb, 56);
FIELD(postern_verb, size, 0, uint32_t);
FIELD(postern_verb, flags, 4, uint32_t);
FIELD(postern_verb, name, 8, postern_str);
FIELD(postern_verb, keyword, 24, postern_str);
FIELD(postern_verb, counted_by, 40, uint32_t);
FIELD(postern_verb, reserved, 44, uint32_t);
FIELD(postern_verb, most_octets, 48, uint64_t);

RECORD(postern_param_kind, 64);
FIELD(postern_param_kind, size, 0, uint32_t);
FIELD(postern_param_kind, flags, 4, uint32_t);
FIELD(postern_param_kind, name, 8, postern_str);
FIELD(postern_param_kind, keyword, 24, postern_str);
FIELD(postern_param_kind, relay, 40, uint32_t);
FIELD(postern_param_kind, reserved, 44, uint32_t);
FIELD(postern_param_kind, lacking, 48, postern_str);

FROZEN(postern_ehlo_1, 24);
FIELD(postern_ehlo_1, keyword, 0, postern_status (*)(postern_host*, const postern_keyword*));
FIELD(postern_ehlo_1, verb, 8, postern_status (*)(postern_host*, const postern_verb*));
FIELD(postern_ehlo_1, param, 16, postern_status (*)(postern_host*, const postern_param_kind*));

RECORD(postern_ev_caps, 72);
FIELD(postern_ev_caps, ev, 0, postern_event);
FIELD(postern_ev_caps, peer, 56, postern_list);

RECORD(postern_caps_reply, 88);
FIELD(postern_caps_reply, base, 0, postern_reply);
FIELD(postern_caps_reply, lines, 72, postern_list);

RECORD(postern_ev_verb, 128);
FIELD(postern_ev_verb, ev, 0, postern_event);
FIELD(postern_ev_verb, peer, 56, postern_list);
FIELD(postern_ev_verb, name, 72, postern_str);
FIELD(postern_ev_verb, argument, 88, postern_str);
FIELD(postern_ev_verb, sender, 104, postern_str);
FIELD(postern_ev_verb, in_mail, 120, uint32_t);
FIELD(postern_ev_verb, reserved, 124, uint32_t);

RECORD(postern_ev_verb_data, 120);
FIELD(postern_ev_verb_data, ev, 0, postern_event);
FIELD(postern_ev_verb_data, peer, 56, postern_list);
FIELD(postern_ev_verb_data, name, 72, postern_str);
FIELD(postern_ev_verb_data, chunk, 88, postern_str);
FIELD(postern_ev_verb_data, offset, 104, uint64_t);
FIELD(postern_ev_verb_data, is_last, 112, uint32_t);
FIELD(postern_ev_verb_data, reserved, 116, uint32_t);

RECORD(postern_ev_param, 144);
FIELD(postern_ev_param, ev, 0, postern_event);
FIELD(postern_ev_param, peer, 56, postern_list);
FIELD(postern_ev_param, name, 72, postern_str);
FIELD(postern_ev_param, value, 88, postern_str);
FIELD(postern_ev_param, sender, 104, postern_str);
FIELD(postern_ev_param, recipient, 120, postern_str);
FIELD(postern_ev_param, has_value, 136, uint32_t);
FIELD(postern_ev_param, is_rcpt, 140, uint32_t);

RECORD(postern_param_reply, 96);
FIELD(postern_param_reply, base, 0, postern_reply);
FIELD(postern_param_reply, value, 72, postern_str);
FIELD(postern_param_reply, relay, 88, uint32_t);
FIELD(postern_param_reply, set_relay, 92, uint32_t);

} // namespace
