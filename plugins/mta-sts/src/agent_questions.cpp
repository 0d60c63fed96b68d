// The part of agent that asks the host, and hears what it found.

#include "agent.hpp"
#include "kept_policy.hpp"
#include "sts_record.hpp"

#include <postern/kit/public_address.hpp>

#include <algorithm>
#include <utility>

namespace mta_sts {

namespace {
constexpr std::size_t most_addresses = 8; // of a kind, that are tried
constexpr std::uint32_t page = 100;       // of what is kept
} // namespace

std::uint64_t agent::expect(open_question what)
{
    const std::lock_guard lock{mutex_};
    open_.emplace(++last_token_, std::move(what));
    return last_token_;
}

std::optional<agent::open_question> agent::take(std::uint64_t token)
{
    const std::lock_guard lock{mutex_};
    auto found = open_.extract(token);
    return found ? std::optional{std::move(found.mapped())} : std::nullopt;
}

bool agent::ask_dns(open_question what, const std::string& name, std::uint32_t type)
{
    const auto token = expect(std::move(what));
    return host_.dns().ask(0, token, name, type) || !take(token);
}

bool agent::ask_kv(open_question what, const postern::kv_batch& items)
{
    const auto token = expect(std::move(what));
    return host_.kv().ask(0, token, items) || !take(token);
}

void agent::ask_scan(const std::string& after)
{
    const auto token = expect({open_question::kind::scan});
    if (!host_.kv().ask_scan(0, token, key_prefix, after, page))
        (void)take(token); // policies are read when somebody asks for them
}

void agent::ask_addresses(const std::string& domain, steps& next)
{
    {
        const std::lock_guard lock{mutex_};
        gathered_[domain] = {};
    }
    for (const auto type : {POSTERN_DNS_AAAA, POSTERN_DNS_A})
        if (!ask_dns({open_question::kind::address, domain}, "mta-sts." + domain, type))
            take_address(domain, nullptr, next);
}

/// Null: nobody could be asked.
void agent::take_address(const std::string& domain, const postern::dns_answer* said, steps& next)
{
    const std::lock_guard lock{mutex_};
    const auto found = gathered_.find(domain);
    if (found == gathered_.end())
        return;
    auto& all = found->second;
    if (said == nullptr) {
        all.why = "too many questions are open";
    } else if (said->status() == postern::dns_status::ok) {
        std::size_t taken = 0;
        for (const auto& each : said->records()) {
            if (!takes_private_ && !postern::kit::is_public(each.name))
                all.why = "mta-sts." + domain + " leads to an address that is not public";
            else if (taken++ < most_addresses)
                all.addresses.emplace_back(each.name);
        }
    } else if (said->status() != postern::dns_status::nodata && said->status() != postern::dns_status::nxdomain) {
        all.why = "mta-sts." + domain + " cannot be looked up: " + std::string{said->cause()};
    }
    if (--all.open != 0)
        return;
    const auto whole = std::move(gathered_.extract(found).mapped());
    known_.resolved(domain, whole.addresses, whole.why.empty() ? "mta-sts." + domain + " has no address" : whole.why,
                    clock_.now(), next);
}

void agent::on(const postern::dns_answer& event)
{
    const auto asked = take(event.token());
    if (!asked)
        return;
    if (event.is_cancelled()) { // so is everything here
        if (asked->ticket != 0)
            host_.answer(asked->ticket, postern::refuse(ends));
        return;
    }
    steps todo;
    switch (asked->what) {
    case open_question::kind::txt: {
        std::vector<std::string> records;
        for (const auto& each : event.records())
            records.emplace_back(each.data);
        const bool is_known = event.status() == postern::dns_status::ok || event.status() == postern::dns_status::nodata ||
                              event.status() == postern::dns_status::nxdomain;
        const std::lock_guard lock{mutex_};
        // Where not all records are shown, nobody knows that there is but one.
        known_.said(asked->domain, is_known, event.is_truncated() ? std::nullopt : id_in(records), clock_.now(), todo);
        break;
    }
    case open_question::kind::address:
        take_address(asked->domain, &event, todo);
        break;
    case open_question::kind::own_mx:
        publish(*asked, event);
        break;
    case open_question::kind::load:
    case open_question::kind::keep:
    case open_question::kind::scan:
        break; // not of the DNS
    }
    perform(std::move(todo));
}

void agent::on(const postern::kv_answer& event)
{
    const auto asked = take(event.token());
    if (!asked || event.is_cancelled())
        return;
    steps todo;
    const bool is_done = event.status() == postern::kv_status::ok;
    if (asked->what == open_question::kind::scan) {
        if (is_done)
            take_page(event, todo);
    } else {
        std::optional<std::string> value;
        bool works = is_done;
        for (const auto& each : event.results()) {
            if (each.status == postern::kv_status::ok)
                value = each.value;
            else if (each.status != postern::kv_status::missing)
                works = false;
        }
        note_store(works);
        if (asked->what == open_question::kind::load) {
            const std::lock_guard lock{mutex_};
            known_.loaded(asked->domain, works, value, clock_.now(), todo);
        }
    }
    perform(std::move(todo));
}

void agent::take_page(const postern::kv_answer& said, steps& next)
{
    std::string last;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& each : said.results()) {
            last = each.key;
            if (each.key.starts_with(key_prefix))
                known_.remember(std::string{each.key.substr(key_prefix.size())}, std::string{each.value}, clock_.now(), next);
        }
    }
    count_policies();
    if (said.has_more() && !last.empty()) // to the end: what has no room in memory is counted
        ask_scan(last);
}

/// A line when that begins and ends.
void agent::note_store(bool works)
{
    if (is_store_down_.exchange(!works) == !works)
        return;
    if (works)
        host_.event_log().info("store_works");
    else
        host_.event_log().warning("store_failed", {{"cause", "policies cannot be read or kept"}});
}

} // namespace mta_sts
