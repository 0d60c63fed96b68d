#include "crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace postern_queue_journal {

namespace {

constexpr std::uint32_t polynomial = 0x82f63b78U; // reflected

constexpr auto make_tables()
{
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 1U) != 0 ? crc >> 1U ^ polynomial : crc >> 1U;
        tables[0][i] = crc;
    }
    for (std::size_t i = 0; i < 256; ++i)
        for (std::size_t t = 1; t < 8; ++t)
            tables[t][i] = tables[t - 1][i] >> 8U ^ tables[0][tables[t - 1][i] & 255U];
    return tables;
}
constexpr auto tables = make_tables();

std::uint64_t load64(const char* at) noexcept
{
    std::uint64_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

#if defined(__x86_64__)

// The crc32 instruction has a latency of three cycles and a throughput of one, so three streams run side by side; their
// results are joined by advancing a checksum over a known number of zero octets, which is a linear map: four table lookups.
constexpr std::size_t stride = 1024;
using shift_table = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr std::uint32_t advance_zero_octets(std::uint32_t crc, std::size_t octets)
{
    for (std::size_t i = 0; i < octets; ++i)
        crc = crc >> 8U ^ tables[0][crc & 255U];
    return crc;
}

constexpr shift_table make_shift(std::size_t octets)
{
    std::array<std::uint32_t, 32> bit{}; // linear: the image of each bit is enough
    for (std::size_t i = 0; i < 32; ++i)
        bit[i] = advance_zero_octets(std::uint32_t{1} << i, octets);
    shift_table table{};
    for (std::size_t lane = 0; lane < 4; ++lane)
        for (std::size_t value = 0; value < 256; ++value)
            for (std::size_t i = 0; i < 8; ++i)
                if ((value >> i & 1U) != 0)
                    table[lane][value] ^= bit[lane * 8 + i];
    return table;
}
constexpr shift_table over_one = make_shift(stride);
constexpr shift_table over_two = make_shift(2 * stride);

std::uint32_t apply(const shift_table& table, std::uint32_t crc) noexcept
{
    return table[0][crc & 255U] ^ table[1][crc >> 8U & 255U] ^ table[2][crc >> 16U & 255U] ^ table[3][crc >> 24U];
}

#endif

} // namespace

namespace detail {

std::uint32_t crc32c_table(std::uint32_t crc, std::string_view octets) noexcept
{
    crc = ~crc;
    const char* at = octets.data();
    std::size_t left = octets.size();
    for (; left >= 8; at += 8, left -= 8) {
        const std::uint64_t word = load64(at) ^ crc; // little endian, as the whole format is
        crc = tables[7][word & 255U] ^ tables[6][word >> 8U & 255U] ^ tables[5][word >> 16U & 255U] ^
              tables[4][word >> 24U & 255U] ^ tables[3][word >> 32U & 255U] ^ tables[2][word >> 40U & 255U] ^
              tables[1][word >> 48U & 255U] ^ tables[0][word >> 56U];
    }
    for (; left > 0; ++at, --left)
        crc = crc >> 8U ^ tables[0][(crc ^ static_cast<unsigned char>(*at)) & 255U];
    return ~crc;
}

#if defined(__x86_64__)

bool has_crc_instruction() noexcept
{
    return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_instruction(std::uint32_t crc, std::string_view octets) noexcept
{
    const char* at = octets.data();
    std::size_t left = octets.size();
    std::uint64_t a = ~crc;
    for (; left >= 3 * stride; at += 3 * stride, left -= 3 * stride) {
        std::uint64_t b = 0;
        std::uint64_t c = 0;
        for (std::size_t i = 0; i < stride; i += 8) {
            a = _mm_crc32_u64(a, load64(at + i));
            b = _mm_crc32_u64(b, load64(at + stride + i));
            c = _mm_crc32_u64(c, load64(at + 2 * stride + i));
        }
        a = apply(over_two, static_cast<std::uint32_t>(a)) ^ apply(over_one, static_cast<std::uint32_t>(b)) ^ c;
    }
    for (; left >= 8; at += 8, left -= 8)
        a = _mm_crc32_u64(a, load64(at));
    auto rest = static_cast<std::uint32_t>(a);
    for (; left > 0; ++at, --left)
        rest = _mm_crc32_u8(rest, static_cast<unsigned char>(*at));
    return ~rest;
}

#else

bool has_crc_instruction() noexcept
{
    return false;
}

std::uint32_t crc32c_instruction(std::uint32_t crc, std::string_view octets) noexcept
{
    return crc32c_table(crc, octets);
}

#endif

} // namespace detail

std::uint32_t crc32c(std::uint32_t crc, std::string_view octets) noexcept
{
    static const bool fast = detail::has_crc_instruction();
    return fast ? detail::crc32c_instruction(crc, octets) : detail::crc32c_table(crc, octets);
}

} // namespace postern_queue_journal
