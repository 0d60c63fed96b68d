#include "core/base/base64.hpp"

#include <array>
#include <cstdint>

namespace postern::base {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> values = [] {
    std::array<std::int8_t, 256> made{};
    made.fill(-1);
    for (std::size_t i = 0; i < letters.size(); ++i)
        made[static_cast<unsigned char>(letters[i])] = static_cast<std::int8_t>(i);
    return made;
}();

} // namespace

std::string to_base64(std::string_view octets)
{
    std::string out;
    out.reserve((octets.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < octets.size(); at += 3) {
        const auto three = octets.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8U | (i < three.size() ? static_cast<unsigned char>(three[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= three.size() ? letters[bits >> (18 - 6 * i) & 63U] : '=';
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text)
{
    if (text.size() % 4 != 0)
        return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t at = 0; at < text.size(); at += 4) {
        const auto four = text.substr(at, 4);
        const bool is_last = at + 4 == text.size();
        const std::size_t padding = is_last ? (four.ends_with("==") ? 2U : four.ends_with('=') ? 1U : 0U) : 0U;
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const int value = i < 4 - padding ? values[static_cast<unsigned char>(four[i])] : 0;
            if (value < 0)
                return std::nullopt;
            bits = bits << 6U | static_cast<std::uint32_t>(value);
        }
        for (std::size_t i = 0; i < 3 - padding; ++i)
            out += static_cast<char>(bits >> (16 - 8 * i) & 0xffU);
        if ((bits & ((1U << 8 * padding) - 1)) != 0) // RFC 4648 3.5: spare bits are zero, so that a text has one form
            return std::nullopt;
    }
    return out;
}

} // namespace postern::base
