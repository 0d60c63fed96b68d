#include "core/queue/domain_wish.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>

namespace postern::queue {

bool concerns(const domain_wish& wish, std::string_view recipient) noexcept
{
    const auto at = recipient.rfind('@');
    if (at == std::string_view::npos || wish.domain.empty())
        return false;
    auto domain = recipient.substr(at + 1);
    if (domain.size() > wish.domain.size() && wish.has_subdomains) {
        const auto above = domain.size() - wish.domain.size();
        if (domain[above - 1] != '.' || above == 1)
            return false;
        domain.remove_prefix(above);
    }
    return base::equals_ignoring_case(domain, wish.domain);
}

bool concerns(const domain_wish& wish, const record& what) noexcept
{
    const auto& to = what.envelope.envelope.to;
    for (std::size_t i = 0; i < to.size(); ++i)
        if (what.state.recipients[i].status == recipient_status::open && concerns(wish, to[i].address))
            return true;
    return false;
}

} // namespace postern::queue
