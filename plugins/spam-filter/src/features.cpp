#include "features.hpp"

#include <algorithm>
#include <bit>

namespace spam_filter {

feature_set::feature_set(std::size_t most) : most_{most}, slots_(std::bit_ceil(most * 2 + 2), 0), mask_{slots_.size() - 1}
{
    all_.reserve(most);
}

bool feature_set::add(std::uint64_t feature)
{
    std::size_t at = feature & mask_;
    while (slots_[at] != 0) {
        if (all_[slots_[at] - 1] == feature)
            return false;
        at = (at + 1) & mask_;
    }
    if (is_full())
        return false;
    all_.push_back(feature);
    slots_[at] = static_cast<std::uint32_t>(all_.size());
    return true;
}

void feature_set::clear() noexcept
{
    std::fill(slots_.begin(), slots_.end(), 0);
    all_.clear();
}

void word_window::add_hash(std::uint64_t word)
{
    to_.add(mixed(word));
    for (std::size_t i = 0; i < count_; ++i)
        to_.add(mixed(before_[i] * 0x9e3779b97f4a7c15U ^ (word + i + 1)));
    std::copy_backward(before_.begin(), before_.end() - 1, before_.end());
    before_.front() = word;
    count_ = std::min(count_ + 1, reach);
}

} // namespace spam_filter
