#include "budget.hpp"

#include "words.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace shaping {
namespace {

constexpr std::array<std::pair<std::string_view, keyed>, 4> keys{{{"sender", keyed::sender},
                                                                  {"sender-domain", keyed::sender_domain},
                                                                  {"next-hop", keyed::next_hop},
                                                                  {"sender-domain+next-hop", keyed::sender_domain_and_next_hop}}};

} // namespace

budget_rule read_budget_rule(std::string_view text)
{
    budget_rule rule;
    bool has_key = false;
    bool has_burst = false;
    for (const auto word : words_of(text)) {
        const auto [name, value] = parts_of(word);
        const auto said = value.value_or(std::string_view{});
        if (name == "key") {
            const auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& each) { return each.first == said; });
            if (found == keys.end())
                throw std::invalid_argument("key is sender, sender-domain, next-hop or sender-domain+next-hop");
            rule.key = found->second;
            has_key = true;
        } else if (name == "rate") {
            const auto rate = postern::kit::parse_rate(said);
            if (!rate)
                throw std::invalid_argument("rate is such as 1000/1h, of 1s to 31d");
            rule.of = *rate;
        } else if (name == "burst") {
            const auto amount = postern::kit::parse_amount(said);
            if (!amount)
                throw std::invalid_argument("burst is a number from 1");
            rule.burst = *amount;
            has_burst = true;
        } else {
            throw std::invalid_argument("\"" + std::string{name} + "\" is none of key, rate and burst");
        }
    }
    if (!has_key || rule.of.amount == 0)
        throw std::invalid_argument("needs a key and a rate: \"key=sender-domain rate=1000/1h\"");
    if (!has_burst)
        rule.burst = std::max<std::uint64_t>(rule.of.amount / 10, 1);
    const auto each = rule.of.per / static_cast<nanoseconds::rep>(rule.of.amount);
    if (rule.burst > static_cast<std::uint64_t>(nanoseconds{std::chrono::hours{24 * 366}} / std::max(each, nanoseconds{1})))
        throw std::invalid_argument("burst would take more than a year to come back");
    return rule;
}

budget::budget(const budget_rule& of, std::size_t most) noexcept
    : rule_{of}, most_{most}, each_{of.of.per / static_cast<nanoseconds::rep>(of.of.amount)}, span_{each_ *
                                                                                                    static_cast<nanoseconds::rep>(
                                                                                                        of.burst)}
{
}

nanoseconds budget::wait(std::string_view who, nanoseconds now) const
{
    const auto found = places_.find(who);
    if (found == places_.end())
        return nanoseconds{0};
    return std::max(std::max(found->second->full_at, now) + each_ - span_ - now, nanoseconds{0});
}

void budget::take(std::string_view who, nanoseconds now)
{
    const auto found = places_.find(who);
    if (found == places_.end()) {
        if (all_.size() >= most_) {
            places_.erase(all_.back().who);
            all_.pop_back();
        }
        all_.push_front({std::string{who}, now + each_});
        places_.emplace(all_.front().who, all_.begin());
        return;
    }
    all_.splice(all_.begin(), all_, found->second);
    found->second->full_at = std::max(found->second->full_at, now) + each_;
}

} // namespace shaping
