#pragma once
// Randomness as a parameter, so that a run can be repeated from its seed. Not for secrets.

#include <cstdint>

namespace postern::base {

/// Source of random numbers for ids and jitter. Threads: one.
class random_source {
public:
    virtual ~random_source() = default;
    [[nodiscard]] virtual std::uint64_t next() noexcept = 0;
};

/// SplitMix64: small, fast, good enough for ids and jitter.
class seeded_random final : public random_source {
public:
    explicit seeded_random(std::uint64_t seed) noexcept : state_{seed} {}

    [[nodiscard]] std::uint64_t next() noexcept override
    {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

private:
    std::uint64_t state_;
};

} // namespace postern::base
