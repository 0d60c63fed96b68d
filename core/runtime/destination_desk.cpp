// The operators' side of the lines: what they want suspended, and what they see of destinations.

#include "core/runtime/delivery_lines.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::runtime {

namespace {

using namespace std::chrono_literals;

/// Dates may jump: nobody sleeps longer over one.
constexpr auto longest_sleep = 1min;

} // namespace

void delivery_lines::heard(const std::string& destination, std::string text)
{
    replies_.heard(destination, std::move(text), clock_.wall());
}

void delivery_lines::suspend(delivery::suspensions all)
{
    const auto before = std::exchange(operators_, std::move(all));
    for (const auto& [name, one] : operators_)
        if (const auto found = before.find(name); found == before.end() || found->second != one)
            log_.info("destination_suspended", {{"next_hop", name}, {"cause", one.why}});
    for (const auto& [name, one] : before) {
        if (!operators_.contains(name))
            log_.info("destination_resumed", {{"next_hop", name}, {"cause", "by an operator"}});
        if (!why_not(name))
            let_in_(name, each_); // each that leaves calls further ones
    }
    watch_suspensions();
}

/// Those that are over by themselves.
void delivery_lines::watch_suspensions()
{
    const auto next = delivery::next_end(operators_);
    if (stopping_ || !next)
        return;
    const std::chrono::milliseconds left = std::max<std::chrono::milliseconds>(*next - clock_.wall(), 1ms);
    suspension_over_.expires_after(std::min<std::chrono::milliseconds>(left, longest_sleep));
    suspension_over_.async_wait([this](const base::error_code& ec) {
        if (ec)
            return;
        for (const auto& name : delivery::take_ended(operators_, clock_.wall())) {
            log_.info("destination_resumed", {{"next_hop", name}, {"cause", "its time is over"}});
            if (!why_not(name))
                let_in_(name, each_);
        }
        watch_suspensions();
    });
}

std::vector<destination_item> delivery_lines::list(std::string_view after, std::size_t limit, const queue::ledger& queued)
{
    std::vector<destination_item> all;
    std::string last{after};
    const auto behind = [&last](const auto& names) {
        const auto at = names.upper_bound(last);
        return at == names.end() ? std::nullopt : std::optional<std::string_view>{at->first};
    };
    while (all.size() < limit) {
        const std::array<std::optional<std::string_view>, 6> nexts{
            destinations_.next_name(last), resting_.next_name(last), replies_.next_name(last),
            queued.next_destination(last), behind(suspended_),       behind(operators_)};
        std::optional<std::string_view> next;
        for (const auto& each : nexts)
            if (each && (!next || *each < *next))
                next = each;
        if (!next)
            break;
        last = *next;
        all.push_back(describe(last, queued));
    }
    return all;
}

destination_item delivery_lines::describe(std::string name, const queue::ledger& queued)
{
    destination_item item;
    item.deliveries = destinations_.active(name);
    item.waiting = std::max(queued.count_for(name), destinations_.waiting(name) + item.deliveries) - item.deliveries;
    item.is_sought = destinations_.has_scout(name);
    const auto now = clock_.now();
    if (const auto until = resting_.until(name); until && *until > now)
        item.rests_until = clock_.wall() + std::chrono::ceil<std::chrono::milliseconds>(*until - now);
    if (const auto found = suspended_.find(name); found != suspended_.end()) {
        item.who = suspended_by::configuration;
        item.why = found->second;
    } else if (const auto* const one = delivery::suspension_of(operators_, name, clock_.wall())) {
        item.who = suspended_by::an_operator;
        item.why = one->why;
        item.since = one->since;
        item.until = one->until;
    }
    if (const auto* const reply = replies_.of(name)) {
        item.last_reply = reply->text;
        item.last_heard = reply->at;
    } else if (const auto why = resting_.why_it_rests(name, now)) {
        item.last_reply = *why;
    }
    item.next_hop = std::move(name);
    return item;
}

} // namespace postern::runtime
