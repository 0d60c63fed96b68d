#pragma once
// The events that the crate for Rust has, read out of its sources. Knows their form: an entry of the macro `events!`, or an
// `impl Event for` of its own.

#include <map>
#include <string>

namespace postern::test {

struct rust_event {
    std::string name;   ///< "QueuePolicy"
    std::string record; ///< "postern_ev_queue_policy"
};

/// By hook, without POSTERN_HOOK_.
[[nodiscard]] std::map<std::string, rust_event> rust_events();

} // namespace postern::test
