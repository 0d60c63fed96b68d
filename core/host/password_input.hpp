#pragma once
// A password from standard input: of a terminal asked for twice, without echo; of a pipe as it is. It must not know what it is
// for. SECURITY: it is shown nowhere, and a terminal is left as it was found, whatever ends the program.

#include <optional>
#include <string>

namespace postern::daemon {

inline constexpr std::size_t most_password_octets = 4096; ///< more is none

/// From `descriptor`; questions go to it too if it is a terminal. A pipe's line end is left where it is. Nothing, and `why`:
/// there is none. A signal that comes meanwhile is delivered when the terminal is as it was.
[[nodiscard]] std::optional<std::string> read_password(int descriptor, std::string& why);

} // namespace postern::daemon
