#pragma once
// What `postern chain` prints: who is asked where, in which order, and under which rules. The text is stable (docs/chains.md):
// new kinds of lines may come, those that are there stay.

#include "core/host/config.hpp"
#include "core/runtime/server.hpp"

#include <string>

namespace postern::daemon {

/// What is wanted; empty: all.
struct chain_filter {
    std::string listener; ///< or "delivery": the queue's side
    std::string hook;
};

/// A line a chain and hook, "LISTENER HOOK: plugin [plugin plugin] (observer)", with "LISTENER@DOMAIN,DOMAIN" for the chain of
/// domains; unless a hook is given, then a line "plugin NAME: rule=value ..." for each that stands in them, and the budgets.
[[nodiscard]] std::string chain_text(const config& settings, const runtime::generation& made, const chain_filter& only);

/// The same as one JSON object.
[[nodiscard]] std::string chain_json(const config& settings, const runtime::generation& made, const chain_filter& only);

} // namespace postern::daemon
