#pragma once
// Edits of plugins, applied to a draft: a batch whole or not at all, and each into the journal. What may be edited where, and
// by whom, is decided here; what a field, an address or a line may look like, in room message.
// STANDARDS: RFC 5321 2.3.8, RFC 5322 2.2. SECURITY: what plugins write can quote peers; nothing passes unchecked.

#include "core/hooks/chain.hpp"
#include "core/hooks/draft.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

/// Whether an edit can mean something at `hook`: cmd.mail sender_set; cmd.rcpt rcpt_add and rcpt_replace; msg.headers
/// header_*; msg.body body_replace; msg.end all of these and rcpt_remove; queue.route route_set; verb peer_set; param, cmd.mail,
/// msg.headers and msg.end priority_set, release_at, expire_at and warn_at; delivery.begin rcpt_later; client.params param_*, and
/// cmd.mail and msg.headers param_set, which is stored; delivery.content header_* and body_replace; delivery.sign header_insert
/// in front of all.
[[nodiscard]] bool is_allowed_at(hook_point hook, edit_op op) noexcept;

/// What the configuration has to grant for it, as permission_names() calls it; empty: nothing.
[[nodiscard]] std::string_view grant_for(edit_op op) noexcept;

/// Whether the configuration grants the class of edits that `op` belongs to.
[[nodiscard]] bool is_granted(const permissions& may, edit_op op) noexcept;

/// Canonical content: no NUL, no CR or LF but as CRLF (RFC 5321 2.3.8). A CRLF split over two texts is canonical in neither;
/// the session never splits one.
[[nodiscard]] bool is_canonical(std::string_view octets) noexcept;

/// Where a batch is applied.
struct edit_target {
    hook_point hook;
    draft* message;                                      ///< null where there is none
    connection_facts* facts;                             ///< likewise
    std::uint32_t asked_recipient;                       ///< cmd.rcpt: the only index that rcpt_replace may name
    std::optional<std::string>& chunk;                   ///< msg.body
    std::optional<edit>& route;                          ///< queue.route
    outgoing* out = nullptr;                             ///< delivery.begin, client.params
    const std::vector<owned_parameter>* owned = nullptr; ///< cmd.mail, msg.headers
};

/// Applies `batch` in order; indices refer to the state before it. Why it was not, in words for the log; empty: it was.
/// Bodies are journaled by their size only.
[[nodiscard]] std::string apply(std::vector<edit> batch, const permissions& may, const std::string& plugin, edit_target target);

} // namespace postern::hooks
