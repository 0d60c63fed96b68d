#pragma once
// The addresses of a From field. Pure. It reads as strictly as a server may that knows its users: what two readers might take for
// different addresses is none.
// STANDARDS: RFC 5322 3.2, 3.4, 3.6.2. SECURITY: the value is a client's; work and memory are linear in it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sender_owner {

/// "local@domain" each, those of groups too. Nothing: the value is no list of mailboxes, or an empty one.
[[nodiscard]] std::optional<std::vector<std::string>> addresses_in(std::string_view value);

} // namespace sender_owner
