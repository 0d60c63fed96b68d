#include "core/base/ip_network.hpp"

#include <charconv>

namespace postern::base {

namespace {

constexpr unsigned all_bits = 128;
constexpr unsigned v4_bits = 32;

bool same_prefix(const ip_address& a, const ip_address& b, unsigned bits) noexcept
{
    for (unsigned i = 0; i < bits; i += 8) {
        const unsigned left = bits - i;
        const unsigned mask = left >= 8 ? 0xffU : 0xffU & (0xffU << (8 - left));
        if (((a.octets()[i / 8] ^ b.octets()[i / 8]) & mask) != 0)
            return false;
    }
    return true;
}

bool is_zero_behind(const ip_address& address, unsigned bits) noexcept
{
    for (unsigned i = bits; i < all_bits; ++i)
        if ((address.octets()[i / 8] >> (7 - i % 8) & 1U) != 0)
            return false;
    return true;
}

} // namespace

std::optional<ip_network> ip_network::from_text(std::string_view text, std::string& why)
{
    const auto slash = text.find('/');
    const auto first = ip_address::from_text(text.substr(0, slash));
    if (!first) {
        why = "is no IP address or network";
        return std::nullopt;
    }
    const bool is_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
    const unsigned most = is_v4 ? v4_bits : all_bits;
    unsigned length = most;
    if (slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (error != std::errc{} || end != digits.data() + digits.size() || length > most) {
            why = "has no valid prefix length";
            return std::nullopt;
        }
    }
    const unsigned bits = all_bits - most + length;
    if (!is_zero_behind(*first, bits)) { // RFC 4632 3.1
        why = "has bits set behind its prefix";
        return std::nullopt;
    }
    return ip_network{*first, bits};
}

bool ip_network::contains(const ip_address& address) const noexcept
{
    return same_prefix(first_, address, bits_);
}

} // namespace postern::base
