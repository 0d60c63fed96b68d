// The contract as released: mail of a plugin's own. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/submit.h>

namespace {

// <postern/abi/submit.h>

VALUE(POSTERN_HOOK_SUBMITTED, 75u);
VALUE(POSTERN_SUBMIT_NO_REPORTS, 1u);
VALUE(POSTERN_SUBMIT_UTF8, 2u);
VALUE(POSTERN_SUBMIT_1, "postern.submit/1");
VALUE(POSTERN_SUBMIT_OK, 0u);
VALUE(POSTERN_SUBMIT_FULL, 1u);
VALUE(POSTERN_SUBMIT_FAILED, 2u);
VALUE(POSTERN_SUBMIT_CANCELLED, 1u);

RECORD(postern_submit_param, 32);
FIELD(postern_submit_param, name, 0, postern_str);
FIELD(postern_submit_param, value, 16, postern_str);

RECORD(postern_submission, 88);
FIELD(postern_submission, size, 0, uint32_t);
FIELD(postern_submission, flags, 4, uint32_t);
FIELD(postern_submission, session, 8, uint64_t);
FIELD(postern_submission, token, 16, uint64_t);
FIELD(postern_submission, sender, 24, postern_str);
FIELD(postern_submission, recipients, 40, postern_list);
FIELD(postern_submission, params, 56, postern_list);
FIELD(postern_submission, content, 72, postern_str);

FROZEN(postern_submit_1, 8);
FIELD(postern_submit_1, submit, 0, postern_status (*)(postern_host*, const postern_submission*));

RECORD(postern_ev_submitted, 88);
FIELD(postern_ev_submitted, ev, 0, postern_event);
FIELD(postern_ev_submitted, token, 56, uint64_t);
FIELD(postern_ev_submitted, result, 64, uint32_t);
FIELD(postern_ev_submitted, reserved, 68, uint32_t);
FIELD(postern_ev_submitted, message, 72, postern_str);

} // namespace
