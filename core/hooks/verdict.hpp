#pragma once
// What a plugin answers and what a chain of them comes to. Values only.

#include "core/message/envelope.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

/// The numbers are those of the plugin ABI.
enum class verdict_kind : std::uint8_t {
    proceed = 0,    ///< CONTINUE: no objection
    accept = 1,     ///< no objection, and nobody further is asked on this hook; needs the grant "accept"
    reject = 2,     ///< 5xx
    tempfail = 3,   ///< 4xx
    disconnect = 4, ///< reply, then close
    discard = 5,    ///< answer as if accepted, keep nothing
    hold = 6,       ///< keep it, but do not deliver
    score = 7,      ///< adds to the sum of symbols; not decisive
};

[[nodiscard]] constexpr bool is_refusal(verdict_kind verdict) noexcept
{
    return verdict == verdict_kind::reject || verdict == verdict_kind::tempfail || verdict == verdict_kind::disconnect;
}

/// "CONTINUE", "REJECT" and so on: as the plugin ABI calls them.
[[nodiscard]] constexpr std::string_view name_of(verdict_kind verdict) noexcept
{
    constexpr std::array<std::string_view, 8> names{"CONTINUE",   "ACCEPT",  "REJECT", "TEMPFAIL",
                                                    "DISCONNECT", "DISCARD", "HOLD",   "SCORE"};
    return names[static_cast<std::size_t>(verdict)];
}

/// What an edit does. The numbers are those of the plugin ABI.
enum class edit_op : std::uint8_t {
    header_add = 1,     ///< at the end of the header section: name, value
    header_insert = 2,  ///< before field `index`: name, value
    header_replace = 3, ///< value of field `index`
    header_remove = 4,  ///< field `index`
    sender_set = 5,     ///< value: the new reverse path, empty for null
    rcpt_add = 6,       ///< value: a further recipient
    rcpt_replace = 7,   ///< recipient `index`: value
    rcpt_remove = 8,    ///< recipient `index`
    body_replace = 9,   ///< at msg.body: this chunk; at msg.end: the whole body: value
    route_set = 10,     ///< at queue.route: name = transport or "", value = next hop, as delivery.relay
    peer_set = 11,      ///< at verb: a fact of the connection: name, value
    priority_set = 12,  ///< value: -9 to 9, of the message in the queue
    release_at = 13,    ///< value: seconds since 1970: it is not attempted before
    expire_at = 14,     ///< likewise: it is returned afterwards
    warn_at = 15,       ///< likewise: its sender is told if it still waits then
    rcpt_later = 16,    ///< at delivery.begin: recipient `index` of the transaction gets another one
    param_set = 17,     ///< at client.params: name, value; `index` of the transaction's recipients, or of_mail
    param_drop = 18,    ///< likewise: name
    param_require = 19, ///< likewise: name, value, and the delivery fails where the peer lacks the keyword
    accepted_set = 20,  ///< name = "2.3.6", value: what the reply says that accepts the message
    report_relay = 21,  ///< its sender is told of a relay; name: to next hops without that keyword only
};

/// "header.add" and so on: as people are told of it.
[[nodiscard]] constexpr std::string_view name_of(edit_op op) noexcept
{
    constexpr std::array<std::string_view, 22> names{
        "edit.0",       "header.add",    "header.insert", "header.replace", "header.remove", "sender.set",
        "rcpt.add",     "rcpt.replace",  "rcpt.remove",   "body.replace",   "route.set",     "peer.set",
        "priority.set", "release.at",    "expire.at",     "warn.at",        "rcpt.later",    "param.set",
        "param.drop",   "param.require", "accepted.set",  "report.relay"};
    const auto at = static_cast<std::size_t>(op);
    return at < names.size() ? names[at] : names[0];
}

inline constexpr std::uint32_t of_mail = 0xffffffff; ///< `index` of a param edit: of MAIL

/// Indices refer to the state before the batch of which the edit is part.
struct edit {
    edit_op op;
    std::uint32_t index = 0;
    std::string name;
    std::string value;
};

/// What comes after a reply of a plugin to a command.
enum class follow_up : std::uint8_t {
    nothing, ///< the command is over
    octets,  ///< after 3yz: so many octets
    line,    ///< after 3yz: a line
    text,    ///< after 3yz: lines up to a dot
    restart, ///< the session begins anew
};

/// What an answer says beyond its verdict at the hooks of commands, parameters and ehlo.caps.
struct extension_reply {
    std::vector<std::string> lines; ///< of the reply, in place of `text`; at ehlo.caps "KEYWORD parameters"
    std::uint64_t octets = 0;       ///< follow_up::octets
    follow_up then = follow_up::nothing;
    std::optional<message::relay_rule> relay; ///< at param: instead of the declared one
    std::string value;                        ///< at param: what is kept; empty: what the client said
};

struct outgoing_reply; // outgoing.hpp
struct login_reply;    // login.hpp
struct dsn_reply;      // report.hpp
struct shaping_reply;  // shaping.hpp

/// One plugin's answer, owned.
struct plugin_reply {
    verdict_kind verdict = verdict_kind::proceed;
    bool vouches = false;        ///< at cmd.rcpt: this recipient is one we accept mail for
    std::uint16_t smtp_code = 0; ///< 0: the default of the verdict
    std::string enhanced;        ///< "5.7.1", or empty for the default
    std::string text;            ///< of the reply, hold reason or score symbol
    std::int32_t score = 0;
    std::vector<edit> edits;
    std::optional<extension_reply> more;
    std::shared_ptr<const outgoing_reply> out;  ///< at delivery.* and client.verb; null: nothing more
    std::shared_ptr<const login_reply> login;   ///< at the hooks of a login; null: nothing more
    std::shared_ptr<const dsn_reply> dsn;       ///< at dsn.make; null: nothing more
    std::shared_ptr<const shaping_reply> shape; ///< at queue.policy, queue.admit, queue.retry and delivery.reply; likewise
    std::string failure; ///< not empty: there is no answer, the plugin failed; why, for the log. All else is then unspecified
};

/// What is done when a plugin fails, answers late or answers nonsense. From the configuration only.
enum class failure_policy : std::uint8_t { proceed, tempfail, reject, disconnect, hold };

/// At ehlo.caps: the lines that one plugin offers, "KEYWORD parameters"; none when it failed.
struct caps_answer {
    std::string plugin;
    std::vector<std::string> lines;
};

/// What the whole chain came to.
struct outcome {
    verdict_kind verdict = verdict_kind::proceed;
    bool vouched = false;
    std::uint16_t smtp_code = 0;
    std::string enhanced;
    std::string text;
    std::string plugin;                            ///< instance that decided; empty when nobody did
    std::int32_t score = 0;                        ///< sum of the scores given where there was no draft yet to add them to
    std::optional<extension_reply> more = {};      ///< of the one who answered a command or a parameter
    bool has_failed = false;                       ///< somebody did, and was passed over
    std::shared_ptr<const login_reply> login = {}; ///< of the one who decided; at auth.mechanisms what is left, null: all
    std::vector<caps_answer> caps = {}; ///< at ehlo.caps: of those who answered, or failed; others offer what they declared

    [[nodiscard]] bool lets_pass() const noexcept { return verdict == verdict_kind::proceed || verdict == verdict_kind::accept; }
};

} // namespace postern::hooks
