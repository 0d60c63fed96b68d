#include "ways.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <stdexcept>

namespace socks {

namespace {

way read_way(std::string_view text)
{
    if (text == "direct")
        return {way::kind::direct, nullptr};
    if (text == "none")
        return {way::kind::none, nullptr};
    return {way::kind::by_proxy, std::make_shared<const proxy>(read_proxy(text))};
}

bool is_name(std::string_view text)
{
    return !text.empty() && text.size() <= 300 && std::all_of(text.begin(), text.end(), [](char c) {
        return postern::kit::is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '[' || c == ']';
    });
}

} // namespace

ways::ways(std::string_view usual) : usual_{way::kind::by_proxy, std::make_shared<const proxy>(read_proxy(usual))} {}

void ways::add(std::string_view where, std::string_view how)
{
    auto made = read_way(how);
    if (where == "*") {
        usual_ = std::move(made);
        return;
    }
    if (where.find('/') != where.npos || postern::kit::parse_address(where)) {
        postern::kit::network_set network;
        if (const char* const wrong = network.add(where))
            throw std::invalid_argument("\"" + std::string{where} + "\" " + wrong);
        networks_.emplace_back(std::move(network), std::move(made));
        return;
    }
    const auto name = postern::kit::lowered(where);
    const bool is_above = name.starts_with('.');
    if (!is_name(is_above ? std::string_view{name}.substr(1) : std::string_view{name}))
        throw std::invalid_argument("\"" + std::string{where} + "\" is no host, next hop, \".domain\", network or \"*\"");
    if (!(is_above ? above_ : names_).emplace(name, std::move(made)).second)
        throw std::invalid_argument("\"" + std::string{where} + "\" has a way already");
}

const way& ways::to(std::string_view host, std::string_view next_hop, std::string_view address) const
{
    const auto name = postern::kit::lowered(host);
    for (const auto& each : {name, postern::kit::lowered(next_hop)})
        if (const auto found = names_.find(each); found != names_.end())
            return found->second;
    for (auto dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) // the longest first
        if (const auto found = above_.find(std::string_view{name}.substr(dot)); found != above_.end())
            return found->second;
    for (const auto& [network, way] : networks_)
        if (network.contains(address))
            return way;
    return usual_;
}

} // namespace socks
