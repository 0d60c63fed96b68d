#pragma once
// How often each feature was seen in spam and in ham: all of them, in memory, in one block. What is kept beyond the process is
// the key-value store's; this is its image, so that judging a message asks nobody. SECURITY: features come from anybody's mail,
// so a limit holds: beyond it new ones are not learned.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace spam_filter {

struct token_counts {
    std::uint32_t spam = 0;
    std::uint32_t ham = 0;
    bool operator==(const token_counts&) const = default;
};

/// Open addressing, 16 octets a place, at most two thirds full.
class token_table {
public:
    explicit token_table(std::size_t most) : most_{most} {}

    [[nodiscard]] token_counts find(std::uint64_t feature) const noexcept
    {
        if (rows_.empty())
            return {};
        for (std::size_t at = place(feature);; at = (at + 1) & mask_) {
            if (rows_[at].feature == feature)
                return rows_[at].counts;
            if (rows_[at].feature == 0)
                return {};
        }
    }
    /// For a whole set: the memory of the later ones is on its way while the first are looked at.
    void prefetch(std::uint64_t feature) const noexcept
    {
        if (!rows_.empty())
            __builtin_prefetch(&rows_[place(feature)]);
    }
    /// False: there is no room for one more.
    bool set(std::uint64_t feature, token_counts counts);
    void clear() noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t octets() const noexcept { return rows_.size() * sizeof(row); }

    token_counts messages; ///< learned

private:
    struct row {
        std::uint64_t feature; ///< 0: empty
        token_counts counts;
    };
    [[nodiscard]] std::size_t place(std::uint64_t feature) const noexcept { return feature & mask_; }
    void grow();

    std::size_t most_;
    std::vector<row> rows_;
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
};

} // namespace spam_filter
