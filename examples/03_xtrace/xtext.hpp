#pragma once
// xtext: how printable and other octets are written in the value of an ESMTP parameter.
// STANDARDS: RFC 3461 4. SECURITY: the text is a client's.

#include <optional>
#include <string>
#include <string_view>

namespace xtrace {

/// The octets that an xtext stands for; nothing if it is none.
[[nodiscard]] std::optional<std::string> from_xtext(std::string_view text);

} // namespace xtrace
