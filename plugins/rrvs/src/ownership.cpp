#include "ownership.hpp"

#include <algorithm>

namespace rrvs {
namespace {

std::string lower(std::string_view text)
{
    std::string made{text};
    std::transform(made.begin(), made.end(), made.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return made;
}

bool is_plain(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != '@' && c != 0x7f; });
}

constexpr const char* no_domain = "is no domain";
constexpr const char* no_time = "has no time such as \"2024-01-31T12:00:00Z\"";

} // namespace

std::optional<condition> parse_condition(std::string_view value)
{
    condition made{};
    if (const auto semicolon = value.find(';'); semicolon != value.npos) {
        const std::string_view action = value.substr(semicolon + 1);
        if (action == "C" || action == "c")
            made.may_continue = true;
        else if (action != "R" && action != "r")
            return std::nullopt;
        value = value.substr(0, semicolon);
    }
    const auto since = postern::kit::parse_date_time(value);
    if (!since)
        return std::nullopt;
    made.since = *since;
    return made;
}

std::string comparable(std::string_view address)
{
    const auto at = address.rfind('@');
    if (at == address.npos || at == 0 || at + 1 == address.size())
        return {};
    return std::string{address.substr(0, at + 1)} + lower(address.substr(at + 1));
}

const char* ownership::add_domain(std::string_view name)
{
    if (!is_plain(name))
        return no_domain;
    domains_.insert(lower(name));
    return nullptr;
}

const char* ownership::add_mailbox(std::string_view address, std::string_view since)
{
    std::string key = comparable(address);
    if (key.empty())
        return "is no address";
    const auto when = postern::kit::parse_date_time(since);
    if (!when)
        return no_time;
    mailboxes_.insert_or_assign(std::move(key), *when);
    return nullptr;
}

const char* ownership::add_domain_since(std::string_view name, std::string_view since)
{
    if (!is_plain(name))
        return no_domain;
    const auto when = postern::kit::parse_date_time(since);
    if (!when)
        return no_time;
    domains_since_.insert_or_assign(lower(name), *when);
    return nullptr;
}

finding ownership::judge(std::string_view recipient, seconds_since_1970 since) const
{
    const std::string key = comparable(recipient);
    const std::string_view domain = std::string_view{key}.substr(key.find_last_of('@') + 1);
    // RFC 7293 5: continuous ownership since then; who came in that very second had it.
    if (const auto found = domains_since_.find(domain); found != domains_since_.end() && found->second > since)
        return finding::domain_changed;
    if (const auto found = mailboxes_.find(key); found != mailboxes_.end())
        return found->second > since ? finding::mailbox_changed : finding::valid;
    const bool is_ours = domains_.contains(domain) || domains_since_.contains(domain);
    return !key.empty() && is_ours ? finding::unknown : finding::not_ours;
}

} // namespace rrvs
