// The contract as released: what operators tell instances. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/admin.h>

namespace {

VALUE(POSTERN_HOOK_ADMIN, 74u);

RECORD(postern_ev_admin, 96);
FIELD(postern_ev_admin, ev, 0, postern_event);
FIELD(postern_ev_admin, words, 56, postern_list);
FIELD(postern_ev_admin, input, 72, postern_str);
FIELD(postern_ev_admin, has_input, 88, uint32_t);
FIELD(postern_ev_admin, reserved, 92, uint32_t);

RECORD(postern_admin_reply, 88);
FIELD(postern_admin_reply, base, 0, postern_reply);
FIELD(postern_admin_reply, output, 72, postern_str);

} // namespace
