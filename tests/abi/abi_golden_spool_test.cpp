// The contract as released: the queue. APPEND ONLY, as the other golden tables.

#include "abi_golden.hpp"

#include <postern/abi/spool.h>

namespace {

// <postern/abi/spool.h>

VALUE(POSTERN_SPOOL_SUBDOMAINS, 1u);
VALUE(POSTERN_SPOOL_1, "postern.spool/1");

FROZEN(postern_spool_1, 8);
FIELD(postern_spool_1, start, 0, postern_status (*)(postern_host*, postern_str, uint32_t));

} // namespace
