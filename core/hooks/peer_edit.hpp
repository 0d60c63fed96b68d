#pragma once
// What a plugin that is trusted with it may say about the client: that it is somebody else, behind a proxy that speaks for it.
// SECURITY: only with the grant `client`; what depends on these facts (relaying, limits of later sessions) then trusts the
// plugin.

#include "core/hooks/draft.hpp"

#include <string_view>

namespace postern::hooks {

/// Whether there is such a fact and `value` is as it is written: "address" and "local_address" an IP address, "port" and
/// "local_port" a number, "helo" and "identity" printable ASCII of 255 octets at most, which may be empty.
[[nodiscard]] bool is_peer_fact(std::string_view name, std::string_view value) noexcept;

/// Sets it; it is one.
void apply_peer_fact(std::string_view name, std::string_view value, connection_facts& facts);

} // namespace postern::hooks
