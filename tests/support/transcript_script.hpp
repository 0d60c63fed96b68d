#pragma once
// The directives of a transcript that prepare a conversation or act in it: "! limit recipients=2", "! hook cmd.rcpt reject ..".

#include "tests/support/conversation.hpp"

#include <string>
#include <string_view>

namespace postern::test {

/// Takes the first word off the front.
[[nodiscard]] std::string_view take_word(std::string_view& text);

/// Directives for the configuration, before anything is said: limit, tls MODE, bare, without. False: not one of them.
/// Throws std::runtime_error for a malformed one.
[[nodiscard]] bool configure(session::server_config& config, std::string_view directive);

/// Directives for the world around the session, at any time: on_error, may, hook, edit, vouch, store, spool.
[[nodiscard]] bool arrange(conversation& world, std::string_view directive);

} // namespace postern::test
