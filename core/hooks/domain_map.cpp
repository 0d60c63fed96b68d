#include "core/hooks/domain_map.hpp"

#include "core/message/address.hpp"

namespace postern::hooks {

void domain_map::add(std::string_view name, std::uint32_t chain)
{
    names_.insert_or_assign(message::lower_ascii(name), chain);
}

std::uint32_t domain_map::find(std::string_view domain) const
{
    const auto lower = message::lower_ascii(domain);
    std::string_view rest{lower};
    if (rest.starts_with('.')) // of no domain: it would be taken for a pattern
        return 0;
    for (auto dot = std::size_t{0}; dot != std::string_view::npos; dot = rest.find('.', 1)) {
        rest.remove_prefix(dot);
        if (const auto found = names_.find(rest); found != names_.end())
            return found->second;
    }
    return 0;
}

} // namespace postern::hooks
