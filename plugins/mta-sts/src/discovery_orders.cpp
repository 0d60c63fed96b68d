// The part of discovery that operators use.

#include "discovery.hpp"

namespace mta_sts {

bool discovery::refresh(const std::string& domain, const moment& now, steps& out)
{
    auto& of = find_or_make(domain);
    of.is_forced = of.at != stage::idle || begin(domain, of, now, out);
    return of.is_forced;
}

void discovery::forget(const std::string& domain, steps& out)
{
    drop(domain, out);
    const auto found = entries_.find(domain);
    if (found == entries_.end())
        return;
    auto& of = found->second;
    put(of, nullptr);
    put_bad(of, nullptr);
    of.id.clear();
    of.failed_id.reset();
    of.failures = 0;
    of.retry_at = of.next_check = time{0};
    of.found = trouble::none;
    of.why.clear();
    of.is_loaded = true; // what is being read is what is dropped
}

discovery::facts discovery::facts_of(const std::string& domain, const entry& of, const moment& now)
{
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    facts made{domain, nullptr, {}, {}, {}, of.found, of.why, of.failures};
    if (of.what && now.steady < of.expires) {
        made.what = of.what;
        made.id = of.id;
        made.lasts = duration_cast<seconds>(of.expires - now.steady);
        made.age = duration_cast<seconds>(now.steady - of.fetched);
    }
    return made;
}

std::optional<discovery::facts> discovery::facts_of(const std::string& domain, const moment& now) const
{
    const auto found = entries_.find(domain);
    return found == entries_.end() ? std::nullopt : std::optional{facts_of(domain, found->second, now)};
}

std::vector<discovery::facts> discovery::all(const moment& now) const
{
    std::vector<facts> made;
    for (const auto& [domain, of] : entries_)
        if (of.what || of.found != trouble::none)
            made.push_back(facts_of(domain, of, now));
    return made;
}

std::pair<std::size_t, std::string> discovery::stale(unsigned times) const
{
    std::pair<std::size_t, std::string> made{0, {}};
    for (const auto& [domain, of] : entries_)
        if (of.what && of.what->how != mode::none && of.failures >= times && made.first++ == 0)
            made.second = domain;
    return made;
}

} // namespace mta_sts
