#pragma once
// What the commands share that ask a running server: the question, and values on a terminal.
// SECURITY: addresses and replies of peers are printed, so everything but printable ASCII is escaped.

#include <boost/json.hpp>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace postern::daemon {

/// Asks the server of that configuration. Nothing after an error, which has been printed.
[[nodiscard]] std::optional<boost::json::object> ask(const std::filesystem::path& config_file,
                                                     const boost::json::object& request);

/// Null where there is none.
[[nodiscard]] const boost::json::value& field(const boost::json::object& from, std::string_view key);

[[nodiscard]] std::string shown(std::string_view text);
[[nodiscard]] std::string shown(const boost::json::value& value);
/// What a plugin says, in lines; one of them at least, unless it is empty.
void print_lines(std::string_view text, std::FILE* to);
/// Milliseconds since 1970 as "2026-01-31T23:59:59Z".
[[nodiscard]] std::string shown_time(const boost::json::value& value);

} // namespace postern::daemon
