#pragma once
// Replaces a file by another text: locked against others who do the same, whole or not at all, on stable storage when it returns.
// It must not know what the text means.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace auth_file {

/// What becomes of the text; empty `why`: it is to be written.
struct edited {
    std::string text;
    std::string why;
};

/// Calls `edit` with the file's text under a lock, and writes what it says into a new file that takes the old one's name, mode
/// and owner. Empty, or why nothing was changed. Waits for others at most 5 seconds. Threads: any.
[[nodiscard]] std::string edit_file(const std::filesystem::path& file, const std::function<edited(std::string_view)>& edit);

} // namespace auth_file
