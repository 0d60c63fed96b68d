#pragma once
// What of an edit can be judged without the message that it is for, and without what the configuration grants: so also by whoever
// takes an answer on a thread that has neither.

#include "core/hooks/verdict.hpp"
#include "core/hooks/hook_point.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

/// Of the message's way through the queue.
[[nodiscard]] bool is_queue_edit(edit_op op) noexcept;
/// The value of a queue edit, if it is one.
[[nodiscard]] std::optional<std::int64_t> queue_number(const edit& what) noexcept;

/// An edit and what is wrong with it, for the log.
[[nodiscard]] std::string failure_of(const edit& what, std::string_view why);

/// What is wrong with it at `hook`, as failure_of() has it; empty: nothing.
[[nodiscard]] std::string fault_of_form(hook_point hook, const edit& what);
/// Of the first that has a fault.
[[nodiscard]] std::string fault_of_form(hook_point hook, const std::vector<edit>& batch);

} // namespace postern::hooks
