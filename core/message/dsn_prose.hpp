#pragma once
// The part of a delivery status notification that is for people: in words of our own, or of whoever worded it.
// STANDARDS: RFC 6522 3. SECURITY: it quotes peers; nothing that is quoted can begin a line or leave the character set.

#include "core/message/dsn.hpp"

#include <string>

namespace postern::message {

/// Lines with CRLF. `utf8`: what is quoted may be beyond ASCII. `is_shortened`: all of the message was asked for, and is not
/// there.
[[nodiscard]] std::string notification_text(const dsn_report& report, bool utf8, bool is_shortened);

} // namespace postern::message
