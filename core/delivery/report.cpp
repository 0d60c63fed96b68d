#include "core/delivery/report.hpp"

#include "core/delivery/plan.hpp"
#include "core/queue/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace postern::delivery {

bool returns_full(const queue::stored_envelope& envelope, message::dsn_kind kind) noexcept
{
    // RFC 3461 4.3: RET=FULL speaks of failures; anything else returns headers only.
    return kind == message::dsn_kind::failure && envelope.envelope.from.ret == message::dsn_return::full &&
           envelope.size <= most_returned && !envelope.is_binary;
}

namespace {

/// The host of "host:port", "lmtp:host:port" or "[address]:port"; empty for a transport, which is no mail system of its own, and
/// for a Unix socket.
std::string_view mta_of(std::string_view next_hop) noexcept
{
    constexpr std::string_view lmtp = "lmtp:";
    if (next_hop.starts_with(lmtp))
        next_hop.remove_prefix(lmtp.size());
    const auto colon = next_hop.rfind(':');
    if (colon == std::string_view::npos || next_hop.find('/') != std::string_view::npos)
        return {};
    const auto host = next_hop.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
        return host.substr(1, host.size() - 2);
    return host.find(':') == std::string_view::npos ? host : std::string_view{};
}

/// The parameter of MAIL, or nullptr.
const message::parameter* parameter_of(const queue::stored_envelope& envelope, std::string_view keyword) noexcept
{
    for (const auto& each : envelope.envelope.from.parameters)
        if (each.keyword == keyword && each.value)
            return &each;
    return nullptr;
}

/// RFC 2852 4: BY=120;R counts from when it was said.
std::optional<base::wall_time> deliver_by_of(const queue::stored_envelope& envelope) noexcept
{
    const auto* by = parameter_of(envelope, "BY");
    if (by == nullptr)
        return std::nullopt;
    auto text = std::string_view{*by->value};
    text.remove_prefix(text.starts_with('+') ? 1 : 0);
    std::int32_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end == text.data() + text.size() || *end != ';')
        return std::nullopt;
    return envelope.received + std::chrono::seconds{seconds};
}

/// RFC 4865 5.1.2: orig-hold-param-value.
std::string future_release_of(const queue::stored_envelope& envelope)
{
    if (const auto* hold = parameter_of(envelope, "HOLDFOR"))
        return "for;" + *hold->value;
    if (const auto* hold = parameter_of(envelope, "HOLDUNTIL"))
        return "until;" + *hold->value;
    return {};
}

} // namespace

message::dsn_report make_report(const queue::record& about, std::span<const std::uint32_t> who, const queue::retry_policy& policy,
                                const report_facts& facts)
{
    const auto& from = about.envelope.envelope.from;
    message::dsn_report report;
    report.kind = facts.kind;
    report.id = facts.id;
    report.date = facts.now;
    report.hostname = facts.hostname;
    report.sender = from.address;
    report.envid = from.envid;
    report.queue_id = facts.queue_id;
    report.arrival = about.envelope.received;
    report.deliver_by = deliver_by_of(about.envelope);
    report.future_release = future_release_of(about.envelope);
    if (facts.kind == message::dsn_kind::delay)
        report.retry_until = about.envelope.received + queue::own_policy(policy, about.envelope).expire;
    report.smtputf8 = from.smtputf8;
    report.original = facts.original;
    report.is_full = returns_full(about.envelope, facts.kind);
    for (const auto index : who) {
        const auto& to = about.envelope.envelope.to.at(index);
        const auto& state = about.state.recipients.at(index);
        message::dsn_recipient line;
        line.address = to.address;
        line.orcpt = to.orcpt;
        // RFC 3463 3.5: 4.4.7, delivery time expired; the last reply stays in the diagnostic. Where the message itself said until
        // when, no other server may try it longer: 5.4.7 (RFC 2852 4).
        const bool had_own_end = about.envelope.expire_at.has_value();
        line.status = state.status == queue::recipient_status::expired ? std::string_view{had_own_end ? "5.4.7" : "4.4.7"}
                                                                       : std::string_view{state.enhanced};
        line.is_relayed = state.is_relayed;
        // RFC 3461 6.3 (h), (i): of a relay, who took it and what it said; of a delivery here neither is anybody's business.
        if (facts.kind != message::dsn_kind::success || state.is_relayed) {
            line.remote_mta = mta_of(state.next_hop);
            line.smtp_code = state.smtp_code;
            line.enhanced = state.enhanced;
            line.text = state.text;
        }
        line.last_attempt = facts.now;
        report.recipients.push_back(line);
    }
    return report;
}

message::dsn_report make_notice(const queue::record& about, std::span<const std::uint32_t> who, const queue::retry_policy& policy,
                                const report_facts& facts, std::string_view postmaster)
{
    auto notice = make_report(about, who, policy, facts);
    notice.wording.recipient = postmaster;
    notice.wording.text =
        "A message without a sender, most likely a report itself, could not be delivered. Nobody else is told of it.";
    return notice;
}

queue::record record_of(const message::dsn& made, const queue::record& about, base::wall_time now, std::string_view recipient)
{
    queue::record record;
    auto& envelope = record.envelope;
    envelope.received = now;
    envelope.size = made.headers.size() + 2 + made.body.size();
    envelope.has_8bit = made.has_8bit;
    envelope.needs_smtputf8 = made.needs_smtputf8;
    envelope.session = about.envelope.session;
    envelope.origin = about.envelope.envelope.from.address.empty() ? std::string{notice_origin} : "dsn";
    envelope.priority = about.envelope.priority; // RFC 6710 4.6
    if (const auto* priority = parameter_of(about.envelope, "MT-PRIORITY"))
        envelope.envelope.from.parameters.push_back(*priority);
    // RFC 8689 5: what a report quotes is protected as the message was.
    const auto& said = about.envelope.envelope.from.parameters;
    const auto tls = std::find_if(said.begin(), said.end(), [](const auto& each) { return each.keyword == "REQUIRETLS"; });
    if (tls != said.end())
        envelope.envelope.from.parameters.push_back(*tls);
    envelope.envelope.from.body = made.has_8bit ? message::body_type::eight_bit_mime : message::body_type::seven_bit;
    envelope.envelope.from.smtputf8 = made.needs_smtputf8;
    message::recipient to;
    to.address = recipient.empty() ? about.envelope.envelope.from.address : std::string{recipient};
    to.notify.never = true; // RFC 3461 6.1
    envelope.envelope.to.push_back(std::move(to));
    record.state = queue::fresh_state(1);
    return record;
}

} // namespace postern::delivery
