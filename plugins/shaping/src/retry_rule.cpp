#include "retry_rule.hpp"

#include "words.hpp"

#include <postern/kit/rate.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace shaping {

retry_rule read_retry_rule(std::string_view text)
{
    retry_rule rule;
    for (const auto word : words_of(text)) {
        const auto [name, value] = parts_of(word);
        const auto time = postern::kit::parse_time(value.value_or(name));
        if ((value && name != "give-up") || !time)
            throw std::invalid_argument("\"" + std::string{word} + "\" is no time such as 15m, nor give-up=6h; of 1s to 31d");
        if (value)
            rule.give_up = *time;
        else
            rule.waits.push_back(*time);
    }
    if (rule == retry_rule{})
        throw std::invalid_argument("says nothing; \"5m 15m 1h give-up=6h\"");
    if (std::any_of(rule.waits.begin(), rule.waits.end(), [](auto each) { return each > std::chrono::hours{24 * 27}; }))
        throw std::invalid_argument("nobody waits for more than 27 days");
    return rule;
}

retry_decision decide(const retry_rule& by, std::uint32_t attempts, std::chrono::seconds age, double chance)
{
    if (by.give_up.count() != 0 && age >= by.give_up)
        return {true, {}};
    if (by.waits.empty() && by.give_up.count() == 0)
        return {};
    retry_decision decided;
    if (!by.waits.empty()) {
        const auto usual =
            std::chrono::milliseconds{by.waits[std::min<std::size_t>(std::max(attempts, 1U), by.waits.size()) - 1]};
        constexpr double spread = 0.1;
        decided.wait = std::chrono::milliseconds{
            static_cast<std::chrono::milliseconds::rep>(static_cast<double>(usual.count()) * (1 - spread + 2 * spread * chance))};
    }
    // One last attempt at the end, and not behind it.
    if (by.give_up.count() != 0) {
        const auto left = std::chrono::milliseconds{by.give_up - age};
        if (decided.wait && *decided.wait > left)
            decided.wait = left;
    }
    return decided;
}

} // namespace shaping
