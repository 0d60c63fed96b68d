#include "core/protocol/content_check.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace postern::protocol {

namespace {

constexpr std::size_t block_size = 64;

/// What is where in 64 octets: bit n stands for octet n.
struct block_marks {
    std::uint64_t cr = 0;
    std::uint64_t lf = 0;
    bool nul = false;       // somewhere
    bool eight_bit = false; // somewhere
};

#ifdef __x86_64__

[[gnu::always_inline]] inline std::uint64_t pair_of(int low, int high) noexcept
{
    return static_cast<unsigned>(low) | std::uint64_t{static_cast<unsigned>(high)} << 32U;
}

/// For every x86-64.
[[gnu::always_inline]] inline block_marks mark(const char* octets) noexcept
{
    const auto load = [octets](unsigned i) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets) + i); };
    const __m128i v0 = load(0), v1 = load(1), v2 = load(2), v3 = load(3);
    const auto bits = [](__m128i v) { return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(v))); };
    const auto equal = [&](char c) {
        const __m128i wanted = _mm_set1_epi8(c);
        return bits(_mm_cmpeq_epi8(v0, wanted)) | bits(_mm_cmpeq_epi8(v1, wanted)) << 16U |
               bits(_mm_cmpeq_epi8(v2, wanted)) << 32U | bits(_mm_cmpeq_epi8(v3, wanted)) << 48U;
    };
    // The least octet of each column is 0 where there is a NUL; the top bits together tell of octets above 127.
    const __m128i least = _mm_min_epu8(_mm_min_epu8(v0, v1), _mm_min_epu8(v2, v3));
    const __m128i all = _mm_or_si128(_mm_or_si128(v0, v1), _mm_or_si128(v2, v3));
    return {equal('\r'), equal('\n'), bits(_mm_cmpeq_epi8(least, _mm_setzero_si128())) != 0, bits(all) != 0};
}

/// The same in half the instructions, for nearly every x86-64 there is.
[[gnu::target("avx2,bmi,bmi2")]] inline block_marks mark_avx2(const char* octets) noexcept
{
    const __m256i v0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(octets));
    const __m256i v1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(octets) + 1);
    const __m256i cr = _mm256_set1_epi8('\r');
    const __m256i lf = _mm256_set1_epi8('\n');
    const __m256i nul = _mm256_cmpeq_epi8(_mm256_min_epu8(v0, v1), _mm256_setzero_si256());
    return {pair_of(_mm256_movemask_epi8(_mm256_cmpeq_epi8(v0, cr)), _mm256_movemask_epi8(_mm256_cmpeq_epi8(v1, cr))),
            pair_of(_mm256_movemask_epi8(_mm256_cmpeq_epi8(v0, lf)), _mm256_movemask_epi8(_mm256_cmpeq_epi8(v1, lf))),
            _mm256_movemask_epi8(nul) != 0, _mm256_movemask_epi8(_mm256_or_si256(v0, v1)) != 0};
}

#else

/// 0x80 in each octet of `word` that is 0, and 0 elsewhere; no carry crosses from one octet to the next.
constexpr std::uint64_t zeros(std::uint64_t word) noexcept
{
    constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7f;
    return ~(((word & low) + low) | word | low);
}

/// The eight top bits of `zeros` side by side.
constexpr std::uint64_t gathered(std::uint64_t tops) noexcept
{
    return ((tops >> 7U) * 0x0102040810204080U) >> 56U;
}

[[gnu::always_inline]] inline block_marks mark(const char* octets) noexcept
{
    constexpr std::uint64_t each = 0x0101010101010101;
    block_marks marks;
    std::uint64_t nul = 0;
    std::uint64_t all = 0;
    for (unsigned i = 0; i < block_size; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, octets + i, sizeof word);
        if constexpr (std::endian::native == std::endian::big)
            word = __builtin_bswap64(word);
        marks.cr |= gathered(zeros(word ^ each * '\r')) << i;
        marks.lf |= gathered(zeros(word ^ each * '\n')) << i;
        nul |= zeros(word);
        all |= word;
    }
    marks.nul = nul != 0;
    marks.eight_bit = (all & each << 7U) != 0;
    return marks;
}

#endif

/// The part of scan_state that every block changes.
struct moving_state {
    std::uint64_t line;
    std::uint64_t longest_line;
    bool after_cr;
    bool at_line_start;
};

