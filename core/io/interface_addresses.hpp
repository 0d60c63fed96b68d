#pragma once
// The addresses of this machine's interfaces, as they are now. It knows no configuration and no listener.

#include "core/base/ip_address.hpp"

#include <vector>

namespace postern::io {

/// IPv4 and IPv6 addresses of all interfaces that are configured, loopback included, each once. Empty if the system does not
/// tell: what is decided by them must be right without them too.
[[nodiscard]] std::vector<base::ip_address> interface_addresses();

} // namespace postern::io
