#pragma once
// The secret that salts of unknown users are made of, kept from one start to the next: whoever asks for a name before and after
// a restart gets the same salt, whether somebody has that name or not.
// SECURITY: whoever reads it can tell unknown names from known ones, and no more; the file should be its owner's alone. A server
// that cannot have the file serves all the same: it hardens logins, and is no part of them.

#include "core/base/log.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace postern::daemon {

inline constexpr const char* login_key_file = "login.key"; ///< under data_dir

/// What a key is asked for.
enum class login_key_use : std::uint8_t {
    keep,  ///< it is made where there is none
    check, ///< nothing is written
};

struct login_key {
    std::string octets;
    std::string doubt = {}; ///< one line for the operator that says what to do; empty: all is well
};

/// The key in `file`, which is made if there is none: whole or not at all, also where several processes do so at a time. A link
/// is followed, for servers that share a key; no key is made at its end. An error of the system: it cannot be read or made;
/// bad_message: what is there is none; operation_not_permitted: it is neither ours nor root's.
[[nodiscard]] base::result<login_key> keep_login_key(const std::filesystem::path& file, login_key_use use = login_key_use::keep);

/// The key of a generation, which is asked for only where it is needed. Without a folder, or where the one in it is of no use, it
/// is one for the life of the process. Threads: one.
class login_key_source {
public:
    login_key_source(std::filesystem::path data_dir, login_key_use use) : data_dir_{std::move(data_dir)}, use_{use} {}

    [[nodiscard]] const std::string& octets();
    /// Of what octets() gave; empty: nothing.
    [[nodiscard]] const std::string& doubt() const noexcept { return doubt_; }

private:
    [[nodiscard]] std::string find();

    std::filesystem::path data_dir_;
    login_key_use use_;
    std::optional<std::string> octets_;
    std::string doubt_;
};

/// Says its doubt.
void warn_of(const login_key_source& of, const base::log& log);

} // namespace postern::daemon
