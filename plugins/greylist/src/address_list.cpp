#include "address_list.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>

namespace greylist {

const char* address_list::add(std::string_view entry)
{
    const bool has_blank = std::any_of(entry.begin(), entry.end(), [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet <= ' ' || octet == 0x7f || c == '<' || c == '>' || c == ',';
    });
    if (has_blank || entry.empty() || entry == "." || entry.front() == '@' || entry.ends_with("@."))
        return "is no address or domain";
    entries_.insert(postern::kit::lowered(entry));
    return nullptr;
}

bool address_list::contains(std::string_view address) const
{
    if (entries_.empty() || address.empty())
        return false;
    const std::string wanted = postern::kit::lowered(address);
    const auto at = std::min(wanted.rfind('@'), wanted.size());
    if (entries_.contains(wanted.substr(0, at) + "@"))
        return true;
    if (at == wanted.size()) // "postmaster" alone
        return false;
    std::string_view domain = std::string_view{wanted}.substr(at + 1);
    if (entries_.contains(wanted) || entries_.contains(domain))
        return true;
    for (auto dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.', dot + 1)) {
        if (entries_.contains(domain.substr(dot)))
            return true;
    }
    return false;
}

} // namespace greylist
