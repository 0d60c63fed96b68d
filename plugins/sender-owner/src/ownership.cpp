#include "ownership.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sender_owner {
namespace {

/// Of a line that may end in CRLF.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept
{
    return postern::kit::trimmed(text, " \t\r");
}

/// Something on both sides of the last "@", which is where a domain begins (a quoted local part may hold another).
[[nodiscard]] bool is_address(std::string_view text) noexcept
{
    const auto at = text.rfind('@');
    return at != std::string_view::npos && at != 0 && at + 1 < text.size();
}

[[nodiscard]] bool is_entry(std::string_view text) noexcept
{
    const bool is_domain = text.size() > 1 && text.front() == '@' && text.find('@', 1) == std::string_view::npos;
    return (is_domain || (is_address(text) && text.front() != '@')) && text.find_first_of(" \t<>") == std::string_view::npos;
}

} // namespace

const char* ownership::set_separator(std::string_view text)
{
    if (text.size() > 1 || text == "@" || text == "\"" || text == " ")
        return "is one octet that a local part may hold, such as \"+\", or empty";
    separator_ = text.empty() ? '\0' : text.front();
    return nullptr;
}

const char* ownership::add(std::string_view identity, std::string_view addresses)
{
    if (identity.empty())
        return "has no identity";
    std::vector<std::string> all;
    for (bool is_last = false; !is_last;) {
        const auto comma = addresses.find(',');
        is_last = comma == std::string_view::npos;
        const auto entry = trimmed(addresses.substr(0, comma));
        if (!is_entry(entry))
            return "has no list of addresses such as \"alice@example.com, @alice.example\"";
        all.push_back(comparable(entry));
        addresses.remove_prefix(is_last ? addresses.size() : comma + 1);
    }
    auto& owned = owned_[std::string{identity}];
    owned.insert(owned.end(), all.begin(), all.end());
    return nullptr;
}

const char* ownership::add_line(std::string_view line)
{
    line = trimmed(line);
    if (line.empty() || line.front() == '#')
        return nullptr;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
        return "has no colon behind the identity";
    return add(trimmed(line.substr(0, colon)), line.substr(colon + 1));
}

bool ownership::owns(std::string_view identity, std::string_view sender) const
{
    if (!is_address(sender))
        return false;
    const auto wanted = comparable(sender);
    if (identity_is_address && is_address(identity) && is_same(wanted, comparable(identity)))
        return true;
    const auto found = owned_.find(identity);
    return found != owned_.end() && std::any_of(found->second.begin(), found->second.end(),
                                                [&](const std::string& owned) { return is_same(wanted, owned); });
}

/// RFC 5321 2.4: domains in any case; local parts as their host sees them.
std::string ownership::comparable(std::string_view address) const
{
    const auto at = address.rfind('@');
    const auto local = address.substr(0, at);
    return (case_sensitive ? std::string{local} : postern::kit::lowered(local)) + postern::kit::lowered(address.substr(at));
}

bool ownership::is_same(std::string_view sender, std::string_view owned) const
{
    if (sender == owned)
        return true;
    const auto sender_at = sender.rfind('@');
    const auto owned_at = owned.rfind('@');
    if (sender.substr(sender_at) != owned.substr(owned_at))
        return false;
    if (owned_at == 0) // all of a domain
        return true;
    // RFC 5233 1: user, separator, detail.
    const auto local = sender.substr(0, sender_at);
    return separator_ != '\0' && local.size() > owned_at && local.substr(0, owned_at) == owned.substr(0, owned_at) &&
           local[owned_at] == separator_;
}

} // namespace sender_owner
