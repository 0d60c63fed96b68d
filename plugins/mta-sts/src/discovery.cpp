#include "discovery.hpp"

#include <algorithm>
#include <utility>

namespace mta_sts {

namespace {

// How long an answer about the TXT record is good enough for who doubts a policy.
constexpr std::chrono::nanoseconds haste = std::chrono::minutes{1};

[[nodiscard]] std::size_t octets_of(const policy& what) noexcept
{
    constexpr std::size_t overhead = 64;
    std::size_t sum = sizeof what + what.text.size();
    for (const auto& each : what.mx)
        sum += each.size() + overhead;
    return sum;
}

} // namespace

std::string_view name_of(trouble what) noexcept
{
    switch (what) {
    case trouble::none:
        return "none";
    case trouble::fetch_error:
        return "sts-policy-fetch-error";
    case trouble::webpki_invalid:
        return "sts-webpki-invalid";
    case trouble::policy_invalid:
        return "sts-policy-invalid";
    }
    return {};
}

/// The TXT record was asked for just now.
bool discovery::is_fresh(const entry& of, const moment& now) noexcept
{
    return of.asked >= time{0} && now.steady - of.asked < haste;
}

discovery::entry& discovery::find_or_make(const std::string& domain)
{
    const auto [at, is_new] = entries_.try_emplace(domain);
    if (is_new) {
        recent_.push_front(domain);
        at->second.place = recent_.begin();
        make_room();
    } else {
        recent_.splice(recent_.begin(), recent_, at->second.place);
    }
    return at->second;
}

/// Forgets who was asked about longest ago; a policy of theirs is still kept by the store.
void discovery::make_room()
{
    for (auto at = recent_.end(); at != recent_.begin() && (entries_.size() > how_.domains || octets_ > how_.octets);) {
        --at;
        const auto found = entries_.find(*at);
        if (found->second.at != stage::idle || at == recent_.begin()) // the first is whom this is for
            continue;
        put(found->second, nullptr);
        put_bad(found->second, nullptr);
        entries_.erase(found);
        at = recent_.erase(at);
    }
}

void discovery::put(entry& to, std::shared_ptr<const policy> what)
{
    if (to.what) {
        --counts_[static_cast<std::size_t>(to.what->how)];
        octets_ -= octets_of(*to.what);
    }
    to.what = std::move(what);
    if (to.what) {
        ++counts_[static_cast<std::size_t>(to.what->how)];
        octets_ += octets_of(*to.what);
    }
}

void discovery::put_bad(entry& to, std::shared_ptr<const std::string> what)
{
    if (to.bad)
        octets_ -= to.bad->size();
    to.bad = std::move(what);
    if (to.bad)
        octets_ += to.bad->size();
}

bool discovery::end_if_over(const std::string& domain, entry& of, const moment& now, steps& out)
{
    if (!of.what || now.steady < of.expires)
        return false;
    put(of, nullptr);
    of.id.clear();
    of.next_check = std::max(time{0}, of.retry_at); // at once, but where fetching fails
    drop(domain, out);
    return true;
}

standing discovery::standing_of(const entry& of, const moment& now)
{
    standing made;
    const bool holds = of.what && now.steady < of.expires;
    if (holds && of.what->how != mode::none) {
        made.in_force = of.what;
    } else if (!holds && of.found != trouble::none) {
        made.found = of.found;
        made.why = of.why;
        made.bad = of.bad;
    }
    made.is_sought = of.at != stage::idle && !holds;
    made.is_untold = !of.is_loaded && !holds;
    return made;
}

standing discovery::ask(const std::string& domain, const moment& now, steps& out)
{
    auto& known = find_or_make(domain);
    (void)end_if_over(domain, known, now, out);
    note_day(domain, known, now, out);
    if (known.at == stage::idle && (!known.is_loaded || now.steady >= known.next_check))
        (void)begin(domain, known, now, out);
    return standing_of(known, now);
}

standing discovery::doubt(const std::string& domain, const moment& now, steps& out)
{
    auto& known = find_or_make(domain);
    if (known.at == stage::idle && !is_fresh(known, now))
        (void)begin(domain, known, now, out);
    auto made = standing_of(known, now);
    made.is_sought = known.at != stage::idle;
    return made;
}

void discovery::suspect(const std::string& domain, const moment& now)
{
    const auto found = entries_.find(domain);
    if (found != entries_.end() && !is_fresh(found->second, now))
        found->second.next_check = time{0};
}

standing discovery::look(const std::string& domain, const moment& now) const
{
    const auto found = entries_.find(domain);
    if (found != entries_.end())
        return standing_of(found->second, now);
    standing forgotten;
    forgotten.is_untold = true; // by memory, and maybe not by the store
    return forgotten;
}

/// Asks the first thing that is not known. False: there is no room; for what is kept there always is.
bool discovery::begin(const std::string& domain, entry& of, const moment& now, steps& out)
{
    if (jobs_ >= how_.jobs && of.is_loaded)
        return false;
    ++jobs_;
    if (!of.is_loaded) {
        of.at = stage::loading;
        out.push_back({step::kind::load, domain});
    } else {
        ask_txt(domain, of, now, out);
    }
    return true;
}

void discovery::ask_txt(const std::string& domain, entry& of, const moment& now, steps& out)
{
    of.at = stage::asking;
    of.asked = now.steady;
    out.push_back({step::kind::ask_txt, domain});
}

void discovery::tell_settled(const std::string& domain, const entry& of, const moment& now, steps& out)
{
    step told{step::kind::settled, domain};
    told.known = standing_of(of, now);
    out.push_back(std::move(told));
}

void discovery::settle(const std::string& domain, entry& of, time next_check, const moment& now, steps& out)
{
    --jobs_;
    of.at = stage::idle;
    of.is_forced = false;
    of.next_check = next_check;
    tell_settled(domain, of, now, out);
    if (entries_.size() > how_.domains || octets_ > how_.octets) {
        recent_.splice(recent_.begin(), recent_, of.place); // who waits looks at it next
        make_room();
    }
}

void discovery::loaded(const std::string& domain, bool is_known, const std::optional<std::string>& kept, const moment& now,
                       steps& out)
{
    const auto found = entries_.find(domain);
    if (found == entries_.end() || found->second.at != stage::loading)
        return;
    auto& of = found->second;
    const bool counts = kept && !of.is_loaded && !of.what; // nobody said meanwhile that it is to be forgotten
    of.is_loaded = of.is_loaded || is_known;
    if (counts && restore(domain, of, *kept, now, out)) // it holds from here on; who waits need not wait for more
        tell_settled(domain, of, now, out);
    if (jobs_ > how_.jobs)
        return settle(domain, of, now.steady, now, out);
    ask_txt(domain, of, now, out);
}

void discovery::said(const std::string& domain, bool is_known, const std::optional<std::string>& id, const moment& now,
                     steps& out)
{
    const auto found = entries_.find(domain);
    if (found == entries_.end() || found->second.at != stage::asking)
        return;
    auto& of = found->second;
    const bool holds = of.what && now.steady < of.expires;
    // RFC 8461 10.2: a policy that is known is fetched anew from time to time, whatever became of the record.
    const bool is_old = (of.is_forced && (id || holds)) || (holds && of.what->how != mode::none && now.steady >= of.next_refresh);
    of.has_new_id = id.has_value();
    of.new_id = id.value_or(std::string{});
    if (!id && !is_old) { // RFC 8461 5.1: by itself it ends no policy that is known
        if (is_known && !holds)
            of.found = trouble::none;
        return settle(domain, of, now.steady + varied_(is_known ? how_.check : how_.retry), now, out);
    }
    if (id && holds && *id == of.id && !is_old)
        return settle(domain, of, now.steady + varied_(how_.check), now, out);
    if (!of.is_forced && of.failed_id == id && now.steady < of.retry_at) // RFC 8461 3.3: five minutes an id
        return settle(domain, of, of.retry_at, now, out);
    of.at = stage::resolving;
    out.push_back({step::kind::ask_addresses, domain});
}

void discovery::resolved(const std::string& domain, std::vector<std::string> addresses, const std::string& why, const moment& now,
                         steps& out)
{
    const auto found = entries_.find(domain);
    if (found == entries_.end() || found->second.at != stage::resolving)
        return;
    auto& of = found->second;
    if (addresses.empty())
        return fail(domain, of, trouble::fetch_error, why, now, out);
    of.at = stage::fetching;
    out.push_back({step::kind::fetch, domain, {}, {}, std::move(addresses)});
}

void discovery::fetched(const std::string& domain, const fetch_result& what, const moment& now, steps& out)
{
    const auto found = entries_.find(domain);
    if (found == entries_.end() || found->second.at != stage::fetching)
        return;
    auto& of = found->second;
    if (what.what != trouble::none)
        return fail(domain, of, what.what, what.why, now, out);
    auto parsed = parse_policy(what.body);
    if (!parsed.what)
        return fail(domain, of, trouble::policy_invalid, parsed.why, now, out,
                    std::make_shared<const std::string>(what.body.substr(0, longest_text)));

    const bool is_other = !of.what || render(*of.what) != render(*parsed.what); // what was kept has no more than that
    if (of.has_new_id)
        of.id = of.new_id;
    const auto life = life_of(*parsed.what);
    of.is_loaded = true;
    of.fetched = now.steady;
    of.expires = now.steady + life;
    of.next_refresh = now.steady + refresh_in(life);
    of.failed_id.reset();
    of.failures = 0;
    of.retry_at = time{0};
    of.found = trouble::none;
    of.why.clear();
    put_bad(of, nullptr);
    put(of, std::make_shared<const policy>(std::move(*parsed.what)));
    out.push_back({step::kind::fetched, domain});
    keep(domain, of, now, out);
    if (is_other)
        out.push_back({step::kind::changed, domain, std::string{name_of(of.what->how)}, of.id, {}, life});
    settle(domain, of, now.steady + varied_(how_.check), now, out);
}

void discovery::fail(const std::string& domain, entry& of, trouble what, const std::string& why, const moment& now, steps& out,
                     std::shared_ptr<const std::string> bad)
{
    constexpr unsigned most_doublings = 4;
    const auto pause = std::min(how_.retry * (1U << std::min(of.failures, most_doublings)), std::max(how_.check, how_.retry));
    ++of.failures;
    if (of.has_new_id)
        of.failed_id = of.new_id;
    else
        of.failed_id.reset();
    of.retry_at = now.steady + varied_(pause);
    of.next_refresh = std::max(of.next_refresh, of.retry_at);
    of.found = what;
    of.why = why;
    put_bad(of, std::move(bad));
    out.push_back({step::kind::failed, domain, why, of.new_id, {}, {}, what});
    settle(domain, of, of.retry_at, now, out);
}

/// RFC 8461 10.2: long before the policy ends, so that whoever keeps the web server away has to do so for as long.
std::chrono::nanoseconds discovery::refresh_in(std::chrono::nanoseconds lasts) const
{
    return varied_(std::min(how_.refresh, lasts / 2));
}

void discovery::tick(const moment& now, steps& out)
{
    constexpr std::size_t most_at_once = 50;
    std::size_t begun = 0;
    for (auto& [domain, of] : entries_) {
        (void)end_if_over(domain, of, now, out);
        if (of.what && of.what->how != mode::none && of.at == stage::idle && now.steady >= of.next_refresh &&
            begun < most_at_once && begin(domain, of, now, out))
            ++begun;
    }
}

} // namespace mta_sts
