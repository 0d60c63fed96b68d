#include "turn_policy.hpp"

#include <algorithm>
#include <optional>

namespace etrn {
namespace {

constexpr std::size_t longest_domain = 255; // RFC 5321 4.5.3.1.2

std::string lower(std::string_view text)
{
    std::string made{text};
    std::transform(made.begin(), made.end(), made.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return made;
}

/// RFC 5321 4.1.2: labels of letters, digits and hyphens, as strictly as a name has to be that mail is kept for.
bool is_domain(std::string_view text) noexcept
{
    if (text.empty() || text.size() > longest_domain || text.front() == '.' || text.back() == '.' || text.find("..") != text.npos)
        return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
}

/// "example.com", or "*.example.com".
std::optional<destination> entry(std::string_view text)
{
    const bool is_tree = text.starts_with("*.");
    if (is_tree)
        text.remove_prefix(2);
    if (!is_domain(text))
        return std::nullopt;
    return destination{lower(text), is_tree};
}

} // namespace

const char* turn_policy::add_domain(std::string_view text)
{
    auto listed = entry(text);
    if (!listed)
        return "is no domain; all below one is written \"*.example.com\"";
    (listed->has_subdomains ? trees_ : names_).insert(std::move(listed->domain));
    return nullptr;
}

const char* turn_policy::add_queue(std::string_view name, std::string_view domains)
{
    std::vector<destination> all;
    while (!domains.empty()) {
        const std::string_view word = domains.substr(0, domains.find(' '));
        domains.remove_prefix(std::min(word.size() + 1, domains.size()));
        if (word.empty())
            continue;
        auto one = entry(word);
        if (!one)
            return "has a domain that is none; all below one is written \"*.example.com\"";
        all.push_back(std::move(*one));
    }
    if (all.empty())
        return "has no domain";
    queues_.emplace(name, std::move(all));
    return nullptr;
}

turn turn_policy::read(std::string_view argument) const
{
    using kind = turn::kind;
    if (argument.empty() || argument.find_first_of(" \t") != argument.npos)
        return {kind::unreadable};
    if (argument.front() == '#') { // RFC 1985 5.3: what it means is the server's matter
        const auto found = queues_.find(argument.substr(1));
        return found == queues_.end() ? turn{kind::not_allowed} : turn{kind::granted, found->second};
    }
    const bool is_tree = argument.front() == '@'; // RFC 1985 5.2: the domain and all below it
    if (is_tree)
        argument.remove_prefix(1);
    if (!is_domain(argument))
        return {kind::unreadable};
    destination where{lower(argument), is_tree};
    // A tree may be asked for where all below it is listed, which holds for the part of a listed one too.
    const bool is_allowed = is_tree ? is_below_listed("." + where.domain) : is_listed(where.domain);
    return is_allowed ? turn{kind::granted, {std::move(where)}} : turn{kind::not_allowed};
}

bool turn_policy::is_listed(std::string_view domain) const noexcept
{
    return names_.find(domain) != names_.end() || is_below_listed(domain);
}

bool turn_policy::is_below_listed(std::string_view domain) const noexcept
{
    for (auto dot = domain.find('.'); dot != domain.npos; dot = domain.find('.', dot + 1))
        if (trees_.find(domain.substr(dot + 1)) != trees_.end())
            return true;
    return false;
}

} // namespace etrn
