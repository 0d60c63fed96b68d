#pragma once
// The running daemon: from a configuration file to a server that drains at SIGTERM and reloads at SIGHUP.

#include <filesystem>

namespace postern::daemon {

/// Runs in the foreground until it is told to stop. Exit code: 0 stopped in order, 1 could not start (the reasons are on standard
/// error) or was stopped at once by a second signal.
[[nodiscard]] int serve(const std::filesystem::path& config_file);

} // namespace postern::daemon
