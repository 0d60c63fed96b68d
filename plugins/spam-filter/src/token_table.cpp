#include "token_table.hpp"

#include <algorithm>
#include <utility>

namespace spam_filter {

bool token_table::set(std::uint64_t feature, token_counts counts)
{
    if ((size_ + 1) * 3 > rows_.size() * 2)
        grow();
    std::size_t at = place(feature);
    while (rows_[at].feature != 0 && rows_[at].feature != feature)
        at = (at + 1) & mask_;
    if (rows_[at].feature == 0) {
        if (size_ >= most_)
            return false;
        ++size_;
    }
    rows_[at] = {feature, counts};
    return true;
}

void token_table::clear() noexcept
{
    std::fill(rows_.begin(), rows_.end(), row{});
    size_ = 0;
    messages = {};
}

void token_table::grow()
{
    const std::vector<row> before = std::exchange(rows_, std::vector<row>(std::max<std::size_t>(rows_.size() * 2, 1024)));
    mask_ = rows_.size() - 1;
    for (const row& one : before) {
        if (one.feature == 0)
            continue;
        std::size_t at = place(one.feature);
        while (rows_[at].feature != 0)
            at = (at + 1) & mask_;
        rows_[at] = one;
    }
}

} // namespace spam_filter
