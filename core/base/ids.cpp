#include "core/base/ids.hpp"

namespace postern::base {

namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t id_length = 13;
constexpr unsigned lane_bits = 8;
constexpr unsigned count_bits = 14;
constexpr std::uint64_t count_mask = (1U << count_bits) - 1U;

constexpr std::array<std::int8_t, 256> make_values()
{
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto digit = static_cast<unsigned char>(digits[i]);
        values[digit] = static_cast<std::int8_t>(i);
        if (digit >= 'A')
            values[digit + ('a' - 'A')] = static_cast<std::int8_t>(i);
    }
    return values;
}
constexpr auto digit_values = make_values();

} // namespace

std::string id_text(std::uint64_t value)
{
    std::string text(id_length, '0');
    for (std::size_t i = id_length; i-- > 0; value >>= 5U)
        text[i] = digits[value & 31U];
    return text;
}

std::optional<std::uint64_t> parse_id(std::string_view text) noexcept
{
    if (text.size() != id_length)
        return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const auto digit = digit_values[static_cast<unsigned char>(c)];
        if (digit < 0 || value >> 59U != 0)
            return std::nullopt;
        value = value << 5U | static_cast<std::uint64_t>(digit);
    }
    return value;
}

id_source::id_source(const clock& clock, random_source& random, std::uint8_t lane) noexcept
    : clock_{clock}, lane_{lane}, count_{random.next() & count_mask}
{
}

std::uint64_t id_source::next() noexcept
{
    // A clock that steps back, or a millisecond that has used all its numbers, borrows from the next millisecond.
    const auto now = static_cast<std::uint64_t>(clock_.wall().time_since_epoch().count());
    if (now > last_ms_)
        last_ms_ = now;
    count_ = (count_ + 1) & count_mask;
    if (count_ == 0)
        ++last_ms_;
    return last_ms_ << (lane_bits + count_bits) | lane_ << count_bits | count_;
}

} // namespace postern::base
