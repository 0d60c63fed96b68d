#include "segment_walker.hpp"

#include "crc32c.hpp"

#include <algorithm>
#include <cstring>

namespace postern_queue_journal {

namespace {
// Records that follow one another closely are read in large pieces; a header far behind the last one costs one page.
constexpr std::uint64_t wide = 256U << 10U;
constexpr std::uint64_t narrow = 4U << 10U;
constexpr std::uint64_t far = 24U << 10U;
constexpr std::uint64_t page = 4U << 10U; // what the kernel reads, or cannot
} // namespace

std::string_view segment_walker::view(std::uint64_t offset, std::uint64_t size)
{
    size = std::min(size, end_ - offset);
    const std::uint64_t window_end = window_at_ + window_.size();
    if (offset < window_at_ || offset + size > window_end) {
        const bool is_jump = !window_.empty() && offset > window_end + far;
        const std::uint64_t want = std::min(std::max(size, is_jump ? narrow : wide), end_ - offset);
        window_.resize(want);
        window_at_ = offset;
        std::size_t got = 0;
        error_ = file_.read_at(offset, window_, got, patience::any);
        if (policy_ == bad_sectors::are_as_damage && is_unreadable(error_))
            got = read_around_bad_sectors(offset);
        window_.resize(error_ ? 0 : got);
    }
    const std::string_view all = window_;
    return all.substr(std::min<std::size_t>(offset - window_at_, all.size()), size);
}

/// Fills the window page by page, with zeros for those that cannot be read. How many octets there are.
std::size_t segment_walker::read_around_bad_sectors(std::uint64_t offset)
{
    error_.clear();
    for (std::size_t at = 0; at < window_.size();) {
        const std::size_t size = std::min<std::uint64_t>(window_.size() - at, page - (offset + at) % page);
        std::size_t got = 0;
        error_ = file_.read_at(offset + at, std::span{window_}.subspan(at, size), got, patience::any);
        if (is_unreadable(error_)) {
            error_.clear();
            std::fill_n(window_.begin() + static_cast<std::ptrdiff_t>(at), size, '\0');
            unreadable_ += size;
            got = size;
        }
        at += got;
        if (error_ || got < size)
            return at;
    }
    return window_.size();
}

bool segment_walker::record_at(std::uint64_t offset)
{
    damaged_id_ = 0;
    if (offset + header_size > end_)
        return false;
    const auto header = decode(view(offset, header_size), mark_, offset);
    if (!header)
        return false;
    if (header->size() > end_ - offset) {
        damaged_id_ = header->id;
        return false;
    }
    const auto metadata = view(offset + header_size, header->metadata_size);
    if (metadata.size() != header->metadata_size || crc32c(metadata) != header->metadata_crc) {
        damaged_id_ = header->id;
        return false;
    }
    header_ = *header;
    metadata_ = metadata;
    return true;
}

/// Moves at_ to the next place behind it where the mark stands, in steps of the alignment.
bool segment_walker::find_mark()
{
    const std::string_view wanted{reinterpret_cast<const char*>(&mark_), sizeof mark_}; // NOLINT: octets of an integer
    at_ += alignment;
    while (at_ + header_size <= end_ && !error_) {
        const auto octets = view(at_, wide);
        if (octets.size() < header_size)
            return false;
        for (std::size_t from = 0;;) {
            const void* hit = ::memmem(octets.data() + from, octets.size() - from, wanted.data(), wanted.size());
            if (hit == nullptr)
                break;
            const auto place = static_cast<std::size_t>(static_cast<const char*>(hit) - octets.data());
            if ((at_ + place) % alignment == 0) {
                at_ += place;
                return true;
            }
            from = place + 1;
        }
        const std::uint64_t passed = octets.size() - (sizeof mark_ - 1); // a mark may stand across the border
        at_ = (at_ + passed) / alignment * alignment;
    }
    return false;
}

segment_walker::step segment_walker::next()
{
    damage_begin_ = at_;
    if (record_at(at_)) {
        at_ += header_.size();
        return step::record;
    }
    const std::uint64_t id = damaged_id_;
    while (!error_ && find_mark()) {
        const std::uint64_t found = at_;
        if (record_at(found)) {
            damaged_id_ = id;
            return step::damaged; // at_ stands on the good record, which the next call gives out
        }
        at_ = found;
    }
    damaged_id_ = id;
    if (error_)
        return step::failed;
    at_ = end_;
    return step::end;
}

} // namespace postern_queue_journal
