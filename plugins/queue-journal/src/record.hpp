#pragma once
// The octets of the journal: one 64-octet header a record, then metadata, then content, then zeros up to a multiple of 8.
// All numbers are little endian. Must not know: files, threads, which records are live.
//
// Two checksums, so that start-up reads and checks headers and metadata without touching content.
//
// SECURITY: content comes from strangers, who may send octets that look like records. Each segment therefore has a secret random
// mark, made when the segment is and standing in its name, with which every record begins: what does not know the mark is
// never taken for a record, not even while a damaged segment is searched for the next good one.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern_queue_journal {

enum class record_kind : std::uint8_t {
    segment = 1, ///< first of each file. Metadata: u32 format version, u32 zero, u64 number of the segment
    message = 2, ///< a committed message, see message_layout. Content: what is not in extents
    extent = 3,  ///< body octets of a message that comes later. No metadata
    state = 4,   ///< a message's new state. Metadata: the state
    removal = 5, ///< a message is no more. Metadata: u64 numbers of the segments that hold a message record of it
};

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint64_t header_size = 64;
inline constexpr std::uint64_t alignment = 8;
inline constexpr std::uint32_t largest_metadata = 64U << 20U;
inline constexpr std::uint32_t largest_content = 4U << 20U;

struct record_header {
    record_kind kind{};
    std::uint32_t metadata_size = 0;
    std::uint32_t metadata_crc = 0;
    std::uint32_t content_size = 0;
    std::uint32_t content_crc = 0;
    std::uint32_t head_size = 0; ///< message: so much of the content stands before the extents
    std::uint64_t id = 0;
    std::uint64_t offset = 0; ///< of the record in its segment; a record at another place is not one
    std::uint64_t synced = 0; ///< so much of the segment was on stable storage when this was written

    /// Of the whole record, padding included.
    [[nodiscard]] std::uint64_t size() const noexcept
    {
        return (header_size + metadata_size + content_size + alignment - 1) / alignment * alignment;
    }
    [[nodiscard]] std::uint64_t content_offset() const noexcept { return offset + header_size + metadata_size; }
};

using header_octets = std::array<char, header_size>;

/// The header as it stands in a segment with that mark.
[[nodiscard]] header_octets encode(const record_header& header, std::uint64_t mark) noexcept;
/// Nothing, unless `octets` (64 or more) are the header of a record that belongs at `offset` of the segment with that mark.
[[nodiscard]] std::optional<record_header> decode(std::string_view octets, std::uint64_t mark, std::uint64_t offset) noexcept;

/// Where a piece of content lies: octets of a segment, with their checksum.
struct extent {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0; ///< of the octets, behind the header of their record
    std::uint32_t size = 0;
    std::uint32_t crc = 0;

    /// What it takes up in its segment, header and padding included.
    [[nodiscard]] std::uint64_t footprint() const noexcept
    {
        return (header_size + size + alignment - 1) / alignment * alignment;
    }
};

/// Metadata of a message: 24 octets of sizes, envelope, state, extents of 24 octets each. The message's content is the record's
/// content up to head_size, the extents in order, the rest of the record's content.
struct message_layout {
    std::string_view envelope; ///< into the metadata that was parsed
    std::string_view state;
    std::uint64_t content_size = 0; ///< of the whole message
    std::vector<extent> extents;
};

/// `extent_count` zeroed places are left for put_extent; `room` more octets are reserved behind.
[[nodiscard]] std::string encode_layout(std::string_view envelope, std::string_view state, std::uint64_t content_size,
                                        std::size_t extent_count, std::size_t room);
/// Writes extent `index` into what encode_layout made. `extents_at`: 24 + size of envelope and state.
void put_extent(std::string& metadata, std::size_t extents_at, std::size_t index, const extent& piece) noexcept;
/// Nothing if sizes do not add up.
[[nodiscard]] std::optional<message_layout> parse_layout(std::string_view metadata);

/// 64-bit numbers, as a removal lists them.
[[nodiscard]] std::string encode_numbers(const std::vector<std::uint64_t>& numbers);
[[nodiscard]] std::optional<std::vector<std::uint64_t>> parse_numbers(std::string_view metadata);

/// Metadata of a segment record.
[[nodiscard]] std::string encode_segment(std::uint64_t number);
/// The format version of a segment record; nothing if it is none of that number.
[[nodiscard]] std::optional<std::uint32_t> parse_segment(std::string_view metadata, std::uint64_t number) noexcept;

/// "000000000000002a-9f86d081884c7d65.journal": number and mark of a segment.
struct segment_name {
    std::uint64_t number = 0;
    std::uint64_t mark = 0;
};
[[nodiscard]] std::string to_text(const segment_name& name);
[[nodiscard]] std::optional<segment_name> parse_segment_name(std::string_view text) noexcept;

/// The queue id as the rest of the program prints it: 13 digits of Crockford base32.
[[nodiscard]] std::string id_text(std::uint64_t id);

} // namespace postern_queue_journal
