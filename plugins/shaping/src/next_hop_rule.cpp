#include "next_hop_rule.hpp"

#include "words.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/kit/rate.hpp>

#include <charconv>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace shaping {
namespace {

constexpr std::uint32_t most_concurrency = 10'000;

std::uint32_t read_concurrency(std::string_view text)
{
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number == 0 || number > most_concurrency)
        throw std::invalid_argument("concurrency is a number from 1 to 10000");
    return number;
}

} // namespace

next_hop_rule read_next_hop_rule(std::string_view text)
{
    next_hop_rule rule;
    const auto words = words_of(text);
    if (words.empty())
        throw std::invalid_argument("says nothing; \"concurrency=2 rate=60/1m pool=NAME\", or \"suspended TEXT\"");
    if (words.front() == "suspended") {
        rule.suspended = postern::kit::trimmed(text.substr(text.find("suspended") + std::string_view{"suspended"}.size()));
        if (rule.suspended.empty())
            throw std::invalid_argument("suspended wants to know why: \"suspended TEXT\"");
        return rule;
    }
    for (const auto word : words) {
        const auto [name, value] = parts_of(word);
        if (!value || value->empty())
            throw std::invalid_argument("\"" + std::string{word} + "\" has no value");
        if (name == "concurrency") {
            rule.concurrency = read_concurrency(*value);
        } else if (name == "rate") {
            const auto rate = postern::kit::parse_rate(*value);
            if (!rate || rate->amount > std::numeric_limits<std::uint32_t>::max())
                throw std::invalid_argument("rate is such as 60/1m, of 1s to 30d");
            rule.rate_count = static_cast<std::uint32_t>(rate->amount);
            rule.rate_time = std::chrono::duration_cast<std::chrono::milliseconds>(rate->per);
            if (rule.rate_time > std::chrono::hours{24 * 30})
                throw std::invalid_argument("rate is such as 60/1m, of 1s to 30d");
        } else if (name == "pool") {
            rule.pool = *value;
        } else {
            throw std::invalid_argument("\"" + std::string{name} + "\" is none of concurrency, rate and pool");
        }
    }
    return rule;
}

std::string table_name_of(std::string_view next_hop)
{
    constexpr std::string_view lmtp = "lmtp:";
    if (next_hop.starts_with(lmtp))
        next_hop.remove_prefix(lmtp.size());
    if (next_hop.starts_with("[")) // of an address the text between the brackets
        return postern::kit::lowered(next_hop.substr(1, next_hop.find(']') - 1));
    const auto colon = next_hop.rfind(':');
    return postern::kit::lowered(next_hop.substr(0, next_hop.starts_with("unix:") ? next_hop.npos : colon));
}

} // namespace shaping
