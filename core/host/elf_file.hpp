#pragma once
// What a shared library says about itself, read from its octets without running any of it: for `postern plugin check`. Only files
// of this machine's kind, 64 bits. SECURITY: the file is whatever somebody gave; every offset in it is checked.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

struct elf_facts {
    std::vector<std::string> defined; ///< what others may link to; all by name
    std::vector<std::string> wanted;  ///< what others have to give it
    std::vector<std::string> unique;  ///< of `defined`: one in a process, whoever brought it (STB_GNU_UNIQUE)
    bool is_nodelete = false;
    bool has_executable_stack = false;
    bool has_text_relocations = false;
};

/// Nothing: it is no such file, and `why` is the reason.
[[nodiscard]] std::optional<elf_facts> read_elf(std::string_view octets, std::string& why);

} // namespace postern::daemon
