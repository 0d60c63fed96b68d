#pragma once
// What a connection costs that says nothing after its EHLO.

#include "tests/bench/subjects.hpp"

namespace postern::bench {

/// Memory of the server, in octets, for each of `connections` idle ones held at the same time, above what it took with
/// one. Throws std::runtime_error when the server does not greet them all.
[[nodiscard]] double memory_of_idle_connection(subject& server, unsigned connections);

} // namespace postern::bench
