#include "ownership.hpp"

#include <algorithm>
#include <array>

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

/// RFC 2142 3 to 6: accounts of roles. In any case, unlike other local parts.
constexpr std::array<std::string_view, 15> roles{"info", "marketing", "sales",      "support",    "abuse",
                                                 "noc",  "security",  "postmaster", "hostmaster", "usenet",
                                                 "news", "webmaster", "www",        "uucp",       "ftp"};

bool is_role(std::string_view local_part)
{
    return std::find(roles.begin(), roles.end(), lower(local_part)) != roles.end();
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
    if (value.find('.') != value.npos) // RFC 7293 3.1: no time-secfrac
        return std::nullopt;
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

const char* ownership::set_latest(std::string_view since)
{
    latest_ = postern::kit::parse_date_time(since);
    return latest_ ? nullptr : no_time;
}

finding ownership::judge(std::string_view recipient, seconds_since_1970 since) const
{
    if (lower(recipient) == "postmaster") // RFC 5321 4.5.1: without a domain it is ours
        return finding::valid;
    const std::string key = comparable(recipient);
    const std::string_view domain = std::string_view{key}.substr(key.find_last_of('@') + 1);
    const auto domain_since = domains_since_.find(domain);
    const auto mailbox = mailboxes_.find(key);
    if (key.empty() || (mailbox == mailboxes_.end() && domain_since == domains_since_.end() && !domains_.contains(domain)))
        return finding::not_ours;
    if (is_role(std::string_view{key}.substr(0, key.find_last_of('@')))) // RFC 7293 5.1: the parameter is ignored
        return finding::valid;
    // RFC 7293 5: continuous ownership since then; who came in that very second had it.
    if (domain_since != domains_since_.end() && domain_since->second > since)
        return finding::domain_changed;
    // RFC 7293 5: without a date, the latest that it can have is taken.
    const auto owned_since = mailbox != mailboxes_.end() ? std::optional{mailbox->second} : latest_;
    if (!owned_since)
        return finding::unknown;
    return *owned_since > since ? finding::mailbox_changed : finding::valid;
}

} // namespace rrvs
