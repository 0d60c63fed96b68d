#include "shelf.hpp"

namespace mta_sts {

bool shelf::put(const std::string& domain, const item& what, time now, std::vector<std::string>& gone)
{
    forget_what_ended(now);
    const auto before = items_.find(domain);
    const auto came = before == items_.end() ? ++last_ : before->second.came;
    remove(domain);

    const rank own{what.days, came, domain};
    auto count = items_.size() + 1;
    auto octets = octets_ + what.octets;
    std::vector<std::string> less;
    for (auto at = ranks_.begin(); count > most_.policies || octets > most_.octets; ++at) {
        if (at == ranks_.end() || !(*at < own))
            return false;
        --count;
        octets -= items_.at(at->domain).what.octets;
        less.push_back(at->domain);
    }
    for (const auto& each : less) {
        remove(each);
        gone.push_back(each);
    }
    items_.emplace(domain, placed{what, came});
    ranks_.insert(own);
    ends_.emplace(what.ends, domain);
    octets_ += what.octets;
    return true;
}

void shelf::remove(const std::string& domain)
{
    const auto found = items_.find(domain);
    if (found == items_.end())
        return;
    const auto& [what, came] = found->second;
    octets_ -= what.octets;
    ranks_.erase({what.days, came, domain});
    ends_.erase({what.ends, domain});
    items_.erase(found);
}

void shelf::forget_what_ended(time now)
{
    while (!ends_.empty() && ends_.begin()->first <= now)
        remove(std::string{ends_.begin()->second});
}

} // namespace mta_sts
