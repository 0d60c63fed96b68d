#include "core/runtime/content_variant.hpp"

#include "core/hooks/edit.hpp"
#include "core/runtime/spool.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace postern::runtime {

content_variant::content_variant(const hooks::draft& message, content_source& from, base::blob_source& octets)
    : draft_{message}, from_{from}, octets_{*this, octets}
{
    draft_.journal.clear();
    draft_.replaced_body.reset();
}

io::task<base::result<void>> content_variant::load()
{
    auto head = co_await head_of(from_);
    if (!head)
        co_return head.error();
    body_at_ = head->body_at;
    has_empty_line_ = head->has_empty_line;
    had_wide_head_ = has_wide_head_ = spool::contains_8bit(head->octets);
    draft_.headers = message::header_block{std::move(head->octets)};
    octets_.refresh();
    draft_.body_size = octets_.size() - octets_.head().size();
    co_return base::result<void>{};
}

content_source& content_variant::settle()
{
    octets_.refresh();
    has_wide_head_ = spool::contains_8bit(octets_.head());
    (void)from_.rewind();
    if (draft_.journal.empty() && has_empty_line_)
        return from_;
    if (draft_.replaced_body)
        body_.emplace(*draft_.replaced_body);
    content_source& rest = body_ ? static_cast<content_source&>(*body_) : from_;
    return varied_.emplace(octets_.head(), rest, body_ ? 0 : body_at_);
}

io::task<base::result<session::client_content>> content_variant::measure(session::client_content of_from)
{
    auto is = of_from;
    is.size = octets_.size();
    // RFC 6531 3.1: what had such fields without asking for SMTPUTF8 is as good or bad as before.
    is.needs_smtputf8 = has_wide_head_ && (of_from.needs_smtputf8 || !had_wide_head_);
    is.has_8bit = has_wide_head_;
    if (draft_.replaced_body) {
        is.has_8bit = is.has_8bit || spool::contains_8bit(*draft_.replaced_body);
        is.is_binary = of_from.is_binary && !(hooks::is_canonical(octets_.head()) && hooks::is_canonical(*draft_.replaced_body));
    } else if (of_from.has_8bit && !is.has_8bit) {
        is.has_8bit = true;
        if (had_wide_head_) { // it may have been that alone
            const auto found = co_await width_from(from_, body_at_);
            if (!found)
                co_return found.error();
            is.has_8bit = *found == octet_width::eight_bits;
            if (varied_)
                (void)varied_->rewind();
        }
    }
    co_return is;
}

void content_variant::view::refresh()
{
    if (!head_.empty() && edits_shown_ == of_.draft_.journal.size())
        return;
    edits_shown_ = of_.draft_.journal.size();
    head_ = of_.draft_.headers.octets() + "\r\n";
}

std::uint64_t content_variant::view::size() const noexcept
{
    const auto& body = of_.draft_.replaced_body;
    return head_.size() + (body ? body->size() : from_.size() - of_.body_at_);
}

std::int64_t content_variant::view::read(std::uint64_t offset, char* to, std::size_t length) noexcept
{
    const auto copy = [&](std::string_view from, std::uint64_t at) {
        return static_cast<std::int64_t>(from.copy(to, length, static_cast<std::size_t>(at)));
    };
    if (offset < head_.size())
        return copy(head_, offset);
    offset -= head_.size();
    if (const auto& body = of_.draft_.replaced_body)
        return offset < body->size() ? copy(*body, offset) : 0;
    return from_.read(of_.body_at_ + offset, to, length);
}

} // namespace postern::runtime
