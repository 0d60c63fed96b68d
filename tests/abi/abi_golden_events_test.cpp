// The contract as released, a line a thing: what every plugin in the field was compiled against. This half: events and answers.
// APPEND ONLY. A record may grow at its end (its size here stays what it was first released with), a table of functions and a
// value never change; whoever has to change a line here breaks every plugin, and needs another id instead.

#include "abi_golden.hpp"

#include <postern/abi/delivery.h>
#include <postern/abi/hooks.h>
#include <postern/abi/queue.h>

namespace {

// <postern/abi/hooks.h>

VALUE(POSTERN_HOOK_CONN_OPEN, 1u);
VALUE(POSTERN_HOOK_TLS_ESTABLISHED, 2u);
VALUE(POSTERN_HOOK_HELO, 3u);
VALUE(POSTERN_HOOK_MAIL, 4u);
VALUE(POSTERN_HOOK_RCPT, 5u);
VALUE(POSTERN_HOOK_DATA, 6u);
VALUE(POSTERN_HOOK_HEADERS, 7u);
VALUE(POSTERN_HOOK_BODY, 8u);
VALUE(POSTERN_HOOK_END, 9u);
VALUE(POSTERN_HOOK_COMMIT_BEFORE, 10u);
VALUE(POSTERN_HOOK_COMMITTED, 11u);
VALUE(POSTERN_HOOK_ABORTED, 12u);
VALUE(POSTERN_HOOK_CONN_CLOSE, 13u);
VALUE(POSTERN_HOOK_ROUTE, 14u);
VALUE(POSTERN_HOOK_DELIVERY_DONE, 15u);
VALUE(POSTERN_HOOK_WAKE, 64u);
VALUE(POSTERN_HOOK_SESSION_END, 65u);
VALUE(POSTERN_SUBSCRIBE_OBSERVE, 1u);
VALUE(POSTERN_PEER_EXTENDED, 1u);
VALUE(POSTERN_PEER_TLS, 2u);
VALUE(POSTERN_DELIVERED, 0u);
VALUE(POSTERN_DEFERRED, 1u);
VALUE(POSTERN_FAILED, 2u);
VALUE(POSTERN_WAKE_CANCELLED, 1u);

RECORD(postern_peer, 96);
FIELD(postern_peer, size, 0, uint32_t);
FIELD(postern_peer, peer_port, 4, uint32_t);
FIELD(postern_peer, local_port, 8, uint32_t);
FIELD(postern_peer, flags, 12, uint32_t);
FIELD(postern_peer, peer_address, 16, postern_str);
FIELD(postern_peer, local_address, 32, postern_str);
FIELD(postern_peer, listener, 48, postern_str);
FIELD(postern_peer, helo, 64, postern_str);
FIELD(postern_peer, identity, 80, postern_str);

RECORD(postern_param, 40);
FIELD(postern_param, keyword, 0, postern_str);
FIELD(postern_param, value, 16, postern_str);
FIELD(postern_param, has_value, 32, uint32_t);
FIELD(postern_param, reserved, 36, uint32_t);

RECORD(postern_header, 32);
FIELD(postern_header, name, 0, postern_str);
FIELD(postern_header, value, 16, postern_str);

RECORD(postern_ev_conn_open, 72);
FIELD(postern_ev_conn_open, ev, 0, postern_event);
FIELD(postern_ev_conn_open, peer, 56, postern_list);

RECORD(postern_ev_tls, 152);
FIELD(postern_ev_tls, ev, 0, postern_event);
FIELD(postern_ev_tls, peer, 56, postern_list);
FIELD(postern_ev_tls, version, 72, postern_str);
FIELD(postern_ev_tls, cipher, 88, postern_str);
FIELD(postern_ev_tls, group, 104, postern_str);
FIELD(postern_ev_tls, server_name, 120, postern_str);
FIELD(postern_ev_tls, peer_subject, 136, postern_str);

RECORD(postern_ev_helo, 72);
FIELD(postern_ev_helo, ev, 0, postern_event);
FIELD(postern_ev_helo, peer, 56, postern_list);

RECORD(postern_ev_mail, 112);
FIELD(postern_ev_mail, ev, 0, postern_event);
FIELD(postern_ev_mail, peer, 56, postern_list);
FIELD(postern_ev_mail, sender, 72, postern_str);
FIELD(postern_ev_mail, params, 88, postern_list);
FIELD(postern_ev_mail, size_octets, 104, uint64_t);

RECORD(postern_ev_rcpt, 128);
FIELD(postern_ev_rcpt, ev, 0, postern_event);
FIELD(postern_ev_rcpt, peer, 56, postern_list);
FIELD(postern_ev_rcpt, sender, 72, postern_str);
FIELD(postern_ev_rcpt, recipient, 88, postern_str);
FIELD(postern_ev_rcpt, params, 104, postern_list);
FIELD(postern_ev_rcpt, index, 120, uint32_t);
FIELD(postern_ev_rcpt, reserved, 124, uint32_t);

RECORD(postern_ev_data, 112);
FIELD(postern_ev_data, ev, 0, postern_event);
FIELD(postern_ev_data, peer, 56, postern_list);
FIELD(postern_ev_data, sender, 72, postern_str);
FIELD(postern_ev_data, recipients, 88, postern_list);
FIELD(postern_ev_data, is_bdat, 104, uint32_t);
FIELD(postern_ev_data, reserved, 108, uint32_t);

RECORD(postern_ev_headers, 120);
FIELD(postern_ev_headers, ev, 0, postern_event);
FIELD(postern_ev_headers, peer, 56, postern_list);
FIELD(postern_ev_headers, sender, 72, postern_str);
FIELD(postern_ev_headers, recipients, 88, postern_list);
FIELD(postern_ev_headers, headers, 104, postern_list);

RECORD(postern_ev_body, 104);
FIELD(postern_ev_body, ev, 0, postern_event);
FIELD(postern_ev_body, peer, 56, postern_list);
FIELD(postern_ev_body, chunk, 72, postern_str);
FIELD(postern_ev_body, offset, 88, uint64_t);
FIELD(postern_ev_body, is_last, 96, uint32_t);
FIELD(postern_ev_body, reserved, 100, uint32_t);

RECORD(postern_ev_end, 136);
FIELD(postern_ev_end, ev, 0, postern_event);
FIELD(postern_ev_end, peer, 56, postern_list);
FIELD(postern_ev_end, sender, 72, postern_str);
FIELD(postern_ev_end, recipients, 88, postern_list);
FIELD(postern_ev_end, headers, 104, postern_list);
FIELD(postern_ev_end, blob, 120, uint64_t);
FIELD(postern_ev_end, size_octets, 128, uint64_t);
FIELD(postern_ev_end, score, 136, int32_t);
FIELD(postern_ev_end, reserved, 140, uint32_t);

RECORD(postern_ev_txn, 104);
FIELD(postern_ev_txn, ev, 0, postern_event);
FIELD(postern_ev_txn, peer, 56, postern_list);
FIELD(postern_ev_txn, message, 72, postern_str);
FIELD(postern_ev_txn, reason, 88, postern_str);

RECORD(postern_ev_conn_close, 96);
FIELD(postern_ev_conn_close, ev, 0, postern_event);
FIELD(postern_ev_conn_close, peer, 56, postern_list);
FIELD(postern_ev_conn_close, reason, 72, postern_str);
FIELD(postern_ev_conn_close, messages, 88, uint64_t);

RECORD(postern_ev_route, 128);
FIELD(postern_ev_route, ev, 0, postern_event);
FIELD(postern_ev_route, message, 56, postern_str);
FIELD(postern_ev_route, sender, 72, postern_str);
FIELD(postern_ev_route, recipient, 88, postern_str);
FIELD(postern_ev_route, params, 104, postern_list);
FIELD(postern_ev_route, attempt, 120, uint32_t);
FIELD(postern_ev_route, reserved, 124, uint32_t);

RECORD(postern_ev_delivery_done, 168);
FIELD(postern_ev_delivery_done, ev, 0, postern_event);
FIELD(postern_ev_delivery_done, message, 56, postern_str);
FIELD(postern_ev_delivery_done, sender, 72, postern_str);
FIELD(postern_ev_delivery_done, recipient, 88, postern_str);
FIELD(postern_ev_delivery_done, result, 104, uint32_t);
FIELD(postern_ev_delivery_done, smtp_code, 108, uint32_t);
FIELD(postern_ev_delivery_done, enhanced, 112, postern_str);
FIELD(postern_ev_delivery_done, text, 128, postern_str);
FIELD(postern_ev_delivery_done, next_hop, 144, postern_str);
FIELD(postern_ev_delivery_done, attempts, 160, uint32_t);
FIELD(postern_ev_delivery_done, reserved, 164, uint32_t);

RECORD(postern_ev_wake, 64);
FIELD(postern_ev_wake, ev, 0, postern_event);
FIELD(postern_ev_wake, token, 56, uint64_t);

VALUE(POSTERN_HOOK_RSET, 20u);
VALUE(POSTERN_HOOK_NOOP, 21u);
VALUE(POSTERN_HOOK_HELP, 22u);
VALUE(POSTERN_HOOK_VRFY, 23u);
VALUE(POSTERN_HOOK_EXPN, 24u);
VALUE(POSTERN_HOOK_UNKNOWN, 25u);
VALUE(POSTERN_HOOK_QUIT, 26u);
VALUE(POSTERN_THEN_NOTHING, 0u);
VALUE(POSTERN_THEN_OCTETS, 1u);
VALUE(POSTERN_THEN_LINE, 2u);
VALUE(POSTERN_THEN_TEXT, 3u);
VALUE(POSTERN_THEN_RESTART, 4u);

RECORD(postern_ev_command, 104);
FIELD(postern_ev_command, ev, 0, postern_event);
FIELD(postern_ev_command, peer, 56, postern_list);
FIELD(postern_ev_command, name, 72, postern_str);
FIELD(postern_ev_command, argument, 88, postern_str);

RECORD(postern_command_reply, 104);
FIELD(postern_command_reply, base, 0, postern_reply);
FIELD(postern_command_reply, lines, 72, postern_list);
FIELD(postern_command_reply, octets, 88, uint64_t);
FIELD(postern_command_reply, then, 96, uint32_t);
FIELD(postern_command_reply, reserved, 100, uint32_t);

// <postern/abi/delivery.h>

VALUE(POSTERN_DELIVERY_1, "postern.delivery/1");
VALUE(POSTERN_HOOK_DELIVER, 512u);

RECORD(postern_ev_deliver, 120);
FIELD(postern_ev_deliver, ev, 0, postern_event);
FIELD(postern_ev_deliver, message, 56, postern_str);
FIELD(postern_ev_deliver, sender, 72, postern_str);
FIELD(postern_ev_deliver, recipients, 88, postern_list);
FIELD(postern_ev_deliver, blob, 104, uint64_t);
FIELD(postern_ev_deliver, size_octets, 112, uint64_t);

RECORD(postern_delivery_result, 40);
FIELD(postern_delivery_result, verdict, 0, uint32_t);
FIELD(postern_delivery_result, smtp_code, 4, uint32_t);
FIELD(postern_delivery_result, enhanced, 8, postern_str);
FIELD(postern_delivery_result, text, 24, postern_str);

RECORD(postern_deliver_reply, 88);
FIELD(postern_deliver_reply, base, 0, postern_reply);
FIELD(postern_deliver_reply, results, 72, postern_list);

// <postern/abi/queue.h>

VALUE(POSTERN_QUEUE_1, "postern.queue/1");
VALUE(POSTERN_HOOK_QUEUE_SCAN, 256u);
VALUE(POSTERN_HOOK_QUEUE_APPEND, 257u);
VALUE(POSTERN_HOOK_QUEUE_COMMIT, 258u);
VALUE(POSTERN_HOOK_QUEUE_ABANDON, 259u);
VALUE(POSTERN_HOOK_QUEUE_UPDATE, 260u);
VALUE(POSTERN_HOOK_QUEUE_REMOVE, 261u);
VALUE(POSTERN_HOOK_QUEUE_FETCH, 262u);
VALUE(POSTERN_HOOK_QUEUE_READ, 263u);
VALUE(POSTERN_HOOK_QUEUE_PEEK, 264u);
VALUE(POSTERN_QUEUE_OK, 0u);
VALUE(POSTERN_QUEUE_FULL, 1u);
VALUE(POSTERN_QUEUE_MISSING, 2u);
VALUE(POSTERN_QUEUE_CORRUPT, 3u);
VALUE(POSTERN_QUEUE_FAILED, 4u);

RECORD(postern_ev_queue, 144);
FIELD(postern_ev_queue, ev, 0, postern_event);
FIELD(postern_ev_queue, id, 56, uint64_t);
FIELD(postern_ev_queue, offset, 64, uint64_t);
FIELD(postern_ev_queue, length, 72, uint64_t);
FIELD(postern_ev_queue, envelope, 80, postern_str);
FIELD(postern_ev_queue, state, 96, postern_str);
FIELD(postern_ev_queue, data, 112, postern_str);
FIELD(postern_ev_queue, tail, 128, postern_str);

RECORD(postern_queue_message, 48);
FIELD(postern_queue_message, id, 0, uint64_t);
FIELD(postern_queue_message, content_size, 8, uint64_t);
FIELD(postern_queue_message, envelope, 16, postern_str);
FIELD(postern_queue_message, state, 32, postern_str);

RECORD(postern_queue_reply, 120);
FIELD(postern_queue_reply, base, 0, postern_reply);
FIELD(postern_queue_reply, result, 72, uint32_t);
FIELD(postern_queue_reply, reserved, 76, uint32_t);
FIELD(postern_queue_reply, next, 80, uint64_t);
FIELD(postern_queue_reply, messages, 88, postern_list);
FIELD(postern_queue_reply, data, 104, postern_str);

} // namespace
