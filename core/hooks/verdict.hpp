#pragma once
// What a plugin answers and what a chain of them comes to. Values only.

#include <array>
#include <cstddef>
#include <cstdint>
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
    route_set = 10,     ///< at queue.route: name = transport ("" = smtp), value = next hop "host:port"
};

/// Indices refer to the state before the batch of which the edit is part.
struct edit {
    edit_op op;
    std::uint32_t index = 0;
    std::string name;
    std::string value;
};

/// One plugin's answer, owned.
struct plugin_reply {
    verdict_kind verdict = verdict_kind::proceed;
    bool vouches = false;        ///< at cmd.rcpt: this recipient is one we accept mail for
    std::uint16_t smtp_code = 0; ///< 0: the default of the verdict
    std::string enhanced;        ///< "5.7.1", or empty for the default
    std::string text;            ///< of the reply, hold reason or score symbol
    std::int32_t score = 0;
    std::vector<edit> edits;
    std::string failure; ///< not empty: there is no answer, the plugin failed; why, for the log. All else is then unspecified
};

/// What is done when a plugin fails, answers late or answers nonsense. From the configuration only.
enum class failure_policy : std::uint8_t { proceed, tempfail, reject, disconnect, hold };

/// What the whole chain came to.
struct outcome {
    verdict_kind verdict = verdict_kind::proceed;
    bool vouched = false;
    std::uint16_t smtp_code = 0;
    std::string enhanced;
    std::string text;
    std::string plugin;     ///< instance that decided; empty when nobody did
    std::int32_t score = 0; ///< sum of the scores given where there was no draft yet to add them to

    [[nodiscard]] bool lets_pass() const noexcept { return verdict == verdict_kind::proceed || verdict == verdict_kind::accept; }
};

} // namespace postern::hooks
