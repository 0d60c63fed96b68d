#pragma once
// SHA-256, for names of fixed length that nobody can make collide. It is no password hash, and knows no key.
// STANDARDS: FIPS 180-4, RFC 6234. SECURITY: the octets may be a client's; work is linear in them, memory constant.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::kit {

/// Takes octets piece by piece; text() is of all so far, and the end of it.
class sha256 {
public:
    sha256& add(std::string_view octets) noexcept
    {
        length_ += octets.size();
        while (!octets.empty()) {
            const std::size_t count = std::min(octets.size(), block_.size() - used_);
            std::copy_n(octets.begin(), count, block_.begin() + static_cast<std::ptrdiff_t>(used_));
            used_ += count;
            octets.remove_prefix(count);
            if (used_ == block_.size())
                take_block();
        }
        return *this;
    }
    /// 64 hexadecimal digits in lower case.
    [[nodiscard]] std::string text()
    {
        // RFC 6234 4.1: a one, zeros, the length in bits.
        const std::uint64_t bits = length_ * 8;
        add(std::string_view{"\x80", 1});
        while (used_ != block_.size() - 8)
            add(std::string_view{"\0", 1});
        for (int shift = 56; shift >= 0; shift -= 8) {
            const char octet = static_cast<char>(bits >> shift & 0xffu);
            add(std::string_view{&octet, 1});
        }
        constexpr std::string_view digits = "0123456789abcdef";
        std::string made;
        for (const std::uint32_t word : state_) {
            for (int shift = 28; shift >= 0; shift -= 4)
                made += digits[word >> shift & 0xfu];
        }
        return made;
    }

private:
    void take_block() noexcept
    {
        // RFC 6234 5.1.
        static constexpr std::array<std::uint32_t, 64> constants{
            0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
            0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
            0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
            0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
            0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
            0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
            0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
            0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

        // RFC 6234 6.2.
        std::array<std::uint32_t, 64> words{};
        for (std::size_t i = 0; i < 16; ++i) {
            for (std::size_t k = 0; k < 4; ++k)
                words[i] = words[i] << 8 | static_cast<std::uint8_t>(block_[i * 4 + k]);
        }
        for (std::size_t i = 16; i < 64; ++i) {
            const std::uint32_t a = words[i - 15];
            const std::uint32_t b = words[i - 2];
            words[i] = words[i - 16] + words[i - 7] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) +
                       (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
        }
        auto [a, b, c, d, e, f, g, h] = state_;
        for (std::size_t i = 0; i < 64; ++i) {
            const std::uint32_t first =
                h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + words[i];
            const std::uint32_t second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            h = g;
            g = f;
            f = e;
            e = d + first;
            d = c;
            c = b;
            b = a;
            a = first + second;
        }
        const std::array<std::uint32_t, 8> mixed{a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < mixed.size(); ++i)
            state_[i] += mixed[i];
        used_ = 0;
    }

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}; // RFC 6234 6.1
    std::array<char, 64> block_{};
    std::size_t used_ = 0;
    std::uint64_t length_ = 0;
};

} // namespace postern::kit
