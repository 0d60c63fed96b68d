#pragma once
// Servers with the plugins of tests/bench/plugins in their chains.

#include "tests/bench/subjects.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postern::bench {

/// Accepts for example.com and drops, with these instances between; each has to be declared yet.
[[nodiscard]] test::configuration discarding(std::vector<std::string> chain);
/// A configuration with the plugins of this folder in its path.
[[nodiscard]] test::configuration with_own_plugins(const test::configuration& what);
/// With so many instances that are asked everywhere and have no opinion. `silent`: the port of a next hop that never says a word,
/// so that what is accepted stays in the queue; 0: it is dropped.
[[nodiscard]] std::unique_ptr<subject> make_with_pass_through(unsigned count, std::uint16_t silent);

} // namespace postern::bench
