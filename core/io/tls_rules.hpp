#pragma once
// What contexts of both sides share. Private to io.

#include "core/io/tls.hpp"

namespace postern::io {

[[nodiscard]] bool apply_common_rules(ssl_ctx_st* context, tls_version lowest);

} // namespace postern::io
