#pragma once
// What a message is judged by: a bounded set of 64-bit numbers, each the hash of something that it has. Pure.
// The numbers are what is stored, so what they are made from never changes: a change is a new `feature_version`.

#include "octets.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace spam_filter {

inline constexpr std::uint32_t feature_version = 1;

/// No feature twice, in the order in which they came, up to a limit. Reused for many messages: clear() keeps the memory.
class feature_set {
public:
    explicit feature_set(std::size_t most);
    /// False: it was there, or there is no more room.
    bool add(std::uint64_t feature);
    void clear() noexcept;
    [[nodiscard]] const std::vector<std::uint64_t>& all() const noexcept { return all_; }
    [[nodiscard]] bool is_full() const noexcept { return all_.size() >= most_; }

private:
    std::size_t most_;
    std::vector<std::uint64_t> all_;
    std::vector<std::uint32_t> slots_; ///< 1 + place in `all_`; 0: empty
    std::size_t mask_;
};

/// Words of one text in their order: each alone, and as sparse pairs with those before it (orthogonal sparse bigrams).
class word_window {
public:
    /// `space` keeps apart the same words in different places, such as a subject and a body.
    word_window(feature_set& to, std::string_view space) noexcept : to_{to}, space_{hashed(hash_start, space)} {}
    void add(std::string_view word) { add_hash(hashed(hashed(space_, '\0'), word)); }
    /// What comes next is not beside what came.
    void cut() noexcept { count_ = 0; }

private:
    static constexpr std::size_t reach = 2; ///< how many words before it a word is paired with
    void add_hash(std::uint64_t word);

    feature_set& to_;
    std::uint64_t space_;
    std::array<std::uint64_t, reach> before_{}; ///< the last ones, the newest first
    std::size_t count_ = 0;
};

} // namespace spam_filter
