#pragma once
// docs/reference/hooks.md, made from the contract's headers and the rules of the room hooks. Knows the form of those headers: a
// hook's record stands behind a comment that begins with the hook's name.

#include <string>
#include <vector>

namespace postern::test {

struct hook_reference {
    std::string text;                  ///< of the page
    std::vector<std::string> problems; ///< hooks without a record, a comment or a class in the SDK
};

[[nodiscard]] hook_reference make_hook_reference();

} // namespace postern::test
