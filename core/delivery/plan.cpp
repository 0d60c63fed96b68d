#include "core/delivery/plan.hpp"

#include "core/queue/schedule.hpp"

#include <algorithm>
#include <map>

namespace postern::delivery {

using queue::recipient_status;

namespace {

// The result of one attempt, written into a recipient's line.
void note_result(const queue::stored_envelope& envelope, queue::recipient_state& to, const attempt_result& result)
{
    to.smtp_code = result.what.smtp_code;
    to.enhanced = result.what.enhanced;
    to.text = result.what.text;
    to.next_hop = result.next_hop;
    switch (result.what.result) {
    case recipient_result::kind::delivered:
        to.status = recipient_status::delivered;
        to.is_relayed = result.by != taker::mailbox;
        // RFC 3461 5.2.1: NOTIFY went along; whoever offered DSN tells the sender, and nobody else.
        to.is_reported = result.by == taker::dsn_hop;
        if (envelope.report_relay && to.is_relayed)
            to.is_reported = !result.lacks_keyword && (to.is_reported || !wants_success_report(envelope.envelope, result.index));
        break;
    case recipient_result::kind::deferred:
        break;
    case recipient_result::kind::failed:
        to.status = recipient_status::failed;
        break;
    }
}

/// Of whatever becomes of that recipient: RFC 5321 6.1 (no DSN of a DSN), RFC 3461 4.1 (NEVER).
bool may_be_told(const message::envelope& envelope, std::uint32_t recipient) noexcept
{
    return !envelope.from.address.empty() && !envelope.to[recipient].notify.never;
}

// A recipient at its end is reported, if anybody is to hear of it: also one of an earlier attempt, whose DSN could not be
// stored then.
void report_end(const queue::stored_envelope& stored, std::uint32_t index, bool has_postmaster, decision& what)
{
    const auto& envelope = stored.envelope;
    auto& to = what.state.recipients[index];
    if (to.status == recipient_status::open || to.is_reported)
        return;
    to.is_reported = true;
    if (to.status == recipient_status::delivered) {
        const bool is_relay_due = stored.report_relay && to.is_relayed && may_be_told(envelope, index);
        if (is_relay_due || wants_success_report(envelope, index))
            what.succeeded.push_back(index);
    } else if (wants_failure_report(envelope, index)) {
        what.failed.push_back(index);
    } else if (has_postmaster && envelope.from.address.empty() && stored.origin != notice_origin) {
        what.stranded.push_back(index); // a double bounce, most likely
    }
}

} // namespace

const std::vector<std::uint32_t>& decision::named_in(message::dsn_kind kind) const noexcept
{
    switch (kind) {
    case message::dsn_kind::failure:
        return failed;
    case message::dsn_kind::delay:
        return delayed;
    case message::dsn_kind::success:
        break;
    }
    return succeeded;
}

void decision::take_back_all()
{
    for (const auto kind : {message::dsn_kind::failure, message::dsn_kind::delay, message::dsn_kind::success})
        if (!named_in(kind).empty())
            take_back(kind);
    take_back_stranded();
}

void decision::take_back_stranded()
{
    for (const auto index : stranded)
        state.recipients[index].is_reported = false;
}

void decision::take_back(message::dsn_kind kind)
{
    if (kind == message::dsn_kind::delay) {
        state.is_warned = false;
        return;
    }
    for (const auto index : named_in(kind))
        state.recipients[index].is_reported = false;
}

std::vector<std::uint32_t> open_recipients(const queue::message_state& state)
{
    std::vector<std::uint32_t> open;
    for (std::size_t i = 0; i < state.recipients.size(); ++i)
        if (state.recipients[i].status == recipient_status::open)
            open.push_back(static_cast<std::uint32_t>(i));
    return open;
}

std::vector<route_group> group_by_route(std::span<const routed_recipient> recipients, std::size_t most)
{
    std::vector<const routed_recipient*> ordered;
    ordered.reserve(recipients.size());
    for (const auto& to : recipients)
        ordered.push_back(&to);
    std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) { return a->index < b->index; });

    std::vector<route_group> groups;
    std::map<route, std::size_t> filling; // the group of each route that still has room
    for (const auto* to : ordered) {
        const auto [at, is_new] = filling.try_emplace(to->next, groups.size());
        if (!is_new && most != 0 && groups[at->second].recipients.size() >= most)
            at->second = groups.size();
        if (at->second == groups.size())
            groups.push_back({to->next, {}});
        groups[at->second].recipients.push_back(to->index);
    }
    return groups;
}

