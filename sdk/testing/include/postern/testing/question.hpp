#pragma once
// What an event asks, as far as the rules for its answer depend on it. Part of fake_host.

#include <postern/abi/auth.h>
#include <postern/abi/health.h>
#include <postern/abi/lifecycle.h>
#include <postern/abi/observe.h>
#include <postern/abi/report.h>
#include <postern/sdk/records.hpp>

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace postern::testing {

/// Whether a hook is sent to who subscribes, with these flags.
[[nodiscard]] constexpr bool is_offered(std::uint32_t hook, std::uint32_t flags = 0) noexcept
{
    if (hook == POSTERN_HOOK_EVENT)
        return (flags & 1u) == 0;
    if (hook == POSTERN_HOOK_HEALTH || (hook >= POSTERN_HOOK_CONFIG_PREPARE && hook <= POSTERN_HOOK_CONFIG_ABORT))
        return flags == 0;
    if (hook == POSTERN_HOOK_AUTH_STEP || hook == POSTERN_HOOK_AUTH_VERIFY) // for who declares that it needs them
        return false;
    const bool is_hook = hook > 0 && hook <= POSTERN_HOOK_REPORT_IN;
    return is_hook && (flags & ~POSTERN_SUBSCRIBE_OBSERVE) == 0;
}

/// What MAIL said of the message to come.
struct body_facts {
    bool is_utf8 = false;   ///< SMTPUTF8
    bool is_binary = false; ///< BODY=BINARYMIME
};

/// As MAIL said it.
[[nodiscard]] inline body_facts body_facts_of(const postern_list& params)
{
    body_facts facts;
    for (std::uint32_t i = 0; i < params.count; ++i) {
        const auto one = sdk::record_at<postern_param>(params, i);
        facts.is_utf8 = facts.is_utf8 || sdk::view(one.keyword) == "SMTPUTF8";
        facts.is_binary = facts.is_binary || (sdk::view(one.keyword) == "BODY" && sdk::view(one.value) == "BINARYMIME");
    }
    return facts;
}

/// An event that was not answered within the call.
struct question {
    std::uint32_t hook = 0;
    bool may_vouch = false;
    body_facts body{};
    std::uint32_t recipients = 0;
    std::uint32_t asked_recipient = 0; ///< cmd.rcpt
    std::uint64_t most_octets = 0;     ///< verb, verb.data: that an answer may ask for
    std::uint32_t tls = 0;             ///< delivery.tls_policy: what holds so far
    std::string tls_name{};            ///< likewise
    std::vector<std::string> hosts{};  ///< likewise: names of the host, which DANE may be for
    bool is_by_mx = false;             ///< likewise
    std::uint32_t proof = 0;           ///< auth.verify: POSTERN_AUTH_..., as it is declared
    std::vector<bool> fields{};        ///< of the header section: whether each has a name, or is a line that is no field
};

/// What has to have been declared for it: of a secret, also that of its hash.
[[nodiscard]] inline std::uint32_t declared_as(const postern_ev_auth_verify& record) noexcept
{
    const bool is_older = record.kind == POSTERN_AUTH_SECRET && record.hash == POSTERN_SCRAM_SHA_1;
    return is_older ? POSTERN_AUTH_SECRET_SHA_1 : record.kind;
}

/// `record` is any event record.
template <class Record>
[[nodiscard]] question question_of(const Record& record, bool may_vouch, body_facts body)
{
    question asked;
    asked.hook = reinterpret_cast<const postern_event&>(record).hook;
    asked.may_vouch = may_vouch;
    asked.body = body;
    if constexpr (std::is_same_v<Record, postern_ev_rcpt>) {
        asked.asked_recipient = record.index;
        asked.recipients = record.index + 1;
    }
    if constexpr (std::is_same_v<Record, postern_ev_auth_verify>)
        asked.proof = declared_as(record);
    if constexpr (std::is_same_v<Record, postern_ev_tls_policy>) {
        asked.tls = record.tls;
        asked.tls_name = sdk::view(record.name);
        asked.is_by_mx = (record.flags & POSTERN_HOST_BY_MX) != 0;
        asked.hosts.emplace_back(sdk::view(record.host));
        if (asked.is_by_mx) {
            asked.hosts.emplace_back(sdk::view(record.canonical));
            asked.hosts.emplace_back(sdk::view(record.next_hop));
        }
    }
    if constexpr (requires { record.recipients; })
        asked.recipients = record.recipients.count;
    if constexpr (requires { record.headers; }) {
        for (std::uint32_t i = 0; i < record.headers.count; ++i)
            asked.fields.push_back(sdk::record_at<postern_header>(record.headers, i).name.len != 0);
    }
    return asked;
}

} // namespace postern::testing
