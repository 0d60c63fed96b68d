#include "core/delivery/admissions.hpp"

#include <algorithm>

namespace postern::delivery {

void admissions::keep(base::message_id who, const std::string& where, const std::vector<std::uint32_t>& recipients)
{
    if (recipients.empty() || size_ + recipients.size() > most_)
        return;
    const auto at = all_.try_emplace({who, where}).first;
    by_place_.emplace(at->first.second, who);
    auto& those = at->second;
    const auto before = those.size();
    those.insert(recipients.begin(), recipients.end());
    size_ += those.size() - before;
}

bool admissions::has(base::message_id who, const std::string& where, const std::vector<std::uint32_t>& recipients) const
{
    if (all_.empty())
        return false;
    const auto found = all_.find({who, where});
    return found != all_.end() &&
           std::all_of(recipients.begin(), recipients.end(), [&](auto index) { return found->second.contains(index); });
}

void admissions::forget(base::message_id who, const std::string& where, const std::vector<std::uint32_t>& recipients)
{
    if (all_.empty())
        return;
    const auto found = all_.find({who, where});
    if (found == all_.end())
        return;
    for (const auto index : recipients)
        size_ -= found->second.erase(index);
    if (found->second.empty())
        (void)erase(found);
}

void admissions::forget(base::message_id who)
{
    for (auto at = all_.lower_bound({who, {}}); at != all_.end() && at->first.first == who;)
        at = erase(at);
}

void admissions::forget_at(std::string_view where)
{
    for (auto at = by_place_.lower_bound({where, {}}); at != by_place_.end() && at->first == where;
         at = by_place_.lower_bound({where, {}}))
        (void)erase(all_.find({at->second, std::string{where}}));
}

void admissions::forget_all() noexcept
{
    by_place_.clear();
    all_.clear();
    size_ = 0;
}

admissions::entries::iterator admissions::erase(entries::iterator which)
{
    size_ -= which->second.size();
    by_place_.erase({which->first.second, which->first.first});
    return all_.erase(which);
}

} // namespace postern::delivery
