#pragma once
// CRC-32C (Castagnoli), the checksum of everything in the journal. Knows nothing of the journal.
// STANDARDS: RFC 3720 appendix B.4 (test vectors), polynomial 0x1EDC6F41 reflected.
// SECURITY: it detects accidents, not malice. Forgery of records is prevented by each segment's secret mark, see record.hpp.

#include <cstdint>
#include <string_view>

namespace postern_queue_journal {

/// The checksum of what `crc` covers followed by `octets`; begin with 0. Uses SSE 4.2 where the processor has it.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, std::string_view octets) noexcept;
[[nodiscard]] inline std::uint32_t crc32c(std::string_view octets) noexcept
{
    return crc32c(0, octets);
}

namespace detail {
/// The two implementations, apart, so that a test can compare them. The second one: only where has_crc_instruction().
[[nodiscard]] std::uint32_t crc32c_table(std::uint32_t crc, std::string_view octets) noexcept;
[[nodiscard]] std::uint32_t crc32c_instruction(std::uint32_t crc, std::string_view octets) noexcept;
[[nodiscard]] bool has_crc_instruction() noexcept;
} // namespace detail

} // namespace postern_queue_journal
