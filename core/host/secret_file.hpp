#pragma once
// A password or token in a file of its own, which the configuration names so that it need not hold it.
// SECURITY: a file that others can read or replace is not read, nor one that is neither ours nor root's.

#include "core/base/secret.hpp"

#include <filesystem>
#include <optional>
#include <string>

struct stat;

namespace postern::daemon {

inline constexpr std::size_t most_secret_octets = 16384; ///< more is none

/// Who else can read a file, or put another in its place. A group that root gave a file of its own is meant to.
[[nodiscard]] bool is_for_others(const struct stat& facts) noexcept;

/// The first line of `file`, without its end. Nothing, with `why`, a line that says what to do.
[[nodiscard]] std::optional<base::secret_text> read_secret_file(const std::filesystem::path& file, std::string& why);

} // namespace postern::daemon
