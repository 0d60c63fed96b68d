#pragma once
// What operators say about users: add, passwd, delete, list. It must not know the plugin contract. Threads: any.
// SECURITY: words and passwords are the operator's; a password is in no answer.

#include "new_credential.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace auth_file {

struct said {
    bool is_done = false;
    std::string text; ///< lines, or one line why not
};

/// `words`: "user", a verb, and what it takes. `input`: the password, where one is needed. Writes the file.
[[nodiscard]] said tell(const std::filesystem::path& file, const hash_limits& limits, const std::vector<std::string>& words,
                        const std::string_view* input);

} // namespace auth_file
