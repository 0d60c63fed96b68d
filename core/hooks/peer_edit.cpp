#include "core/hooks/peer_edit.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace postern::hooks {

namespace {

constexpr std::size_t longest_text = 255;

std::optional<std::uint16_t> port_of(std::string_view text) noexcept
{
    std::uint16_t port = 0;
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, port);
    if (read.ec != std::errc{} || read.ptr != end)
        return std::nullopt;
    return port;
}

} // namespace

bool is_peer_fact(std::string_view name, std::string_view value) noexcept
{
    if (name == "address" || name == "local_address")
        return base::ip_address::from_text(value).has_value();
    if (name == "port" || name == "local_port")
        return port_of(value).has_value();
    return (name == "helo" || name == "identity") && value.size() <= longest_text &&
           std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void apply_peer_fact(std::string_view name, std::string_view value, connection_facts& facts)
{
    if (name == "address")
        facts.peer.address = *base::ip_address::from_text(value);
    else if (name == "local_address")
        facts.local.address = *base::ip_address::from_text(value);
    else if (name == "port")
        facts.peer.port = *port_of(value);
    else if (name == "local_port")
        facts.local.port = *port_of(value);
    else
        (name == "helo" ? facts.helo : facts.identity) = value;
}

} // namespace postern::hooks
