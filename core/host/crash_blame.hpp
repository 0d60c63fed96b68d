#pragma once
// Who is to blame when the process dies of a fatal signal (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) or of an exit() in a plugin:
// one in this process can take it down, and then its operator is told which. The handler writes one line, to standard error and
// to a file that was opened before, and lets the signal end the process as it would have; the next start logs the line
// (`crash.blame`). What was acknowledged is on the disk by then: that is the store's promise, not this one's.
//
// The handler does what async-signal-safe functions do, on a stack of its own. It must not allocate, lock or format.
// SECURITY: the file is the server's own; what is read back is bounded, and escaped by the log as everything is.

#include "core/base/log.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace postern::daemon {

/// "crash.blame", under data_dir; the last ones are crash.blame.1 to .3.
inline constexpr std::string_view blame_file = "crash.blame";

/// Logs what an earlier life left in the file and puts that aside, then blames crashes of this process there. Once a process; a
/// file that cannot be written is a warning, and only standard error hears of a crash then. [control]
void blame_crashes(const std::filesystem::path& file, base::log log);

/// One line of the file as an event of the log. Words that are missing are left out; false: it is no such line.
bool tell_blame(std::string_view line, base::log log);

} // namespace postern::daemon
