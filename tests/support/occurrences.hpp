#pragma once
// How often a text has another one in it.

#include <cstddef>
#include <string_view>

namespace postern::test {

/// Those that overlap count once.
[[nodiscard]] inline std::size_t occurrences(std::string_view text, std::string_view of)
{
    std::size_t count = 0;
    for (auto at = text.find(of); at != std::string_view::npos; at = text.find(of, at + of.size()))
        ++count;
    return count;
}

} // namespace postern::test
