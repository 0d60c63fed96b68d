// The contract as released: the life of a configuration. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/lifecycle.h>

namespace {

// <postern/abi/lifecycle.h>

VALUE(POSTERN_HOOK_CONFIG_PREPARE, 66u);
VALUE(POSTERN_HOOK_CONFIG_COMMIT, 67u);
VALUE(POSTERN_HOOK_CONFIG_ABORT, 68u);
VALUE(POSTERN_PREPARE_CHECK, 1u);

RECORD(postern_ev_config, 80);
FIELD(postern_ev_config, ev, 0, postern_event);
FIELD(postern_ev_config, generation, 56, uint32_t);
FIELD(postern_ev_config, replaces, 60, uint32_t);
FIELD(postern_ev_config, before, 64, postern_list);

RECORD(postern_prepare_reply, 88);
FIELD(postern_prepare_reply, base, 0, postern_reply);
FIELD(postern_prepare_reply, key, 72, postern_str);

} // namespace
