#pragma once
// Long texts for tests.

#include <cstddef>
#include <string>

namespace postern::protocol {

/// `count` times `c`. Not inlined: GCC 12 warns of a copy out of bounds when it sees through std::string(n, c) + "literal".
[[gnu::noinline]] inline std::string times(std::size_t count, char c)
{
    return std::string(count, c);
}

} // namespace postern::protocol
