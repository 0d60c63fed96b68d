#include "introspection.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace auth_oauth2 {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_identity = 255;

finding senseless(std::string why)
{
    return {finding::kind::senseless, {}, {}, std::move(why)};
}

finding bad(std::string why)
{
    return {finding::kind::bad, {}, {}, std::move(why)};
}

/// A text, or null.
const json::string* text_of(const json::object& from, std::string_view key) noexcept
{
    const auto* const value = from.if_contains(key);
    return value == nullptr ? nullptr : value->if_string();
}

bool has_scope(const json::object& from, std::string_view wanted) noexcept
{
    const auto* const text = text_of(from, "scope");
    if (text == nullptr)
        return false;
    std::string_view rest{text->data(), text->size()}; // RFC 6749 3.3: words between spaces
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, end) == wanted)
            return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

bool has_audience(const json::object& from, std::string_view wanted) noexcept
{
    const auto is_it = [&](const json::value& one) {
        const auto* const text = one.if_string();
        return text != nullptr && std::string_view{text->data(), text->size()} == wanted;
    };
    const auto* const all = from.if_contains("aud"); // RFC 7519 4.1.3: one, or a list
    if (all == nullptr)
        return false;
    const auto* const list = all->if_array();
    return list != nullptr ? std::any_of(list->begin(), list->end(), is_it) : is_it(*all);
}

/// Seconds since 1970. False: there is something else. Some write fractions (RFC 7519 2).
bool read_time(const json::object& from, std::string_view key, std::optional<std::int64_t>& to) noexcept
{
    const auto* const value = from.if_contains(key);
    if (value == nullptr || value->is_null())
        return true;
    if (const auto* const number = value->if_int64())
        to = *number;
    else if (const auto* const large = value->if_uint64(); large != nullptr)
        to = std::numeric_limits<std::int64_t>::max();
    else if (const auto* const fraction = value->if_double(); fraction != nullptr && std::abs(*fraction) < 1e15)
        to = static_cast<std::int64_t>(std::floor(*fraction));
    return to.has_value();
}

bool is_identity(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longest_identity &&
           std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

} // namespace

finding judge(std::string_view answer, const demands& wanted, std::int64_t now)
{
    json::error_code failed;
    const auto parsed = json::parse(answer, failed); // takes 32 levels, and UTF-8 alone
    if (failed || !parsed.is_object())
        return senseless("the answer is no JSON object");
    const auto& said = parsed.get_object();
    const auto* const active = said.if_contains("active");
    if (active == nullptr || !active->is_bool())
        return senseless("the answer does not say whether the token is active");
    if (!active->get_bool())
        return bad("the token is not active");
    finding made{finding::kind::good, {}, {}, {}};
    std::optional<std::int64_t> not_before;
    if (!read_time(said, "exp", made.exp) || !read_time(said, "nbf", not_before))
        return senseless("exp or nbf is no time");
    if (made.exp && *made.exp <= now)
        return bad("the token has expired");
    if (not_before && *not_before > now)
        return bad("the token is not valid yet");
    if (!wanted.scope.empty() && !has_scope(said, wanted.scope))
        return bad("the token lacks the scope");
    if (!wanted.audience.empty() && !has_audience(said, wanted.audience))
        return bad("the token is for another audience");
    const auto* const who = text_of(said, wanted.identity_claim);
    if (who == nullptr || !is_identity({who->data(), who->size()}))
        return bad("the token has no " + wanted.identity_claim + ", or none that can be an identity");
    const auto* const verified = said.if_contains("email_verified"); // OpenID Connect Core 5.1
    if (wanted.identity_claim == "email" && verified != nullptr && !(verified->is_bool() && verified->get_bool()))
        return bad("nobody has verified the email address of the token");
    made.identity.assign(who->data(), who->size());
    return made;
}

} // namespace auth_oauth2
