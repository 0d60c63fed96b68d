#include "rule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace rate_limit {
namespace {

using namespace std::chrono_literals;
using postern::kit::parse_amount;
using postern::kit::parse_rate;

constexpr std::array<std::string_view, 5> counted_words{"connections", "messages", "recipients", "octets", "failed-logins"};
constexpr std::array<std::string_view, 7> keyed_words{"client", "network",   "sender",          "sender-domain",
                                                      "user",   "recipient", "recipient-domain"};
constexpr std::array<std::string_view, 4> action_words{"tempfail", "reject", "score", "disconnect"};

constexpr std::size_t most_name = 40;
constexpr nanoseconds longest_refill = 366 * 24h;
constexpr nanoseconds shortest_token = 1us; ///< else rounding to nanoseconds would tell

/// Which keys are known where something is counted, a bit each.
[[nodiscard]] constexpr unsigned keys_of(counted what) noexcept
{
    const auto bit = [](keyed one) { return 1u << static_cast<unsigned>(one); };
    const unsigned ends = bit(keyed::client) | bit(keyed::network);
    const unsigned envelope = ends | bit(keyed::sender) | bit(keyed::sender_domain) | bit(keyed::user);
    switch (what) {
    case counted::connections:
        return ends;
    case counted::messages:
    case counted::octets:
        return envelope;
    case counted::recipients:
        return envelope | bit(keyed::recipient) | bit(keyed::recipient_domain);
    case counted::failed_logins:
        return ends | bit(keyed::user);
    }
    return 0;
}

template <class Enum, std::size_t Count>
[[nodiscard]] bool read_word(std::string_view word, const std::array<std::string_view, Count>& words, Enum& to)
{
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end())
        return false;
    to = static_cast<Enum>(found - words.begin());
    return true;
}

template <std::size_t Count>
[[nodiscard]] std::string one_of(const std::array<std::string_view, Count>& words)
{
    std::string all;
    for (const std::string_view word : words)
        all.append(all.empty() ? "" : ", ").append(word);
    return all;
}

[[nodiscard]] bool is_name(std::string_view name)
{
    return !name.empty() && name.size() <= most_name && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

/// "0.5" to "1000".
[[nodiscard]] bool read_points(std::string_view text, double& to)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to, std::chars_format::fixed);
    return error == std::errc{} && end == text.data() + text.size() && to >= 0.001 && to <= 1000;
}

/// Takes a rule's words one by one.
class reader {
public:
    explicit reader(rule& to) : to_{to} {}

    /// What is wrong with `word`, or nothing.
    [[nodiscard]] std::string take(std::string_view word)
    {
        const auto equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const std::string_view value = equals == word.npos ? std::string_view{} : word.substr(equals + 1);
        if (name != "shadow" && value.empty())
            return "\"" + std::string{word} + "\" is no NAME=VALUE";
        if (!said_.insert(std::string{name}).second)
            return "\"" + std::string{name} + "\" is said twice";

        if (name == "counts")
            return read_word(value, counted_words, to_.counts) ? "" : "counts is one of " + one_of(counted_words);
        if (name == "key")
            return read_word(value, keyed_words, to_.key) ? "" : "key is one of " + one_of(keyed_words);
        if (name == "action")
            return read_word(value, action_words, to_.then) ? "" : "action is one of " + one_of(action_words);
        if (name == "rate")
            return (rate_ = parse_rate(value)) ? "" : "rate is such as 100/1h or 10MiB/5m, of 1s to 31d";
        if (name == "burst")
            return (burst_ = parse_amount(value)) ? "" : "burst is a number from 1, or such as 10MiB";
        if (name == "points")
            return read_points(value, to_.points) ? "" : "points is 0.001 to 1000";
        if (name == "exempt")
            return read_exemption(value);
        if (name == "shadow") {
            to_.is_shadow = true;
            return word == "shadow" ? "" : "shadow stands alone";
        }
        return "there is no \"" + std::string{name} + "\"";
    }

    /// What is wrong with all of it, or nothing.
    [[nodiscard]] std::string end()
    {
        for (const char* needed : {"counts", "key", "rate"}) {
            if (!has(needed))
                return std::string{needed} + " is missing";
        }
        if ((keys_of(to_.counts) & 1u << static_cast<unsigned>(to_.key)) == 0)
            return std::string{word_of(to_.counts)} + " cannot be counted by " + std::string{word_of(to_.key)};
        to_.limit = bucket{*rate_, burst_.value_or(rate_->amount)};
        if (to_.counts != counted::octets && bucket{*rate_, 1}.refill() < shortest_token)
            return "rate is more than a million a second";
        if (to_.limit.refill() < 1ms)
            return "burst is back in less than a millisecond: that is no limit";
        if (to_.limit.refill() > longest_refill)
            return "burst takes more than 366 days to be back";
        if (has("points") && to_.then != action::score)
            return "points are for action=score alone";
        const bool is_before_login = to_.counts == counted::connections || to_.counts == counted::failed_logins;
        if (to_.exempts.users && is_before_login)
            return std::string{word_of(to_.counts)} + " are counted before anybody is logged in: users cannot be exempt";
        if (to_.key == keyed::user && to_.exempts.users)
            return "a rule by user that exempts users would do nothing";
        return end_failed_logins();
    }

private:
    [[nodiscard]] bool has(std::string_view name) const { return said_.contains(name); }

    /// At auth.result a failure can be answered in no other way, and a success that is refused otherwise would tell that the
    /// password was right.
    [[nodiscard]] std::string end_failed_logins()
    {
        if (to_.counts != counted::failed_logins)
            return {};
        if (has("action") && to_.then != action::disconnect)
            return "too many failed logins can only be answered with action=disconnect";
        to_.then = action::disconnect;
        return {};
    }
    [[nodiscard]] std::string read_exemption(std::string_view value)
    {
        if (value == "none")
            to_.exempts = {false, false};
        else if (value == "networks")
            to_.exempts = {true, false};
        else if (value == "users")
            to_.exempts = {false, true};
        else if (value == "both")
            to_.exempts = {true, true};
        else
            return "exempt is one of networks, users, both, none";
        return {};
    }

    rule& to_;
    std::set<std::string, std::less<>> said_;
    std::optional<rate> rate_;
    std::optional<std::uint64_t> burst_;
};

} // namespace

std::string_view word_of(counted what) noexcept
{
    return counted_words[static_cast<std::size_t>(what)];
}
std::string_view word_of(keyed what) noexcept
{
    return keyed_words[static_cast<std::size_t>(what)];
}
std::string_view word_of(action what) noexcept
{
    return action_words[static_cast<std::size_t>(what)];
}

std::string parse_rule(std::string_view name, std::string_view text, rule& to)
{
    if (!is_name(name))
        return "its name is not 1 to 40 small letters, digits, \"-\" and \"_\"";
    to = {};
    to.name = name;
    reader words{to};
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
        if (text.empty())
            return words.end();
        const std::string_view word = text.substr(0, text.find_first_of(" \t\n"));
        if (std::string problem = words.take(word); !problem.empty())
            return problem;
        text.remove_prefix(word.size());
    }
}

} // namespace rate_limit
