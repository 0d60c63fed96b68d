#pragma once
// What large mailbox providers and block lists are known to say, as rules. They are for who turns them on: what they say changes.

#include <array>
#include <string_view>
#include <utility>

namespace replies {

/// Name and rule, in the order in which they are tried.
[[nodiscard]] const std::array<std::pair<std::string_view, std::string_view>, 7>& usual_rules() noexcept;

} // namespace replies
