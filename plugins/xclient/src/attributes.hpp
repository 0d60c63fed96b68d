#pragma once
// The argument of XCLIENT: attributes of a client, and the facts about a connection that they become. Pure; it must not know the
// plugin contract. The protocol is Postfix's XCLIENT_README.
// STANDARDS: RFC 3461 4 (xtext). SECURITY: the text is what the peer sent; whether it is believed is not decided here.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xclient {

/// A fact of a connection as the host names it, and its value.
using fact = std::pair<std::string, std::string>;

struct client {
    std::vector<fact> facts;
    std::string name;     ///< of NAME; empty: not said, or not known
    std::string protocol; ///< of PROTO: "SMTP", "ESMTP"; likewise
};

/// In the order of the line that offers them.
inline constexpr std::string_view attribute_names = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

/// What the argument says; nothing if that is not as XCLIENT_README writes it.
[[nodiscard]] std::optional<client> parse(std::string_view argument);

} // namespace xclient
