// The contract as released, a line a thing: what every plugin in the field was compiled against. This half: the plugin itself.
// APPEND ONLY. A record may grow at its end (its size here stays what it was first released with), a table of functions and a
// value never change; whoever has to change a line here breaks every plugin, and needs another id instead.

#include "abi_golden.hpp"

#include <postern/abi/blob.h>
#include <postern/abi/config.h>
#include <postern/abi/core.h>

namespace {

// <postern/abi/core.h>

VALUE(POSTERN_PASS, 0);
VALUE(POSTERN_TAKEN, 1);
VALUE(POSTERN_E_PLUGIN, -1);
VALUE(POSTERN_E_STALE, -2);
VALUE(POSTERN_E_INVALID, -3);
VALUE(POSTERN_E_DENIED, -4);
VALUE(POSTERN_E_AGAIN, -5);
VALUE(POSTERN_LOG_DEBUG, 0u);
VALUE(POSTERN_LOG_INFO, 1u);
VALUE(POSTERN_LOG_WARNING, 2u);
VALUE(POSTERN_LOG_ERROR, 3u);
VALUE(POSTERN_CONTINUE, 0u);
VALUE(POSTERN_ACCEPT, 1u);
VALUE(POSTERN_REJECT, 2u);
VALUE(POSTERN_TEMPFAIL, 3u);
VALUE(POSTERN_DISCONNECT, 4u);
VALUE(POSTERN_DISCARD, 5u);
VALUE(POSTERN_HOLD, 6u);
VALUE(POSTERN_SCORE, 7u);
VALUE(POSTERN_BROKEN, 255u);
VALUE(POSTERN_REPLY_VOUCH, 1u);
VALUE(POSTERN_EDIT_HEADER_ADD, 1u);
VALUE(POSTERN_EDIT_HEADER_INSERT, 2u);
VALUE(POSTERN_EDIT_HEADER_REPLACE, 3u);
VALUE(POSTERN_EDIT_HEADER_REMOVE, 4u);
VALUE(POSTERN_EDIT_SENDER_SET, 5u);
VALUE(POSTERN_EDIT_RCPT_ADD, 6u);
VALUE(POSTERN_EDIT_RCPT_REPLACE, 7u);
VALUE(POSTERN_EDIT_RCPT_REMOVE, 8u);
VALUE(POSTERN_EDIT_BODY_REPLACE, 9u);
VALUE(POSTERN_EDIT_ROUTE_SET, 10u);
VALUE(POSTERN_EDIT_PEER_SET, 11u);
VALUE(POSTERN_EDIT_PRIORITY_SET, 12u);
VALUE(POSTERN_EDIT_RELEASE_AT, 13u);
VALUE(POSTERN_EDIT_EXPIRE_AT, 14u);
VALUE(POSTERN_EDIT_WARN_AT, 15u);
VALUE(POSTERN_EDIT_ACCEPTED_SET, 20u);
VALUE(POSTERN_EDIT_REPORT_RELAY, 21u);
VALUE(POSTERN_CORE_1, "postern.core/1");
VALUE(POSTERN_PLUGIN_SERIAL, 1u);
VALUE(POSTERN_PLUGIN_BLOCKING, 2u);

FROZEN(postern_str, 16);
FIELD(postern_str, ptr, 0, const char*);
FIELD(postern_str, len, 8, size_t);

FROZEN(postern_list, 16);
FIELD(postern_list, at, 0, const void*);
FIELD(postern_list, count, 8, uint32_t);
FIELD(postern_list, stride, 12, uint32_t);

FROZEN(postern_event, 56);
FIELD(postern_event, size, 0, uint32_t);
FIELD(postern_event, hook, 4, uint32_t);
FIELD(postern_event, flags, 8, uint32_t);
FIELD(postern_event, reserved, 12, uint32_t);
FIELD(postern_event, ticket, 16, uint64_t);
FIELD(postern_event, session, 24, uint64_t);
FIELD(postern_event, transaction, 32, uint64_t);
FIELD(postern_event, cookie, 40, uint64_t);
FIELD(postern_event, deadline_ns, 48, int64_t);

RECORD(postern_edit, 40);
FIELD(postern_edit, op, 0, uint32_t);
FIELD(postern_edit, index, 4, uint32_t);
FIELD(postern_edit, name, 8, postern_str);
FIELD(postern_edit, value, 24, postern_str);

FROZEN(postern_reply, 72);
FIELD(postern_reply, size, 0, uint32_t);
FIELD(postern_reply, verdict, 4, uint32_t);
FIELD(postern_reply, smtp_code, 8, uint32_t);
FIELD(postern_reply, flags, 12, uint32_t);
FIELD(postern_reply, enhanced, 16, postern_str);
FIELD(postern_reply, text, 32, postern_str);
FIELD(postern_reply, edits, 48, postern_list);
FIELD(postern_reply, score, 64, int32_t);
FIELD(postern_reply, reserved, 68, uint32_t);

FROZEN(postern_core_1, 40);
FIELD(postern_core_1, subscribe, 0, postern_status (*)(postern_host*, uint32_t, uint32_t));
FIELD(postern_core_1, reply, 8, postern_status (*)(postern_host*, uint64_t, const postern_reply*));
FIELD(postern_core_1, set_cookie, 16, postern_status (*)(postern_host*, uint64_t, uint64_t));
FIELD(postern_core_1, wake, 24, postern_status (*)(postern_host*, uint64_t, uint64_t, uint64_t));
FIELD(postern_core_1, log, 32, void (*)(postern_host*, uint32_t, postern_str));

RECORD(postern_create_args, 40);
FIELD(postern_create_args, size, 0, uint32_t);
FIELD(postern_create_args, generation, 4, uint32_t);
FIELD(postern_create_args, contract, 8, postern_str);
FIELD(postern_create_args, name, 24, postern_str);

RECORD(postern_plugin, 72);
FIELD(postern_plugin, size, 0, uint32_t);
FIELD(postern_plugin, flags, 4, uint32_t);
FIELD(postern_plugin, id, 8, const char*);
FIELD(postern_plugin, version, 16, const char*);
FIELD(postern_plugin, built_with, 24, const char*);
FIELD(postern_plugin, provides, 32, const char* const*);
FIELD(postern_plugin, requires_, 40, const char* const*);
FIELD(postern_plugin, create, 48, postern_status (*)(postern_host*, postern_get_fn, const postern_create_args*, void**));
FIELD(postern_plugin, handle, 56, postern_status (*)(void*, const postern_event*));
FIELD(postern_plugin, destroy, 64, void (*)(void*));

// <postern/abi/config.h>

VALUE(POSTERN_OPTION_STRING, 1u);
VALUE(POSTERN_OPTION_INTEGER, 2u);
VALUE(POSTERN_OPTION_BOOLEAN, 3u);
VALUE(POSTERN_OPTION_DURATION, 4u);
VALUE(POSTERN_OPTION_FLOAT, 5u);
VALUE(POSTERN_CONFIG_1, "postern.config/1");

RECORD(postern_option, 64);
FIELD(postern_option, key, 0, postern_str);
FIELD(postern_option, name, 16, postern_str);
FIELD(postern_option, text, 32, postern_str);
FIELD(postern_option, number, 48, int64_t);
FIELD(postern_option, kind, 56, uint32_t);
FIELD(postern_option, index, 60, uint32_t);

FROZEN(postern_config_1, 16);
FIELD(postern_config_1, options, 0, postern_list (*)(postern_host*));
FIELD(postern_config_1, refuse, 8, void (*)(postern_host*, postern_str, postern_str));

// <postern/abi/blob.h>

VALUE(POSTERN_BLOB_1, "postern.blob/1");

FROZEN(postern_blob_1, 16);
FIELD(postern_blob_1, size, 0, int64_t (*)(postern_host*, uint64_t));
FIELD(postern_blob_1, read, 8, int64_t (*)(postern_host*, uint64_t, uint64_t, char*, size_t));

} // namespace
