#pragma once
// A message that nobody brought over a connection: a plugin's own, ready for the store. It must not know who asks for it.
// SECURITY: whoever makes one has checked it: addresses in canonical form, content of lines that end in CRLF.

#include "core/message/envelope.hpp"

#include <string>

namespace postern::queue {

struct submission {
    message::envelope envelope;
    std::string head; ///< header section and empty line
    std::string body;
    std::string origin; ///< for people: "plugin:NAME"
    bool has_8bit = false;
    bool needs_smtputf8 = false;
};

} // namespace postern::queue
