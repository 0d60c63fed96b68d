#pragma once
// The secret that salts of unknown users are made of, kept from one start to the next: whoever asks for a name before and after
// a restart gets the same salt, whether somebody has that name or not.
// SECURITY: whoever reads it can tell unknown names from known ones, and no more; the file is its owner's alone.

#include "core/base/result.hpp"

#include <filesystem>
#include <string>

namespace postern::daemon {

inline constexpr const char* login_key_file = "login.key"; ///< under data_dir

/// The key in `file`, which is made if there is none: whole or not at all, also where several processes do so at a time. An
/// error of the system: it cannot be read or made; bad_message: what is there is none.
[[nodiscard]] base::result<std::string> keep_login_key(const std::filesystem::path& file);

} // namespace postern::daemon
