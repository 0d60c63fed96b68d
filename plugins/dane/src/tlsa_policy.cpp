#include "tlsa_policy.hpp"

#include <algorithm>

namespace dane {

namespace {

constexpr std::uint8_t dane_ta = 2;
constexpr std::uint8_t dane_ee = 3;
constexpr std::uint8_t whole = 0;
constexpr std::uint8_t sha_256 = 1;
constexpr std::uint8_t sha_512 = 2;

[[nodiscard]] std::uint8_t octet(std::string_view from, std::size_t at) noexcept
{
    return static_cast<std::uint8_t>(from[at]);
}

} // namespace

std::optional<record> read(std::string_view octets)
{
    constexpr std::size_t numbers = 3;
    if (octets.size() < numbers)
        return std::nullopt;
    return record{octet(octets, 0), octet(octets, 1), octet(octets, 2), std::string{octets.substr(numbers)}};
}

bool is_usable(const record& one) noexcept
{
    if ((one.usage != dane_ta && one.usage != dane_ee) || one.selector > 1)
        return false;
    switch (one.matching) {
    case whole:
        return !one.data.empty();
    case sha_256:
        return one.data.size() == 32;
    case sha_512:
        return one.data.size() == 64;
    default:
        return false;
    }
}

std::string text_of(const record& one, std::size_t most)
{
    constexpr std::string_view digits = "0123456789abcdef";
    auto text = std::to_string(one.usage) + ' ' + std::to_string(one.selector) + ' ' + std::to_string(one.matching) + ' ';
    for (const char each : one.data) {
        if (text.size() + 2 > most)
            break;
        const auto value = static_cast<std::uint8_t>(each);
        text += digits[value >> 4U];
        text += digits[value & 15U];
    }
    return text;
}

std::string name_of(std::string_view host, std::uint32_t port)
{
    return '_' + std::to_string(port) + "._tcp." + std::string{host};
}

bool is_listed(std::string_view domain, const std::vector<std::string>& all) noexcept
{
    return std::any_of(all.begin(), all.end(), [&](const std::string& each) {
        return each.starts_with('.') ? domain.size() > each.size() && domain.ends_with(each) : domain == each;
    });
}

} // namespace dane
