#include "rule.hpp"

#include "glob.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace replies {

namespace {

constexpr std::array<std::string_view, 6> stage_names{"route", "peer", "mail", "rcpt", "data", "end"};
constexpr std::int64_t most_memory = std::int64_t{1} << 20; // of a compiled expression, octets
constexpr std::chrono::hours longest{24 * 30};

[[noreturn]] void refuse(std::string_view what, std::string_view why)
{
    throw std::invalid_argument("\"" + std::string{what} + "\" " + std::string{why});
}

template <class Number>
Number number_in(std::string_view text, std::string_view whole)
{
    Number made = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), made);
    if (error != std::errc{} || end != text.data() + text.size())
        refuse(whole, "has no number where one belongs");
    return made;
}

/// "30s", "15m", "2h", "1d".
std::chrono::milliseconds time_in(std::string_view text)
{
    static constexpr std::array<std::pair<char, std::chrono::seconds>, 4> units{{{'s', std::chrono::seconds{1}},
                                                                                 {'m', std::chrono::minutes{1}},
                                                                                 {'h', std::chrono::hours{1}},
                                                                                 {'d', std::chrono::hours{24}}}};
    const auto unit =
        std::find_if(units.begin(), units.end(), [&](const auto& each) { return !text.empty() && text.back() == each.first; });
    if (unit == units.end())
        refuse(text, "is no time such as \"15m\" or \"2h\"");
    const auto count = number_in<std::uint32_t>(text.substr(0, text.size() - 1), text);
    if (count == 0 || std::chrono::seconds{longest} / unit->second < count)
        refuse(text, "is no time from a second to 30 days");
    return count * unit->second;
}

bool is_code(std::string_view text)
{
    if (text == "none")
        return true;
    // RFC 5321 4.2.1: what is not taken is 4yz or 5yz.
    return text.size() == 3 && (text[0] == '4' || text[0] == '5') && (text[1] == 'y' || (text[1] >= '0' && text[1] <= '5')) &&
           (text[2] == 'z' || (text[2] >= '0' && text[2] <= '9')) && !(text[1] == 'y' && text[2] != 'z');
}

bool fits_code(std::string_view pattern, std::uint32_t code)
{
    if (pattern == "none")
        return code == 0;
    const auto digits = std::to_string(code);
    return digits.size() == 3 && std::equal(digits.begin(), digits.end(), pattern.begin(),
                                            [](char digit, char of) { return of == 'y' || of == 'z' || of == digit; });
}

std::shared_ptr<const re2::RE2> expression_in(std::string_view value)
{
    if (value.size() < 2 || value.front() != '/' || value.back() != '/')
        refuse(value, "is no expression such as /blocked/, at the end of the rule");
    re2::RE2::Options options{re2::RE2::Latin1}; // replies are octets: what is no UTF-8 is matched too
    options.set_case_sensitive(false);
    options.set_max_mem(most_memory);
    options.set_log_errors(false);
    const auto text = value.substr(1, value.size() - 2);
    auto made = std::make_shared<const re2::RE2>(re2::StringPiece{text.data(), text.size()}, options);
    if (!made->ok())
        refuse(value, "is no regular expression: " + made->error());
    return made;
}

} // namespace

rule rule::read(std::string_view text, const times& of)
{
    rule made;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        if (text.empty())
            break;
        constexpr std::string_view expression = "text=";
        auto word = text.substr(0, text.find_first_of(" \t"));
        if (text.starts_with(expression)) { // to its last "/", since it may hold spaces
            const auto end = text.rfind('/');
            word = end == text.npos || end <= expression.size() ? text : text.substr(0, end + 1);
        }
        text.remove_prefix(word.size());
        const auto equals = word.find('=');
        const auto name = word.substr(0, equals);
        const auto value = equals == word.npos ? std::string_view{} : word.substr(equals + 1);
        if (name == "then" || name == "rest" || name == "suspend")
            made.take_action(name, value, of);
        else if (value.empty())
            refuse(word, "is none of next-hop=, code=, enhanced=, stage=, text=, attempts=, result=, then=, rest, suspend");
        else
            made.take_condition(name, value);
    }
    if (!made.said_ && made.rest_.count() == 0)
        throw std::invalid_argument("says neither then=defer, then=fail or then=stay, nor rest or suspend");
    made.then_ = made.said_.value_or(outcome::as_it_is);
    return made;
}

void rule::take_condition(std::string_view name, std::string_view value)
{
    if (name == "next-hop") {
        next_hop_ = value;
    } else if (name == "enhanced") {
        enhanced_ = value;
    } else if (name == "code") {
        if (!is_code(value))
            refuse(value, "is no code such as 550, 55z, 5yz or none");
        code_ = value;
    } else if (name == "stage") {
        for (auto rest = value; !rest.empty();) {
            const auto one = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(one.size() + 1, rest.size()));
            const auto found = std::find(stage_names.begin(), stage_names.end(), one);
            if (found == stage_names.end())
                refuse(one, "is no stage: there are route, peer, mail, rcpt, data and end");
            stages_ |= 1U << static_cast<unsigned>(found - stage_names.begin());
        }
    } else if (name == "text") {
        text_ = expression_in(value);
    } else if (name == "attempts") {
        from_attempt_ = number_in<std::uint32_t>(value, value);
    } else if (name == "result") {
        if (value != "failed" && value != "deferred")
            refuse(value, "is no result: there are failed and deferred");
        is_failure_ = value == "failed";
    } else {
        refuse(name, "is none of next-hop=, code=, enhanced=, stage=, text=, attempts=, result=, then=, rest, suspend");
    }
}

void rule::take_action(std::string_view name, std::string_view value, const times& of)
{
    if (name == "then") {
        if (value == "defer")
            said_ = outcome::defer;
        else if (value == "fail")
            said_ = outcome::fail;
        else if (value == "stay")
            said_ = outcome::as_it_is;
        else
            refuse(value, "is no end: there are defer, fail and stay");
    } else {
        rest_ = value.empty() ? (name == "rest" ? of.rest : of.suspend) : time_in(value);
    }
}

bool rule::fits(const heard& what) const
{
    if (!code_.empty() && !fits_code(code_, what.code))
        return false;
    if (stages_ != 0 && (stages_ >> static_cast<unsigned>(what.at) & 1U) == 0)
        return false;
    if (is_failure_ && *is_failure_ != what.is_failure)
        return false;
    if (what.attempt + 1 < from_attempt_)
        return false;
    if (!replies::fits(next_hop_, what.next_hop) || (!enhanced_.empty() && !replies::fits(enhanced_, what.enhanced)))
        return false;
    return text_ == nullptr || re2::RE2::PartialMatch(re2::StringPiece{what.text.data(), what.text.size()}, *text_);
}

} // namespace replies