/// Takes at most 64 octets; returns how many before a stop. `marks` are theirs, with no bit at or above `count`.
template <scan_stop Stop>
[[gnu::always_inline]] inline std::size_t scan_block(const char* octets, std::size_t count, const block_marks& marks,
                                                     moving_state& now, content_facts& facts) noexcept
{
    const std::uint64_t behind_cr = marks.cr << 1U | static_cast<std::uint64_t>(now.after_cr);
    const std::uint64_t line_ends = marks.lf & behind_cr;
    const std::uint64_t bare_lf = marks.lf & ~behind_cr;

    std::size_t stop = count;
    if constexpr (Stop != scan_stop::never)
        if (now.at_line_start && octets[0] == '.')
            return 0;
    if constexpr (Stop == scan_stop::at_leading_dot_or_bare_lf)
        if (bare_lf != 0)
            stop = static_cast<std::size_t>(std::countr_zero(bare_lf));

    std::size_t begin = 0; // of the line at hand
    for (std::uint64_t ends = line_ends; ends != 0; ends &= ends - 1) {
        const auto next = static_cast<std::size_t>(std::countr_zero(ends)) + 1;
        if (next > stop)
            break;
        now.longest_line = std::max(now.longest_line, now.line + (next - begin));
        now.line = 0;
        begin = next;
        if constexpr (Stop != scan_stop::never)
            // RFC 5321 4.5.2: a line that begins with a period.
            if (next < stop && octets[next] == '.') {
                stop = next;
                break;
            }
    }
    now.line += stop - begin;
    now.longest_line = std::max(now.longest_line, now.line);
    if (stop == 0)
        return 0;

    const std::uint64_t taken = ~std::uint64_t{0} >> (block_size - stop);
    if ((behind_cr ^ marks.lf) & taken) {
        facts.bare_lf |= (bare_lf & taken) != 0;
        facts.bare_cr |= (behind_cr & ~marks.lf & taken) != 0;
    }
    if (marks.nul || marks.eight_bit) {
        const std::string_view part{octets, stop};
        facts.nul |= marks.nul && part.find('\0') != std::string_view::npos;
        facts.eight_bit |=
            marks.eight_bit && std::any_of(part.begin(), part.end(), [](char c) { return static_cast<unsigned char>(c) > 127; });
    }
    now.after_cr = (marks.cr >> (stop - 1) & 1U) != 0;
    now.at_line_start = (line_ends >> (stop - 1) & 1U) != 0;
    return stop;
}

template <scan_stop Stop, class Mark>
[[gnu::always_inline]] inline std::size_t scan_by(std::string_view octets, scan_state& state, Mark mark_of) noexcept
{
    // Locals stay in registers; behind the reference, each octet read could be one of the state's own.
    moving_state now{state.line, state.facts.longest_line, state.after_cr, state.at_line_start};
    std::size_t at = 0;
    bool stopped = false;
    while (!stopped && octets.size() - at >= block_size) {
        const char* const block = octets.data() + at;
        const auto taken = scan_block<Stop>(block, block_size, mark_of(block), now, state.facts);
        at += taken;
        stopped = taken < block_size;
    }
    if (const auto count = octets.size() - at; !stopped && count > 0) {
        std::array<char, block_size> padded;
        padded.fill(' ');
        std::memcpy(padded.data(), octets.data() + at, count);
        at += scan_block<Stop>(padded.data(), count, mark_of(padded.data()), now, state.facts);
    }
    state.line = now.line;
    state.facts.longest_line = now.longest_line;
    state.after_cr = now.after_cr;
    state.at_line_start = now.at_line_start;
    return at;
}

#ifdef __x86_64__

// With AVX2 come, in every processor but some virtual ones, the instructions that walk through bits.
template <scan_stop Stop>
[[gnu::target("avx2,bmi,bmi2")]] std::size_t scan_avx2(std::string_view octets, scan_state& state) noexcept
{
    return scan_by<Stop>(octets, state, mark_avx2);
}

const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");

#endif

} // namespace

template <scan_stop Stop>
std::size_t scan_anywhere(std::string_view octets, scan_state& state) noexcept
{
    return scan_by<Stop>(octets, state, mark);
}

template <scan_stop Stop>
std::size_t scan(std::string_view octets, scan_state& state) noexcept
{
#ifdef __x86_64__
    if (has_avx2)
        return scan_avx2<Stop>(octets, state);
#endif
    return scan_anywhere<Stop>(octets, state);
}

template std::size_t scan_anywhere<scan_stop::never>(std::string_view, scan_state&) noexcept;
template std::size_t scan_anywhere<scan_stop::at_leading_dot>(std::string_view, scan_state&) noexcept;
template std::size_t scan_anywhere<scan_stop::at_leading_dot_or_bare_lf>(std::string_view, scan_state&) noexcept;
template std::size_t scan<scan_stop::never>(std::string_view, scan_state&) noexcept;
template std::size_t scan<scan_stop::at_leading_dot>(std::string_view, scan_state&) noexcept;
template std::size_t scan<scan_stop::at_leading_dot_or_bare_lf>(std::string_view, scan_state&) noexcept;

void content_check::finish() noexcept
{
    state_.facts.bare_cr |= state_.after_cr;
}

} // namespace postern::protocol
