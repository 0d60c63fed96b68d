#pragma once
// Numbers and texts as octets, for queue records: little-endian, every text behind its length (32 bits).
// SECURITY: the reader trusts nothing. After the first fault it stays faulty and gives zeros and empty texts, so that a
// decoder is a straight line with one question at its end; a count can never ask for more memory than the octets could fill.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace postern::queue {

class record_writer {
public:
    explicit record_writer(std::size_t expected) { octets_.reserve(expected); }

    void u8(std::uint8_t n) { octets_.push_back(static_cast<char>(n)); }
    void u16(std::uint16_t n) { number(n, 2); }
    void u32(std::uint32_t n) { number(n, 4); }
    void u64(std::uint64_t n) { number(n, 8); }
    void text(std::string_view t)
    {
        u32(static_cast<std::uint32_t>(t.size()));
        octets_.append(t);
    }
    [[nodiscard]] std::string octets() && { return std::move(octets_); }

private:
    void number(std::uint64_t n, unsigned size)
    {
        for (unsigned i = 0; i < size; ++i, n >>= 8U)
            octets_.push_back(static_cast<char>(n & 0xffU));
    }

    std::string octets_;
};

/// Borrows the octets for its life.
class record_reader {
public:
    explicit record_reader(std::string_view octets) noexcept : rest_{octets} {}

    [[nodiscard]] std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number(1)); }
    [[nodiscard]] std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number(2)); }
    [[nodiscard]] std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number(4)); }
    [[nodiscard]] std::uint64_t u64() noexcept { return number(8); }
    [[nodiscard]] std::string_view text() noexcept { return take(u32()); }

    /// 0 or 1; anything else is a fault.
    [[nodiscard]] bool boolean() noexcept { return flags(1) != 0; }
    /// An octet without bits outside `known`.
    [[nodiscard]] std::uint8_t flags(unsigned known) noexcept
    {
        const auto n = u8();
        if ((n & ~known) == 0)
            return n;
        fault();
        return 0;
    }
    /// An enumerator from 0 to `last`.
    template <class Enum>
    [[nodiscard]] Enum choice(Enum last) noexcept
    {
        const auto n = u8();
        if (n <= static_cast<std::uint8_t>(last))
            return static_cast<Enum>(n);
        fault();
        return Enum{};
    }
    /// How many elements follow, each of `least` octets or more.
    [[nodiscard]] std::size_t count(std::size_t least) noexcept
    {
        const std::size_t n = u32();
        if (n <= rest_.size() / least)
            return n;
        fault();
        return 0;
    }

    /// What was read makes no sense.
    void fault() noexcept
    {
        good_ = false;
        rest_ = {};
    }
    [[nodiscard]] bool is_good() const noexcept { return good_; }
    [[nodiscard]] bool is_finished() const noexcept { return good_ && rest_.empty(); }

private:
    [[nodiscard]] std::string_view take(std::size_t size) noexcept
    {
        if (size > rest_.size()) {
            fault();
            return {};
        }
        const auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    [[nodiscard]] std::uint64_t number(unsigned size) noexcept
    {
        std::uint64_t n = 0;
        const auto octets = take(size);
        for (std::size_t i = octets.size(); i-- > 0;)
            n = n << 8U | static_cast<unsigned char>(octets[i]);
        return n;
    }

    std::string_view rest_;
    bool good_ = true;
};

} // namespace postern::queue
