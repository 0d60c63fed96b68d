#include "priority_policy.hpp"

#include <algorithm>

namespace mt_priority {
namespace {

constexpr const char* out_of_range = "is -9 to 9";

constexpr bool is_priority(int number) noexcept
{
    return number >= -9 && number <= 9;
}

} // namespace

std::optional<int> parse_priority(std::string_view text) noexcept
{
    const bool is_negative = text.starts_with('-');
    if (is_negative)
        text.remove_prefix(1);
    if (text.size() != 1 || text.front() < (is_negative ? '1' : '0') || text.front() > '9')
        return std::nullopt;
    const int number = text.front() - '0';
    return is_negative ? -number : number;
}

const char* priority_policy::set_profile(std::string_view name)
{
    if (name == "MIXER") // RFC 6710 appendix B
        levels_ = {-4, 0, 4};
    else if (name == "STANAG4406") // RFC 6710 appendix A
        levels_ = {-4, -2, 0, 2, 4, 6};
    else if (name == "NSEP") // RFC 6710 appendix C
        levels_ = {-2, 0, 2, 4, 6};
    else if (name.empty())
        levels_.clear();
    else
        return "is \"MIXER\", \"STANAG4406\", \"NSEP\" or empty";
    return nullptr;
}

const char* priority_policy::set_most(int priority)
{
    most_ = priority;
    return is_priority(priority) ? nullptr : out_of_range;
}

const char* priority_policy::set_least(int priority)
{
    least_ = priority;
    return is_priority(priority) ? nullptr : out_of_range;
}

int priority_policy::settle(int asked, std::string_view address, std::string_view identity) const noexcept
{
    // RFC 6710 4.1: who may not have it gets less, and is told.
    const bool is_trusted = !identity.empty() || trusted_.contains(address);
    return is_trusted ? asked : std::min(asked, most_);
}

int priority_policy::level_of(int priority) const noexcept
{
    if (levels_.empty())
        return priority;
    // RFC 6710 5: what is no level counts as the next higher one; what is above all of them, as the highest.
    const auto level = std::lower_bound(levels_.begin(), levels_.end(), priority);
    return level == levels_.end() ? levels_.back() : *level;
}

} // namespace mt_priority
