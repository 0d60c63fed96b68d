// The contract as released: logins, and the end of a message for each recipient. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/auth.h>

namespace {

// <postern/abi/auth.h>

VALUE(POSTERN_HOOK_AUTH_MECHANISMS, 32u);
VALUE(POSTERN_HOOK_AUTH_STEP, 33u);
VALUE(POSTERN_HOOK_AUTH_VERIFY, 34u);
VALUE(POSTERN_HOOK_AUTH_RESULT, 35u);
VALUE(POSTERN_AUTH_PASSWORD, 1u);
VALUE(POSTERN_AUTH_SECRET, 2u);
VALUE(POSTERN_AUTH_SECRET_SHA_1, 64u);
VALUE(POSTERN_AUTH_PLAIN_TEXT, 4u);
VALUE(POSTERN_AUTH_TOKEN, 8u);
VALUE(POSTERN_AUTH_CERTIFICATE, 16u);
VALUE(POSTERN_AUTH_ANONYMOUS, 32u);
VALUE(POSTERN_SCRAM_SHA_1, 0u);
VALUE(POSTERN_SCRAM_SHA_256, 1u);
VALUE(POSTERN_AUTH_1, "postern.auth/1");
VALUE(POSTERN_AUTH_DONE, 0u);
VALUE(POSTERN_AUTH_CHALLENGE, 1u);

RECORD(postern_mechanism, 24);
FIELD(postern_mechanism, size, 0, uint32_t);
FIELD(postern_mechanism, flags, 4, uint32_t);
FIELD(postern_mechanism, name, 8, postern_str);

FROZEN(postern_auth_1, 16);
FIELD(postern_auth_1, mechanism, 0, postern_status (*)(postern_host*, const postern_mechanism*));
FIELD(postern_auth_1, verifies, 8, postern_status (*)(postern_host*, uint32_t));

RECORD(postern_ev_auth_mechanisms, 88);
FIELD(postern_ev_auth_mechanisms, ev, 0, postern_event);
FIELD(postern_ev_auth_mechanisms, peer, 56, postern_list);
FIELD(postern_ev_auth_mechanisms, names, 72, postern_list);

RECORD(postern_mechanisms_reply, 88);
FIELD(postern_mechanisms_reply, base, 0, postern_reply);
FIELD(postern_mechanisms_reply, names, 72, postern_list);

RECORD(postern_ev_auth_step, 144);
FIELD(postern_ev_auth_step, ev, 0, postern_event);
FIELD(postern_ev_auth_step, peer, 56, postern_list);
FIELD(postern_ev_auth_step, mechanism, 72, postern_str);
FIELD(postern_ev_auth_step, response, 88, postern_str);
FIELD(postern_ev_auth_step, binding, 104, postern_str);
FIELD(postern_ev_auth_step, certificate, 120, postern_str);
FIELD(postern_ev_auth_step, step, 136, uint32_t);
FIELD(postern_ev_auth_step, has_response, 140, uint32_t);

RECORD(postern_ev_auth_verify, 144);
FIELD(postern_ev_auth_verify, ev, 0, postern_event);
FIELD(postern_ev_auth_verify, peer, 56, postern_list);
FIELD(postern_ev_auth_verify, mechanism, 72, postern_str);
FIELD(postern_ev_auth_verify, user, 88, postern_str);
FIELD(postern_ev_auth_verify, act_for, 104, postern_str);
FIELD(postern_ev_auth_verify, proof, 120, postern_str);
FIELD(postern_ev_auth_verify, kind, 136, uint32_t);
FIELD(postern_ev_auth_verify, hash, 140, uint32_t);

RECORD(postern_auth_reply, 176);
FIELD(postern_auth_reply, base, 0, postern_reply);
FIELD(postern_auth_reply, identity, 72, postern_str);
FIELD(postern_auth_reply, challenge, 88, postern_str);
FIELD(postern_auth_reply, salt, 104, postern_str);
FIELD(postern_auth_reply, stored_key, 120, postern_str);
FIELD(postern_auth_reply, server_key, 136, postern_str);
FIELD(postern_auth_reply, password, 152, postern_str);
FIELD(postern_auth_reply, iterations, 168, uint32_t);
FIELD(postern_auth_reply, then, 172, uint32_t);

RECORD(postern_ev_auth_result, 144);
FIELD(postern_ev_auth_result, ev, 0, postern_event);
FIELD(postern_ev_auth_result, peer, 56, postern_list);
FIELD(postern_ev_auth_result, mechanism, 72, postern_str);
FIELD(postern_ev_auth_result, user, 88, postern_str);
FIELD(postern_ev_auth_result, identity, 104, postern_str);
FIELD(postern_ev_auth_result, reason, 120, postern_str);
FIELD(postern_ev_auth_result, success, 136, uint32_t);
FIELD(postern_ev_auth_result, failures, 140, uint32_t);

// <postern/abi/hooks.h>: at LMTP listeners

VALUE(POSTERN_HOOK_END_RCPT, 36u);

RECORD(postern_ev_end_rcpt, 144);
FIELD(postern_ev_end_rcpt, ev, 0, postern_event);
FIELD(postern_ev_end_rcpt, peer, 56, postern_list);
FIELD(postern_ev_end_rcpt, sender, 72, postern_str);
FIELD(postern_ev_end_rcpt, recipient, 88, postern_str);
FIELD(postern_ev_end_rcpt, params, 104, postern_list);
FIELD(postern_ev_end_rcpt, blob, 120, uint64_t);
FIELD(postern_ev_end_rcpt, size_octets, 128, uint64_t);
FIELD(postern_ev_end_rcpt, index, 136, uint32_t);
FIELD(postern_ev_end_rcpt, reserved, 140, uint32_t);

} // namespace
