#pragma once
// A plugin that is a part of the program, as an embedder has it.

#include <postern/abi/core.h>

#include <string>

namespace postern::daemon {

/// What a [[plugin]] with that `library` gets, in place of a file.
struct linked_plugin {
    std::string library;
    const postern_plugin* table = nullptr; ///< lives for ever; postern::sdk::describe makes one of a class
    std::string manifest = {};             ///< TOML as in a plugin.toml; empty: it has no options
};

} // namespace postern::daemon
