// MAIL and RCPT parameters of plugins: which were offered, whether their form is as declared, and what their owners make of them.
// STANDARDS: RFC 5321 4.1.1.11, 4.1.2. SECURITY: a value stays as the client wrote it until its owner has judged it.
#include "core/session/server_state.hpp"

#include <utility>

namespace postern::session {

/// Names that this EHLO offered.
std::vector<std::string_view> server_session::state::offered_parameters(bool of_rcpt) const
{
    std::vector<std::string_view> names;
    if (!config.extensions || offered == 0)
        return names;
    for (const auto& each : config.extensions->parameters())
        if ((of_rcpt ? each.of_rcpt : each.of_mail) && is_offered(each.keyword))
            names.push_back(each.name);
    return names;
}

/// Gives each parameter of a plugin what was declared of it. Else why it is refused.
std::optional<protocol::command_refusal> server_session::state::settle(std::vector<message::parameter>& given) const
{
    if (!config.extensions || offered == 0)
        return std::nullopt;
    for (auto& each : given) {
        const auto* const kind = config.extensions->parameter(each.keyword);
        if (kind == nullptr)
            continue;
        using rule = extension_parameter::value_rule;
        if ((kind->value == rule::required && !each.value) || (kind->value == rule::forbidden && each.value))
            return protocol::command_refusal{501, "5.5.4", "Bad parameter value"};
        each.extension = kind->keyword;
        each.relay = kind->relay;
        each.lacking = kind->lacking;
    }
    return std::nullopt;
}

std::vector<message::parameter>& server_session::state::asked_parameters() const noexcept
{
    auto& envelope = txn->draft.envelope;
    return txn->is_asked_of_rcpt ? envelope.to.back().parameters : envelope.from.parameters;
}

/// Asks the owner of the next parameter, then everybody about the command.
void server_session::state::ask_of_parameters(bool of_rcpt)
{
    txn->is_asked_of_rcpt = of_rcpt;
    auto& given = asked_parameters();
    while (txn->asked_parameter < given.size() && given[txn->asked_parameter].extension.empty())
        ++txn->asked_parameter;
    if (txn->asked_parameter < given.size())
        to_ask = hooks::hook_point::param;
    else
        to_ask = of_rcpt ? hooks::hook_point::cmd_rcpt : hooks::hook_point::cmd_mail;
}

void server_session::state::param_answered(hooks::outcome& outcome)
{
    const bool of_rcpt = txn->is_asked_of_rcpt;
    if (is_refusal(outcome)) {
        if (of_rcpt)
            forget_recipient();
        else
            abort("MAIL refused");
        if (count_idle())
            refuse(outcome);
        return;
    }
    if (outcome.more) {
        auto& asked = asked_parameters()[txn->asked_parameter];
        if (!outcome.more->value.empty())
            asked.value = std::move(outcome.more->value);
        asked.relay = outcome.more->relay.value_or(asked.relay);
    }
    ++txn->asked_parameter;
    ask_of_parameters(of_rcpt);
}

} // namespace postern::session
