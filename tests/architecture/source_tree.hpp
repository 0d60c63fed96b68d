#pragma once
// The source tree as text, for the tests that check its rules. Knows no rule itself.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

/// A line that matters, and where it is.
struct source_line {
    std::size_t number = 0; ///< from 1
    std::string text;
};

struct source_file {
    std::string path; ///< from the repository's root, such as "core/base/ids.hpp"
    std::vector<std::string> lines;

    [[nodiscard]] bool is_header() const { return path.ends_with(".hpp") || path.ends_with(".h"); }
    /// The first folder below core/, plugins/ and so on; empty if there is none.
    [[nodiscard]] std::string room() const;
    /// The file's name without its folder and ending.
    [[nodiscard]] std::string stem() const;
    /// What it includes, without the brackets or quotes, in order.
    [[nodiscard]] std::vector<source_line> includes() const;
    /// Whether one of its first `count` lines contains `words`.
    [[nodiscard]] bool says_at_top(std::string_view words, std::size_t count = 30) const;
    /// "path:line: " for a message.
    [[nodiscard]] std::string at(std::size_t line) const;
};

/// The repository's root.
[[nodiscard]] std::filesystem::path source_root();

/// All C and C++ files under a folder of the repository, by path. None: the folder is not there.
[[nodiscard]] std::vector<source_file> sources_in(std::string_view folder);

/// A file of the repository by lines; throws std::runtime_error if it cannot be read.
[[nodiscard]] source_file read_source(const std::filesystem::path& file);

/// The text of a line behind its first "//", or the line of a "///" or "#" comment; empty: no comment.
[[nodiscard]] std::string_view comment_of(std::string_view line);

} // namespace postern::test
