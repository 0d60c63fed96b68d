#include "rule_table.hpp"

#include "domain_name.hpp"

#include <postern/kit/ascii.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

namespace routes {
namespace {

[[nodiscard]] std::optional<std::string> folded_key(std::string_view key)
{
    if (key == "*")
        return std::string{key};
    if (key.find('@') != std::string_view::npos) {
        auto both = fold(key);
        return both ? std::optional{std::move(both->local) + "@" + both->domain} : std::nullopt;
    }
    if (key.starts_with('[')) // a recipient's domain
        return folded_literal(key);
    const bool is_parent = key.starts_with('.');
    auto domain = folded_domain(is_parent ? key.substr(1) : key);
    if (domain && is_parent)
        domain->insert(0, 1, '.');
    return domain;
}

} // namespace

void rule_table::add(std::string_view key, std::string_view rule)
{
    auto folded = folded_key(key);
    if (!folded)
        throw std::invalid_argument{"is no address, no domain, no \".domain\" and not \"*\""};
    auto known = texts_.find(rule);
    if (known == texts_.end()) {
        rules_.push_back(read_rule(rule));
        known = texts_.emplace(rule, static_cast<index>(rules_.size() - 1)).first;
    }
    if (!keys_.emplace(std::move(*folded), known->second).second)
        throw std::invalid_argument{"has a route already, perhaps in another spelling"};
}

rule_table::index rule_table::find(std::string_view recipient) const
{
    const auto both = fold(recipient);
    if (!both) // a postmaster alone
        return look_up("*");
    if (const auto found = look_up(both->local + "@" + both->domain); found != none)
        return found;
    const std::string_view domain = both->domain;
    if (const auto found = look_up(domain); found != none)
        return found;
    if (!domain.starts_with('['))
        for (auto dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.', dot + 1))
            if (const auto found = look_up(domain.substr(dot)); found != none)
                return found;
    return look_up("*");
}

rule_table::index rule_table::look_up(std::string_view key) const
{
    const auto found = keys_.find(key);
    return found == keys_.end() ? none : found->second;
}

} // namespace routes
