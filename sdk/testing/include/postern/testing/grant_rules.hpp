#pragma once
// What of an answer the configuration has to grant (`may`), as a server's chain holds it against an instance. Part of the rules
// of fake_host.

#include <postern/abi/outgoing.h>
#include <postern/abi/report.h>
#include <postern/testing/answer.hpp>
#include <postern/testing/contract_names.hpp>
#include <postern/testing/question.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace postern::testing {

/// What an edit needs; empty: nothing, as it is of the plugin's own parameters.
[[nodiscard]] constexpr std::string_view grant_for(std::uint32_t op) noexcept
{
    switch (op) {
    case POSTERN_EDIT_HEADER_ADD:
    case POSTERN_EDIT_HEADER_INSERT:
    case POSTERN_EDIT_HEADER_REPLACE:
    case POSTERN_EDIT_HEADER_REMOVE:
        return "headers";
    case POSTERN_EDIT_SENDER_SET:
        return "sender";
    case POSTERN_EDIT_RCPT_ADD:
    case POSTERN_EDIT_RCPT_REPLACE:
    case POSTERN_EDIT_RCPT_REMOVE:
        return "rcpt";
    case POSTERN_EDIT_BODY_REPLACE:
        return "body";
    case POSTERN_EDIT_ROUTE_SET:
    case POSTERN_EDIT_RCPT_LATER:
        return "route";
    case POSTERN_EDIT_PEER_SET:
        return "client";
    case POSTERN_EDIT_PRIORITY_SET:
    case POSTERN_EDIT_RELEASE_AT:
    case POSTERN_EDIT_EXPIRE_AT:
    case POSTERN_EDIT_WARN_AT:
    case POSTERN_EDIT_ACCEPTED_SET:
    case POSTERN_EDIT_REPORT_RELAY:
        return "queue";
    default:
        return {};
    }
}

namespace rules {

[[nodiscard]] inline std::string not_granted(const std::string& what, std::string_view grant)
{
    return what + " is not granted: the configuration has to say may = [\"" + std::string{grant} + "\"]";
}

/// Whether less is asked for than holds: a lower need, or a certificate for another name or by other records.
[[nodiscard]] inline bool is_weaker(const outgoing_reply& said, const question& asked)
{
    const bool brings_records = said.tls == POSTERN_TLS_DANE && asked.tls < POSTERN_TLS_DANE;
    const auto is_new = [&](const std::string& name) {
        const bool is_of_host = std::find(asked.hosts.begin(), asked.hosts.end(), name) != asked.hosts.end() ||
                                (!asked.is_by_mx && asked.tls < POSTERN_TLS_VERIFIED);
        return name != asked.tls_name && !(brings_records && is_of_host);
    };
    return (said.tls != 0 && said.tls < asked.tls) || (asked.tls == POSTERN_TLS_DANE && !said.records.empty()) ||
           (asked.tls >= POSTERN_TLS_VERIFIED && std::any_of(said.names.begin(), said.names.end(), is_new)) ||
           (!said.name.empty() && !asked.tls_name.empty() && is_new(said.name));
}

} // namespace rules

/// What was not granted; empty: nothing. `is_granted` says it of a name.
template <class Predicate>
[[nodiscard]] std::string fault_of_grants(const answer& what, const question& asked, Predicate is_granted)
{
    if (what.came != answer::how::answered)
        return {};
    if (what.verdict == POSTERN_ACCEPT && !is_granted("accept"))
        return rules::not_granted("ACCEPT", "accept");
    if (asked.hook == POSTERN_HOOK_TLS_POLICY && rules::is_weaker(what.out, asked) && !is_granted("tls"))
        return rules::not_granted("a weaker TLS policy", "tls");
    if (what.out.socket && !is_granted("route"))
        return rules::not_granted("a socket of its own", "route");
    if (asked.hook == POSTERN_HOOK_DSN_MAKE && (what.discards() || what.dsn != dsn_reply{}) && !is_granted("dsn"))
        return rules::not_granted("to suppress or to word a report", "dsn");
    if (what.refuses())
        return {}; // its edits are not applied
    for (const edit& one : what.edits) {
        if (const std::string_view grant = grant_for(one.op); !grant.empty() && !is_granted(grant))
            return rules::not_granted(edit_name(one.op), grant);
    }
    return {};
}

} // namespace postern::testing
