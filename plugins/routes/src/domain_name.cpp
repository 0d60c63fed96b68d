#include "domain_name.hpp"

#include <postern/kit/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <idn2.h>

namespace routes {

using postern::kit::lowered;

bool is_host_name(std::string_view text) noexcept
{
    constexpr std::size_t longest_name = 253; // RFC 1035 2.3.4
    constexpr std::size_t longest_label = 63;
    if (text.ends_with('.'))
        text.remove_suffix(1);
    if (text.empty() || text.size() > longest_name)
        return false;
    for (;;) {
        const auto dot = text.find('.');
        const auto label = text.substr(0, dot);
        const bool is_good = std::all_of(label.begin(), label.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
        if (!is_good || label.empty() || label.size() > longest_label || label.front() == '-' || label.back() == '-')
            return false;
        if (dot == std::string_view::npos) // RFC 1123 2.1: else a mistyped address would pass
            return !std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
        text.remove_prefix(dot + 1);
    }
}

std::optional<std::string> folded_domain(std::string_view domain)
{
    std::string name{domain};
    if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        std::uint8_t* made = nullptr;
        // As the server does it; RFC 5891 5
        const auto flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
        if (idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(name.c_str()), &made, flags) != IDN2_OK)
            return std::nullopt;
        const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owned{made, &idn2_free};
        name = reinterpret_cast<const char*>(made);
    }
    if (!is_host_name(name))
        return std::nullopt;
    if (name.ends_with('.'))
        name.pop_back();
    return lowered(name);
}

std::optional<std::string> ip_text(std::string_view text)
{
    const std::string address{text};
    std::array<char, INET6_ADDRSTRLEN> made{};
    in_addr four{};
    if (::inet_pton(AF_INET, address.c_str(), &four) == 1)
        return ::inet_ntop(AF_INET, &four, made.data(), made.size());
    in6_addr six{};
    if (::inet_pton(AF_INET6, address.c_str(), &six) != 1)
        return std::nullopt;
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
        std::memcpy(&four, six.s6_addr + 12, sizeof four);
        return ::inet_ntop(AF_INET, &four, made.data(), made.size());
    }
    return ::inet_ntop(AF_INET6, &six, made.data(), made.size());
}

std::optional<std::string> folded_literal(std::string_view text)
{
    constexpr std::string_view tag = "[ipv6:";
    if (!text.starts_with('[') || !text.ends_with(']'))
        return std::nullopt;
    const bool is_v6 = lowered(text.substr(0, tag.size())) == tag;
    const auto begin = is_v6 ? tag.size() : 1;
    if (begin + 1 >= text.size())
        return std::nullopt;
    const auto address = ip_text(text.substr(begin, text.size() - begin - 1));
    return address ? std::optional{"[" + *address + "]"} : std::nullopt;
}

std::optional<folded_address> fold(std::string_view address)
{
    const auto at = address.rfind('@');
    if (at == std::string_view::npos || at == 0)
        return std::nullopt;
    const auto written = address.substr(at + 1);
    auto domain = written.starts_with('[') ? folded_literal(written) : folded_domain(written);
    if (!domain)
        return std::nullopt;
    return folded_address{lowered(address.substr(0, at)), std::move(*domain)};
}

} // namespace routes
