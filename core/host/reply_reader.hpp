#pragma once
// postern_reply -> hooks::plugin_reply. SECURITY: what a plugin hands over is checked before it is followed: sizes, strides, NULL
// with a length, enumerations, bounds. What a verdict or an edit may do is the chain's business.

#include "core/hooks/hook_point.hpp"
#include "core/hooks/verdict.hpp"

#include <postern/abi/core.h>

#include <string>
#include <string_view>

namespace postern::daemon {

inline constexpr std::size_t most_edits = 10'000;
inline constexpr std::size_t most_reply_text = 4096;                   ///< octets of a reply's text
inline constexpr std::size_t most_edit_value = std::size_t{64} << 20U; ///< octets of one edit's value

/// Null: copied to `to`. Else what is wrong with it, for the log; `to` is unspecified then.
[[nodiscard]] const char* read_reply(const postern_reply& from, hooks::plugin_reply& to);

/// The same where the hook's own record may stand in its place: at ehlo.caps, param and commands, and those of outgoing.h.
[[nodiscard]] const char* read_reply(hooks::hook_point hook, const postern_reply& from, hooks::plugin_reply& to);

/// The part of it that delivery.source, delivery.tls_policy, delivery.connect, delivery.peer and client.verb have beyond a reply.
/// In outgoing_reply_reader.cpp.
[[nodiscard]] bool has_outgoing_reply(hooks::hook_point hook) noexcept;
[[nodiscard]] const char* read_outgoing(hooks::hook_point hook, const postern_reply& from, hooks::plugin_reply& to);

/// That of dsn.make. In report_reply_reader.cpp.
[[nodiscard]] const char* read_dsn_reply(const postern_reply& from, hooks::plugin_reply& to);

/// Those of queue.policy, queue.admit, queue.retry and delivery.reply. In shaping_reply_reader.cpp.
[[nodiscard]] const char* read_shaping_reply(hooks::hook_point hook, const postern_reply& from, hooks::plugin_reply& to);

/// That of auth.mechanisms, auth.step and auth.verify. In login_reply_reader.cpp.
[[nodiscard]] bool has_login_reply(hooks::hook_point hook) noexcept;
[[nodiscard]] const char* read_login_reply(hooks::hook_point hook, const postern_reply& from, hooks::plugin_reply& to);

/// Whether the octets can be looked at: a NULL pointer has no length.
[[nodiscard]] inline bool is_sound(const postern_str& text) noexcept
{
    return text.ptr != nullptr || text.len == 0;
}
[[nodiscard]] bool is_sound(const postern_list& list, std::size_t record_size) noexcept;

[[nodiscard]] inline std::string_view view(const postern_str& text) noexcept
{
    return text.len == 0 ? std::string_view{} : std::string_view{text.ptr, text.len};
}
[[nodiscard]] inline postern_str borrowed(std::string_view text) noexcept
{
    return {text.data(), text.size()};
}

/// How a plugin that failed, or whose answer is nonsense, is told to a chain, so that on_error applies. `why` is for the log.
[[nodiscard]] hooks::plugin_reply failed_reply(std::string why);

/// Whether it is a POSTERN_BROKEN, and why, for the log.
[[nodiscard]] bool says_it_failed(const postern_reply* from) noexcept;
[[nodiscard]] std::string failure_in(const postern_reply& from);

} // namespace postern::daemon
