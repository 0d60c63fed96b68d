#pragma once
// What a plugin's answer may say at which hook, and what is said for it where it says nothing. Pure rules over values: who
// asked, and what is done when a rule is broken, is the chain's business.
// STANDARDS: RFC 5321 4.2, RFC 3463 2. SECURITY: answers come from plugins, which may quote peers.

#include "core/hooks/hook_point.hpp"
#include "core/hooks/verdict.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::hooks {

inline constexpr std::size_t most_reply_lines = 100;   ///< of a reply that a plugin says
inline constexpr std::size_t longest_parameter = 1000; ///< octets of a parameter's value

/// Whether `verdict` is one of those that `hook` knows. Before the commit a message can only be put off, and behind the
/// queue there is no connection to close and nothing that may be deleted.
[[nodiscard]] bool is_allowed_at(hook_point hook, verdict_kind verdict) noexcept;

/// Why `answer` may not be taken at `hook`: a literal for the log; empty if it may. Looks at everything but grants and edits.
///
/// A reply's code fits its verdict: REJECT 5xx; TEMPFAIL 4xx but not 421, which would promise that the connection closes
/// (that is DISCONNECT); DISCONNECT either. At the hooks of commands CONTINUE may say 2yz, or 3yz with something to follow. The
/// enhanced code has the code's class. Texts are printable ASCII or tabs.
[[nodiscard]] std::string broken_rule(hook_point hook, const plugin_reply& answer);

/// RFC 5321 4.1.2: esmtp-value, or nothing.
[[nodiscard]] bool is_parameter_value(std::string_view text) noexcept;

/// Fills what a refusing outcome leaves open: code, enhanced code, text. No effect on one that does not refuse.
void complete(outcome& what);

} // namespace postern::hooks
