#include "rule.hpp"

#include "domain_name.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

namespace routes {
namespace {

/// The next word; empty: there is none.
[[nodiscard]] std::string_view take_word(std::string_view& from)
{
    const auto begin = std::min(from.find_first_not_of(" \t"), from.size());
    from.remove_prefix(begin);
    const auto word = from.substr(0, std::min(from.find_first_of(" \t"), from.size()));
    from.remove_prefix(word.size());
    return word;
}

/// RFC 3463 2, of that class.
[[nodiscard]] bool is_status(std::string_view word, char klass)
{
    if (word.size() < 5 || word.size() > 9 || word[0] != klass || word[1] != '.')
        return false;
    const auto dot = word.find('.', 2);
    const auto is_number = [](std::string_view digits) {
        return !digits.empty() && digits.size() <= 3 && (digits.size() == 1 || digits.front() != '0') &&
               std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    return dot != std::string_view::npos && is_number(word.substr(2, dot - 2)) && is_number(word.substr(dot + 1));
}

[[nodiscard]] std::string text_of(std::string_view rest, const char* usual)
{
    constexpr std::size_t longest = 200;
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t'))
        rest.remove_prefix(1);
    if (rest.size() > longest || !std::all_of(rest.begin(), rest.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        throw std::invalid_argument{"a text is at most 200 printable ASCII characters"};
    return rest.empty() ? usual : std::string{rest};
}

[[nodiscard]] rule an_end(rule::kind what, char klass, const char* status, const char* text, std::string_view rest)
{
    rule made{.what = what, .enhanced = status};
    auto behind = rest;
    const auto word = take_word(behind);
    if (is_status(word, klass)) {
        made.enhanced = word;
        rest = behind;
    } else if (!word.empty() && word.front() >= '0' && word.front() <= '9') {
        throw std::invalid_argument{"\"" + std::string{word} + "\" is no status such as " + status};
    }
    made.text = text_of(rest, text);
    return made;
}

[[nodiscard]] tls_wish read_tls(std::string_view value)
{
    constexpr std::string_view named = "verified:";
    if (value == "required")
        return {tls_wish::need::required};
    if (value == "verified")
        return {tls_wish::need::verified};
    if (value.starts_with(named))
        if (auto name = folded_domain(value.substr(named.size())))
            return {tls_wish::need::verified, std::move(*name)};
    throw std::invalid_argument{"\"tls=" + std::string{value} + "\" is none of tls=required, tls=verified and tls=verified:NAME"};
}

void check(const rule& made)
{
    if (made.what != rule::kind::targets)
        return;
    for (const auto& group : made.groups)
        if (group.empty())
            throw std::invalid_argument{"\"else\" stands between targets"};
    if (made.tls.what == tls_wish::need::usual)
        return;
    for (const auto& group : made.groups)
        for (const auto& each : group)
            if (each.what == target::kind::transport || each.what == target::kind::socket)
                throw std::invalid_argument{"\"" + each.name + "\" has no TLS to ask for"};
}

/// Of a message and a target, evenly from 0 to 1 and neither.
[[nodiscard]] double chance(std::string_view message, std::string_view name)
{
    std::uint64_t hash = 0xcbf29ce484222325U; // FNV-1a
    const auto add = [&hash](std::string_view octets) {
        for (const char c : octets)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    };
    add(message);
    add("\n");
    add(name);
    hash ^= hash >> 33U; // all bits count in all
    hash *= 0xff51afd7ed558ccdU;
    hash ^= hash >> 33U;
    hash *= 0xc4ceb9fe1a85ec53U;
    hash ^= hash >> 33U;
    return (static_cast<double>(hash >> 11U) + 0.5) / 9007199254740992.0; // 2^53
}

} // namespace

rule read_rule(std::string_view text)
{
    auto rest = text;
    const auto first = take_word(rest);
    if (first.empty())
        throw std::invalid_argument{"is empty"};
    if (first == "fail")
        return an_end(rule::kind::fail, '5', "5.1.2", "mail for that domain is not taken", rest);
    if (first == "defer")
        return an_end(rule::kind::defer, '4', "4.3.2", "mail for that domain is put off", rest);
    if (first == "hold")
        return {.what = rule::kind::hold, .text = text_of(rest, "held by a route")};

    rule made{.what = rule::kind::targets, .groups = {{}}};
    bool is_usual = false;
    rest = text;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        constexpr std::string_view tls = "tls=";
        if (word == "else") {
            made.groups.emplace_back();
        } else if (word == "usual") {
            is_usual = true;
        } else if (word.starts_with(tls)) {
            if (made.tls.what != tls_wish::need::usual)
                throw std::invalid_argument{"says \"tls=\" twice"};
            made.tls = read_tls(word.substr(tls.size()));
        } else {
            made.groups.back().push_back(read_target(word));
            const auto& name = made.groups.back().back().name;
            for (const auto& group : made.groups)
                if (std::count_if(group.begin(), group.end(), [&](const auto& each) { return each.name == name; }) >
                    (&group == &made.groups.back() ? 1 : 0))
                    throw std::invalid_argument{"names \"" + std::string{word} + "\" twice; a weight is \"" + std::string{word} +
                                                "*2\""};
        }
    }
    if (is_usual) {
        if (made.groups.size() > 1 || !made.groups.front().empty())
            throw std::invalid_argument{"\"usual\" stands alone, or with tls="};
        made.what = rule::kind::usual;
        made.groups.clear();
    }
    check(made);
    return made;
}

std::vector<const target*> in_turn(const rule& of, std::string_view message)
{
    std::vector<const target*> all;
    std::vector<std::pair<double, const target*>> drawn;
    for (const auto& group : of.groups) {
        drawn.clear();
        // Weighted rendezvous hashing: the smallest of -ln(chance)/weight is each one's as often as its weight says.
        for (const auto& each : group)
            drawn.emplace_back(-std::log(chance(message, each.name)) / each.weight, &each);
        std::sort(drawn.begin(), drawn.end());
        for (const auto& each : drawn)
            all.push_back(each.second);
    }
    return all;
}

} // namespace routes
