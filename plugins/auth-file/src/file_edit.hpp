#pragma once
// Changes to the file's text that leave all other lines as they are. Pure: text in, text out. The text holds secrets: whoever has
// it wipes it.

#include <string>
#include <string_view>
#include <vector>

namespace auth_file {

/// With a line for each credential at the end.
[[nodiscard]] std::string with_lines(std::string_view text, std::string_view name, const std::vector<std::string>& credentials);
/// The same in place of what `name` has that is made from a password; at the end if there is nothing.
[[nodiscard]] std::string with_other_lines(std::string_view text, std::string_view name,
                                           const std::vector<std::string>& credentials);
/// Without any line of `name`.
[[nodiscard]] std::string without_lines(std::string_view text, std::string_view name);

} // namespace auth_file
