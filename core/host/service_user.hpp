#pragma once
// Who the service is: commands that load plugins without serving do it as the same user, so that no file is root's afterwards.

#include "core/host/config.hpp"
#include "core/host/process.hpp"

#include <optional>

namespace postern::daemon {

/// Makes data_dir and, if this process is root, becomes the configured user for ever. Read before what root alone may read.
/// False with a problem found: no such user, or no such folder can be made.
[[nodiscard]] bool act_as_service(const config& settings, problems& found);

} // namespace postern::daemon
