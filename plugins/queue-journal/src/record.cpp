#include "record.hpp"

#include "crc32c.hpp"

#include <bit>
#include <charconv>
#include <concepts>
#include <cstring>

namespace postern_queue_journal {

static_assert(std::endian::native == std::endian::little, "the journal is written as the machine stores numbers");

namespace {

template <std::unsigned_integral T>
void put(char* at, T value) noexcept
{
    std::memcpy(at, &value, sizeof value);
}

template <std::unsigned_integral T>
[[nodiscard]] T take(const char* at) noexcept
{
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

constexpr std::size_t crc_at = 8;
constexpr std::size_t checked_from = 12;
constexpr std::size_t layout_size = 24;
constexpr std::size_t extent_size = 24;
constexpr std::string_view suffix = ".journal";

} // namespace

header_octets encode(const record_header& header, std::uint64_t mark) noexcept
{
    header_octets octets{};
    char* at = octets.data();
    put(at, mark);
    put(at + 12, static_cast<std::uint8_t>(header.kind));
    put(at + 16, header.metadata_size);
    put(at + 20, header.metadata_crc);
    put(at + 24, header.content_size);
    put(at + 28, header.content_crc);
    put(at + 32, header.head_size);
    put(at + 40, header.id);
    put(at + 48, header.offset);
    put(at + 56, header.synced);
    put(at + crc_at, crc32c(std::string_view{octets.data(), octets.size()}.substr(checked_from)));
    return octets;
}

std::optional<record_header> decode(std::string_view octets, std::uint64_t mark, std::uint64_t offset) noexcept
{
    if (octets.size() < header_size)
        return std::nullopt;
    const char* at = octets.data();
    if (take<std::uint64_t>(at) != mark || take<std::uint64_t>(at + 48) != offset)
        return std::nullopt;
    if (take<std::uint32_t>(at + crc_at) != crc32c(octets.substr(checked_from, header_size - checked_from)))
        return std::nullopt;
    const auto kind = take<std::uint8_t>(at + 12);
    record_header header{
        static_cast<record_kind>(kind), take<std::uint32_t>(at + 16), take<std::uint32_t>(at + 20), take<std::uint32_t>(at + 24),
        take<std::uint32_t>(at + 28),   take<std::uint32_t>(at + 32), take<std::uint64_t>(at + 40), offset,
        take<std::uint64_t>(at + 56)};
    if (kind < static_cast<std::uint8_t>(record_kind::segment) || kind > static_cast<std::uint8_t>(record_kind::removal) ||
        header.metadata_size > largest_metadata || header.content_size > largest_content ||
        header.head_size > header.content_size)
        return std::nullopt;
    return header;
}

std::string encode_layout(std::string_view envelope, std::string_view state, std::uint64_t content_size, std::size_t extent_count,
                          std::size_t room)
{
    std::string metadata;
    metadata.reserve(layout_size + envelope.size() + state.size() + extent_count * extent_size + room);
    metadata.resize(layout_size);
    put(metadata.data(), static_cast<std::uint32_t>(envelope.size()));
    put(metadata.data() + 4, static_cast<std::uint32_t>(state.size()));
    put(metadata.data() + 8, content_size);
    put(metadata.data() + 16, static_cast<std::uint32_t>(extent_count));
    metadata += envelope;
    metadata += state;
    metadata.append(extent_count * extent_size, '\0');
    return metadata;
}

void put_extent(std::string& metadata, std::size_t extents_at, std::size_t index, const extent& piece) noexcept
{
    char* at = metadata.data() + extents_at + index * extent_size;
    put(at, piece.segment);
    put(at + 8, piece.offset);
    put(at + 16, piece.size);
    put(at + 20, piece.crc);
}

std::optional<message_layout> parse_layout(std::string_view metadata)
{
    if (metadata.size() < layout_size)
        return std::nullopt;
    const std::uint64_t envelope = take<std::uint32_t>(metadata.data());
    const std::uint64_t state = take<std::uint32_t>(metadata.data() + 4);
    const std::uint64_t count = take<std::uint32_t>(metadata.data() + 16);
    if (metadata.size() != layout_size + envelope + state + count * extent_size)
        return std::nullopt;
    message_layout layout;
    layout.envelope = metadata.substr(layout_size, envelope);
    layout.state = metadata.substr(layout_size + envelope, state);
    layout.content_size = take<std::uint64_t>(metadata.data() + 8);
    layout.extents.reserve(count);
    for (const char* at = metadata.data() + layout_size + envelope + state; at < metadata.data() + metadata.size();
         at += extent_size)
        layout.extents.push_back(
            {take<std::uint64_t>(at), take<std::uint64_t>(at + 8), take<std::uint32_t>(at + 16), take<std::uint32_t>(at + 20)});
    return layout;
}

std::string encode_numbers(const std::vector<std::uint64_t>& numbers)
{
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(std::uint64_t)}; // NOLINT: octets of integers
}

std::optional<std::vector<std::uint64_t>> parse_numbers(std::string_view metadata)
{
    if (metadata.size() % sizeof(std::uint64_t) != 0)
        return std::nullopt;
    std::vector<std::uint64_t> numbers(metadata.size() / sizeof(std::uint64_t));
    if (!numbers.empty())
        std::memcpy(numbers.data(), metadata.data(), metadata.size());
    return numbers;
}

std::string encode_segment(std::uint64_t number)
{
    std::string metadata(16, '\0');
    put(metadata.data(), format_version);
    put(metadata.data() + 8, number);
    return metadata;
}

std::optional<std::uint32_t> parse_segment(std::string_view metadata, std::uint64_t number) noexcept
{
    if (metadata.size() < 16 || take<std::uint64_t>(metadata.data() + 8) != number)
        return std::nullopt;
    return take<std::uint32_t>(metadata.data());
}

namespace {

void append_hex(std::string& text, std::uint64_t value)
{
    constexpr std::string_view digits = "0123456789abcdef";
    for (unsigned shift = 64; shift > 0; shift -= 4)
        text += digits[value >> (shift - 4) & 15U];
}

std::optional<std::uint64_t> parse_hex(std::string_view text) noexcept
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

} // namespace

std::string to_text(const segment_name& name)
{
    std::string text;
    text.reserve(33 + suffix.size());
    append_hex(text, name.number);
    text += '-';
    append_hex(text, name.mark);
    text += suffix;
    return text;
}

std::optional<segment_name> parse_segment_name(std::string_view text) noexcept
{
    if (text.size() != 33 + suffix.size() || !text.ends_with(suffix) || text[16] != '-')
        return std::nullopt;
    const auto number = parse_hex(text.substr(0, 16));
    const auto mark = parse_hex(text.substr(17, 16));
    if (!number || !mark || *number == 0 || *number > UINT32_MAX)
        return std::nullopt;
    return segment_name{*number, *mark};
}

std::string id_text(std::uint64_t id)
{
    constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    std::string text(13, '0');
    for (std::size_t i = text.size(); i-- > 0; id >>= 5U)
        text[i] = digits[id & 31U];
    return text;
}

} // namespace postern_queue_journal
