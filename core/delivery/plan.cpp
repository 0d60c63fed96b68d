#include "core/delivery/plan.hpp"

#include "core/queue/schedule.hpp"

#include <algorithm>
#include <map>

namespace postern::delivery {

using queue::recipient_status;

namespace {

// The result of one attempt, written into a recipient's line.
void note_result(queue::recipient_state& to, const attempt_result& result)
{
    to.smtp_code = result.what.smtp_code;
    to.enhanced = result.what.enhanced;
    to.text = result.what.text;
    to.next_hop = result.next_hop;
    switch (result.what.result) {
    case recipient_result::kind::delivered:
        to.status = recipient_status::delivered;
        break;
    case recipient_result::kind::deferred:
        break;
    case recipient_result::kind::failed:
        to.status = recipient_status::failed;
        break;
    }
}

void note_silence(queue::recipient_state& to)
{
    to.smtp_code = 0;
    to.enhanced = "4.4.0"; // RFC 3463 3.5: other or undefined network or routing status
    to.text = "no result of the attempt";
    to.next_hop.clear();
}

} // namespace

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

bool wants_delay_report(const message::envelope& envelope, std::uint32_t recipient) noexcept
{
    if (envelope.from.address.empty() || recipient >= envelope.to.size())
        return false;
    // RFC 3461 4.1: without NOTIFY it is ours to decide; with it, DELAY must be among them.
    const auto& notify = envelope.to[recipient].notify;
    return !notify.is_given() || notify.delay;
}

decision conclude(const queue::record& before, std::span<const attempt_result> results, const queue::retry_policy& policy,
                  base::wall_time now, base::random_source& random)
{
    const auto& envelope = before.envelope.envelope;
    decision what{.state = before.state, .next_attempt = {}, .failed = {}, .delayed = {}};
    auto& state = what.state;
    ++state.attempts;

    std::vector<const attempt_result*> by_index(state.recipients.size(), nullptr);
    for (const auto& result : results)
        if (result.index < by_index.size())
            by_index[result.index] = &result;

    // RFC 5321 4.5.4.1: attempts end when the message is as old as the configuration lets it become.
    what.next_attempt = queue::next_attempt(policy, before.envelope.received, state.attempts, now, random);
    const bool has_expired = !what.next_attempt.has_value();
    const bool is_warning_due = queue::is_warning_due(policy, before.envelope.received, state.is_warned, now);

    bool failed_now = false;
    for (std::uint32_t i = 0; i < by_index.size(); ++i) {
        auto& to = state.recipients[i];
        if (to.status == recipient_status::open) {
            ++to.attempts;
            if (by_index[i] != nullptr)
                note_result(to, *by_index[i]);
            else
                note_silence(to);
            if (to.status == recipient_status::open && has_expired)
                to.status = recipient_status::expired;
            failed_now = failed_now || to.status == recipient_status::failed || to.status == recipient_status::expired;
        }
        // Also one that failed before and was never reported: its DSN could not be stored then.
        const bool is_lost = to.status == recipient_status::failed || to.status == recipient_status::expired;
        if (is_lost && !to.is_reported) {
            to.is_reported = true;
            if (wants_failure_report(envelope, i))
                what.failed.push_back(i);
        }
        if (to.status == recipient_status::open && is_warning_due && wants_delay_report(envelope, i))
            what.delayed.push_back(i);
    }

    if (state.open_count() == 0) {
        what.what = failed_now ? queue::life_event::bounce : queue::life_event::deliver;
        what.next_attempt.reset();
    } else if (is_warning_due) {
        state.is_warned = true;
    }
    state.next_attempt = what.next_attempt;
    return what;
}

} // namespace postern::delivery
