#pragma once
// The file operations of Linux: a folder held open by descriptor, so that nobody can move it away underneath.
// SECURITY: folder 0700, files 0600, O_NOFOLLOW | O_CLOEXEC; a folder that others may write is refused.

#include "file_system.hpp"

namespace postern_queue_journal {

/// Opens `path`, making it and the folders above it where missing. Nothing, and why in `error`, if that fails.
[[nodiscard]] std::unique_ptr<file_system> open_folder(const std::string& path, std::string& error);

} // namespace postern_queue_journal
