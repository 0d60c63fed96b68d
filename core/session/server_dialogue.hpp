#pragma once
// What a server session keeps while a plugin's verb is at work. Private to core/session/server_*.

#include "core/hooks/verdict.hpp"
#include "core/protocol/dot_codec.hpp"
#include "core/session/extensions.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::session {

struct dialogue {
    const extension_verb* verb;
    std::optional<std::uint64_t> counted = {}; ///< octets that follow the line by the verb's own count
    hooks::follow_up reads = hooks::follow_up::nothing;
    std::uint64_t left = 0;      ///< octets still to come
    std::uint64_t offset = 0;    ///< of the next piece in what was asked for
    std::string_view chunk = {}; ///< the piece that is being shown
    bool is_last = false;
    std::optional<hooks::outcome> early = {}; ///< the reply that is known before all has come: said then
    protocol::dot_decoder decoder{};
    std::string_view run = {}; ///< text: decoded and not yet shown
};

} // namespace postern::session
