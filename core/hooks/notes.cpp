#include "core/hooks/notes.hpp"

#include <algorithm>

namespace postern::hooks {

void notes::enter(base::transaction_id now) noexcept
{
    if (now == transaction_)
        return;
    transaction_ = now;
    std::erase_if(all_, [this](const note& each) {
        if (each.is_of_transaction)
            octets_ -= each.octets();
        return each.is_of_transaction;
    });
}

note_status notes::set(base::transaction_id of, std::string_view name, std::string_view value)
{
    const bool is_of_transaction = of != base::transaction_id{};
    if (is_of_transaction && of != transaction_)
        return note_status::stale;
    const auto known = std::ranges::find_if(
        all_, [&](const note& each) { return each.is_of_transaction == is_of_transaction && each.name == name; });
    const auto before = known == all_.end() ? 0 : known->octets();
    const auto after = octets_ - before + name.size() + value.size();
    if (after > most_octets || (known == all_.end() && all_.size() == most))
        return note_status::no_room;
    if (known == all_.end())
        all_.push_back({std::string{name}, std::string{value}, is_of_transaction});
    else
        known->value = value;
    octets_ = after;
    return note_status::done;
}

std::optional<std::string_view> notes::find(std::string_view name) const noexcept
{
    const note* found = nullptr;
    for (const auto& each : all_)
        if (each.name == name && (found == nullptr || each.is_of_transaction))
            found = &each;
    return found == nullptr ? std::nullopt : std::optional<std::string_view>{found->value};
}

} // namespace postern::hooks
