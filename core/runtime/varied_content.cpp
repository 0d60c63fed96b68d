#include "core/runtime/varied_content.hpp"

#include "core/runtime/spool.hpp"
#include "core/session/server_header_section.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

constexpr std::size_t piece = std::size_t{64} << 10U;

/// Takes off what is to be skipped; how much that was.
std::uint64_t skip(std::string_view& octets, std::uint64_t most) noexcept
{
    const auto part = std::min<std::uint64_t>(octets.size(), most);
    octets.remove_prefix(static_cast<std::size_t>(part));
    return part;
}

} // namespace

io::task<base::result<content_head>> head_of(content_source& from)
{
    using enum session::header_section::status;
    session::header_section section;
    std::uint64_t taken = 0;
    auto is = more;
    (void)from.rewind();
    while (is == more && !from.is_at_end()) {
        const auto octets = co_await from.next();
        if (!octets)
            co_return octets.error();
        auto left = *octets;
        is = section.take(left, largest_head);
        taken += octets->size() - left.size();
    }
    (void)from.rewind();
    if (is == too_big)
        co_return boost::system::errc::make_error_code(boost::system::errc::message_size);
    if (is == more)
        section.finish();
    content_head head;
    head.body_at = taken - section.overhang().size();
    head.octets = section.take_octets();
    head.has_empty_line = head.body_at != head.octets.size();
    co_return head;
}

io::task<base::result<octet_width>> width_from(content_source& from, std::uint64_t begin)
{
    bool has_8bit = false;
    (void)from.rewind();
    while (!has_8bit && !from.is_at_end()) {
        const auto octets = co_await from.next();
        if (!octets)
            co_return octets.error();
        auto left = *octets;
        begin -= skip(left, begin);
        has_8bit = spool::contains_8bit(left);
    }
    (void)from.rewind();
    const auto width = has_8bit ? octet_width::eight_bits : octet_width::seven_bits;
    co_return width;
}

varied_content::varied_content(std::string front, content_source& rest, std::uint64_t rest_at)
    : front_{std::move(front)}, rest_{rest}, rest_at_{rest_at}
{
    (void)rewind();
}

bool varied_content::rewind() noexcept
{
    front_left_ = front_;
    to_skip_ = rest_at_;
    return rest_.rewind();
}

io::task<base::result<std::string_view>> varied_content::next()
{
    if (front_left_.size() > piece / 2) {
        const auto part = front_left_.substr(0, piece);
        front_left_.remove_prefix(part.size());
        co_return part;
    }
    std::string_view octets;
    while (octets.empty() && !rest_.is_at_end()) {
        const auto more = co_await rest_.next();
        if (!more)
            co_return more.error();
        octets = *more;
        to_skip_ -= skip(octets, to_skip_);
    }
    if (front_left_.empty())
        co_return octets;
    // One piece, so that a small message is one chunk.
    joined_.assign(front_left_).append(octets);
    front_left_ = {};
    co_return std::string_view{joined_};
}

} // namespace postern::runtime
