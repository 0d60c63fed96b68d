#pragma once
// Whether mail that a configuration lets in can leave again, and not into our own listeners. What it cannot see: where a host
// name leads (runtime/ compares addresses once they are resolved) and what plugins will answer.

#include "core/base/ip_address.hpp"
#include "core/host/config.hpp"
#include "core/host/problem.hpp"

#include <span>
#include <string>
#include <vector>

namespace postern::daemon {

/// Where a listener listens, or will.
struct listening_place {
    std::string name;    ///< of the listener
    std::string address; ///< as runtime::listener_address has it; port 0 (any) matches nothing
};

[[nodiscard]] std::vector<listening_place> listening_places(const config& from);

/// Complains about a relay that is one of our own listeners: every message would come back until it is given up, and so would
/// the report of that. `machine`: the addresses of the interfaces. Names are known if they mean this machine by themselves:
/// localhost, and `hostname` for a listener that others than this machine reach.
void refuse_relay_to_ourselves(const config& from, std::span<const listening_place> places,
                               std::span<const base::ip_address> machine, problems& found);

} // namespace postern::daemon
