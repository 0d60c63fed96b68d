#pragma once
// What contexts are made of that needs no context. Private to io.
// STANDARDS: RFC 8446 4.6.1, 8996.

#include "core/io/tls.hpp"

#include <ctime>

namespace postern::io {

[[nodiscard]] bool apply_common_rules(ssl_ctx_st* context, tls_version lowest);

/// From now on a session's time counts from `now` (seconds), and is what was left of it: whoever is given a ticket for it gains
/// none. False: nothing was left.
[[nodiscard]] bool count_time_from(ssl_session_st* session, std::time_t now) noexcept;

} // namespace postern::io