bool wants_failure_report(const message::envelope& envelope, std::uint32_t recipient) noexcept
{
    // RFC 5321 6.1, RFC 3461 6.1: never about a message from the null reverse path: no DSN of a DSN, no loop of them.
    return !envelope.from.address.empty() && recipient < envelope.to.size() && envelope.to[recipient].notify.wants_failure();
}

bool wants_success_report(const message::envelope& envelope, std::uint32_t recipient) noexcept
{
    if (envelope.from.address.empty() || recipient >= envelope.to.size())
        return false;
    // RFC 3461 5.2.2 (b), (e), 5.2.3: never unasked.
    const auto& notify = envelope.to[recipient].notify;
    return notify.success && !notify.never;
}

bool wants_delay_report(const message::envelope& envelope, std::uint32_t recipient) noexcept
{
    if (envelope.from.address.empty() || recipient >= envelope.to.size())
        return false;
    // RFC 3461 4.1: without NOTIFY it is ours to decide; with it, DELAY must be among them.
    const auto& notify = envelope.to[recipient].notify;
    return !notify.is_given() || notify.delay;
}

queue::message_state progress(const queue::record& before, std::span<const attempt_result> results)
{
    auto state = before.state;
    for (const auto& result : results)
        if (result.index < state.recipients.size() && state.recipients[result.index].status == recipient_status::open &&
            result.what.result != recipient_result::kind::deferred)
            note_result(before.envelope, state.recipients[result.index], result);
    return state;
}

decision conclude(const queue::record& before, std::span<const attempt_result> results, const queue::retry_policy& policy,
                  base::wall_time now, base::random_source& random, bool has_postmaster)
{
    const auto& envelope = before.envelope.envelope;
    decision what{.state = before.state, .next_attempt = {}, .failed = {}, .delayed = {}, .succeeded = {}, .stranded = {}};
    auto& state = what.state;
    ++state.attempts;

    std::vector<const attempt_result*> by_index(state.recipients.size(), nullptr);
    for (const auto& result : results)
        if (result.index < by_index.size())
            by_index[result.index] = &result;

    // RFC 5321 4.5.4.1: attempts end when the message is as old as the configuration, or it itself, lets it become.
    const auto own = queue::own_policy(policy, before.envelope);
    what.next_attempt = queue::next_attempt(own, before.envelope.received, state.attempts, now, random);
    const bool has_expired = !what.next_attempt.has_value();
    const bool is_warning_due = queue::is_warning_due(own, before.envelope.received, state.is_warned, now);
    if (what.next_attempt && before.envelope.warn_at && !state.is_warned && !is_warning_due)
        what.next_attempt = std::min(*what.next_attempt, before.envelope.received + own.warn); // who asked for a time means it

    bool failed_now = false;
    bool is_left = false;  // somebody was not tried
    bool is_again = false; // somebody is to be tried again
    for (std::uint32_t i = 0; i < by_index.size(); ++i) {
        auto& to = state.recipients[i];
        if (to.status == recipient_status::open && by_index[i] != nullptr) {
            ++to.attempts;
            note_result(before.envelope, to, *by_index[i]);
            if (to.status == recipient_status::open && has_expired)
                to.status = recipient_status::expired;
            is_again = is_again || to.status == recipient_status::open;
            failed_now = failed_now || to.status == recipient_status::failed || to.status == recipient_status::expired;
        } else if (to.status == recipient_status::open) {
            is_left = true;
        }
        report_end(before.envelope, i, has_postmaster, what);
        if (to.status == recipient_status::open && is_warning_due && wants_delay_report(envelope, i))
            what.delayed.push_back(i);
    }

    if (state.open_count() == 0) {
        what.what = failed_now ? queue::life_event::bounce : queue::life_event::deliver;
        what.next_attempt.reset();
    } else {
        state.is_warned = state.is_warned || is_warning_due;
        what.is_only_untried = is_left && !is_again;
        if (what.is_only_untried)
            what.next_attempt = now;
    }
    state.next_attempt = what.next_attempt;
    return what;
}

} // namespace postern::delivery
