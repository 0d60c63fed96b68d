#include "transfer_coding.hpp"

#include "octets.hpp"

#include <array>
#include <cstdint>

namespace spam_filter {
namespace {

constexpr std::string_view base64_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> base64_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < base64_letters.size(); ++i)
        values[static_cast<unsigned char>(base64_letters[i])] = static_cast<std::int8_t>(i);
    return values;
}();

} // namespace

int hex_value(char c) noexcept
{
    if (is_digit(c))
        return c - '0';
    const char small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

void decode_base64(std::string_view coded, std::size_t most, std::string& to)
{
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : coded) {
        if (c == '=') { // padding: what is half read ends here, and something may follow (RFC 2045 6.8)
            count = 0;
            continue;
        }
        const int value = base64_values[static_cast<unsigned char>(c)];
        if (value < 0)
            continue; // RFC 2045 6.8: what is outside the alphabet is ignored
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        ++count;
        if (count % 4 == 1)
            continue;
        if (most == 0)
            return;
        --most;
        const int spare = count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0;
        to += static_cast<char>(bits >> static_cast<unsigned>(spare) & 0xffU);
    }
}

void decode_quoted_printable(std::string_view coded, std::size_t most, std::string& to)
{
    for (std::size_t i = 0; i < coded.size() && most > 0; ++i) {
        if (coded[i] != '=') {
            to += coded[i];
            --most;
            continue;
        }
        std::string_view rest = coded.substr(i + 1);
        if (rest.size() >= 2 && hex_value(rest[0]) >= 0 && hex_value(rest[1]) >= 0) {
            to += static_cast<char>(hex_value(rest[0]) * 16 + hex_value(rest[1]));
            --most;
            i += 2;
            continue;
        }
        std::size_t blank = 0;
        while (blank < rest.size() && (rest[blank] == ' ' || rest[blank] == '\t' || rest[blank] == '\r'))
            ++blank;
        if (blank < rest.size() && rest[blank] == '\n') {
            i += blank + 1; // RFC 2045 6.7 (5): a soft line break
        } else {
            to += '=';
            --most;
        }
    }
}

} // namespace spam_filter
