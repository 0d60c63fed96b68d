// Gives out all messages by pages, in the order in which they lie on disk, so that reading stays sequential and no page needs the
// one before: the cursor is a place in the journal.

#include "journal.hpp"

namespace postern_queue_journal {

namespace {
constexpr std::size_t page_messages = 500;
constexpr std::size_t page_octets = 1U << 20U; // of envelopes and states
constexpr unsigned cursor_shift = 30;          // of the segment's number; below it the offset in units
} // namespace

outcome journal::scan(std::uint64_t cursor, scan_page& page)
{
    if (cursor == 0) {
        const std::lock_guard step{compacting_}; // a message that moves would be seen twice
        const std::lock_guard lock{mutex_};
        scanning_ = true;
    }
    std::uint64_t number = cursor >> cursor_shift;
    std::uint64_t offset = (cursor & ((std::uint64_t{1} << cursor_shift) - 1)) * alignment;
    page = {};
    for (;;) {
        std::shared_ptr<segment> from;
        {
            const std::lock_guard lock{mutex_};
            const auto next = index_.segments.lower_bound(number);
            if (next == index_.segments.end()) {
                scanning_ = false;
                compactor_may_run_ = true;
                dead_space_.notify_one();
                return outcome::ok;
            }
            from = next->second;
            offset = next->first == number ? offset : 0;
            number = next->first;
        }
        const auto result = scan_segment(*from, offset, page);
        if (result != outcome::ok)
            return result;
        if (offset != 0) { // the page is full
            page.next = number << cursor_shift | offset / alignment;
            return outcome::ok;
        }
        ++number;
    }
}

/// Adds the live messages of a segment from `offset` on. Afterwards `offset` is where the next page begins; 0: the segment is
/// done.
outcome journal::scan_segment(segment& from, std::uint64_t& offset, scan_page& page)
{
    std::uint64_t end = 0;
    {
        const std::lock_guard lock{mutex_};
        end = from.tail;
    }
    std::size_t octets_in_page = 0;
    for (const auto& message : page.messages)
        octets_in_page += message.envelope.size() + message.state.size();
    // What lies on a bad sector was reported at start-up, if it was bad then; the others must not wait for it.
    segment_walker walker{*from.content, from.name.mark, offset, end, segment_walker::bad_sectors::are_as_damage};
    for (;;) {
        const auto step = walker.next();
        if (step == segment_walker::step::failed) {
            say(severity::error, "cannot read " + to_text(from.name) + ": " + walker.error().message());
            return outcome::failed;
        }
        if (step == segment_walker::step::end) {
            if (walker.unreadable() != 0 && !from.keep)
                say(severity::error, std::to_string(walker.unreadable()) + " octets of " + to_text(from.name) +
                                         " cannot be read any more; messages whose envelopes lie there wait for another start");
            offset = 0;
            return outcome::ok;
        }
        const auto& header = walker.header();
        if (step != segment_walker::step::record || header.kind != record_kind::message)
            continue;
        place state;
        {
            const std::lock_guard lock{mutex_};
            const auto found = index_.messages.find(header.id);
            if (found == index_.messages.end() || found->second.removing ||
                found->second.home != make_place(from.name.number, header.offset))
                continue;
            if (found->second.state_units != 0)
                state = found->second.state;
        }
        const auto layout = parse_layout(walker.metadata());
        if (!layout)
            continue; // cannot be: it was parsed at start-up
        message_info info{header.id, layout->content_size, std::string{layout->envelope}, std::string{layout->state}};
        if (state.segment != 0 && load_state(header.id, state, patience::any, info.state) != outcome::ok) {
            set_aside(header.id, "its state does not match its checksum");
            continue;
        }
        octets_in_page += info.envelope.size() + info.state.size();
        page.messages.push_back(std::move(info));
        if (page.messages.size() >= page_messages || octets_in_page >= page_octets) {
            offset = header.offset + header.size();
            return outcome::ok;
        }
    }
}

} // namespace postern_queue_journal
