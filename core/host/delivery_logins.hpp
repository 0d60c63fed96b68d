#pragma once
// The logins of deliveries with their secrets, which are read when a generation is made: the configuration names files.
// SECURITY: secrets are in no message and no log.

#include "core/host/config.hpp"

namespace postern::daemon {

/// Reads the files and puts the logins where deliveries look; what is wrong with one is said at its table.
void load_logins(const config& from, delivery::settings& to, problems& found);

} // namespace postern::daemon
