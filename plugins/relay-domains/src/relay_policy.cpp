#include "relay_policy.hpp"

#include <algorithm>
#include <array>

namespace relay_domains {
namespace {

constexpr std::size_t longest_domain = 255; // RFC 5321 4.5.3.1.2
constexpr std::size_t longest_path = 256;   // RFC 5321 4.5.3.1.3, without its brackets

constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_printable(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

/// "postmaster" without a domain, in any case (RFC 5321 4.5.1).
bool is_postmaster(std::string_view text) noexcept
{
    constexpr std::string_view name = "postmaster";
    return std::equal(text.begin(), text.end(), name.begin(), name.end(), [](char a, char b) { return lower(a) == b; });
}

/// Splits at the last "@"; false if either side is empty. A quoted local part may hold others, a domain holds none.
bool split(std::string_view address, std::string_view& local, std::string_view& domain) noexcept
{
    const std::size_t at = address.rfind('@');
    if (at == address.npos || at == 0 || at + 1 == address.size())
        return false;
    local = address.substr(0, at);
    domain = address.substr(at + 1);
    return true;
}

/// Whether no server behind us could read a route out of it (percent hack, bang path, source route, a second address), nor
/// anything else than a name: RFC 5321 4.1.2 without its stranger half.
bool is_plain_local_part(std::string_view local) noexcept
{
    if (local.find_first_of("%!@:,") != local.npos)
        return false;
    if (local.front() == '"') {
        return local.size() > 2 && local.back() == '"' &&
               std::all_of(local.begin(), local.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
    }
    return is_printable(local) && local.find_first_of("\"()<>[]\\;") == local.npos;
}

} // namespace

const char* relay_policy::add_domain(std::string_view text)
{
    const bool is_parent = text.starts_with("*.");
    if (is_parent)
        text.remove_prefix(2);
    if (text.empty())
        return "is empty";
    if (text.size() > longest_domain)
        return "is longer than a domain can be";
    if (text.find_first_of("@*") != text.npos)
        return "is no domain; a wildcard is written \"*.example.com\"";
    if (!is_printable(text) || text.front() == '.' || text.back() == '.')
        return "is no domain";

    std::string name{text};
    std::transform(name.begin(), name.end(), name.begin(), lower);
    (is_parent ? parents_ : domains_).insert(std::move(name));
    return nullptr;
}

const char* relay_policy::add_address(std::string_view text)
{
    std::string_view local;
    std::string_view domain;
    if (!split(text, local, domain))
        return "is no address";
    if (text.size() > longest_path)
        return "is longer than an address can be";
    if (!is_printable(domain))
        return "is no address";
    std::string whole{text};
    std::transform(whole.begin() + static_cast<std::ptrdiff_t>(local.size()), whole.end(),
                   whole.begin() + static_cast<std::ptrdiff_t>(local.size()), lower);
    addresses_.insert(std::move(whole));
    return nullptr;
}

bool relay_policy::takes(std::string_view recipient) const
{
    if (is_postmaster(recipient))
        return true;
    std::string_view local;
    std::string_view domain;
    if (!split(recipient, local, domain) || recipient.size() > longest_path)
        return false;

    // The address with its domain in lower case, without the heap.
    std::array<char, longest_path> folded;
    auto end = std::copy(local.begin(), local.end(), folded.begin());
    *end++ = '@';
    const auto domain_at = end;
    end = std::transform(domain.begin(), domain.end(), end, lower);
    const std::string_view whole{folded.begin(), end};

    if (addresses_.find(whole) != addresses_.end())
        return true;
    return is_plain_local_part(local) && takes_domain({domain_at, end});
}

bool relay_policy::takes_domain(std::string_view name) const noexcept
{
    if (domains_.find(name) != domains_.end())
        return true;
    if (parents_.empty())
        return false;
    for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) {
        if (dot != 0 && parents_.find(name.substr(dot + 1)) != parents_.end())
            return true;
    }
    return false;
}

} // namespace relay_domains
