// Start-up: walks the headers and metadata of every segment, in the order in which they were written, and ends up with the
// index that the last process had. Content is read only behind the last place that is known to have been synced, where a crash
// may have torn it.
// SECURITY: nothing found in a file is trusted before its checksum and mark; damage costs the records that it hit.

#include "crc32c.hpp"
#include "journal.hpp"

#include <algorithm>

namespace postern_queue_journal {

namespace {

/// A segment whose inode lies on a bad sector.
class unreadable_file final : public file {
public:
    explicit unreadable_file(std::error_code why) noexcept : why_{why} {}
    std::error_code read_at(std::uint64_t, std::span<char>, std::size_t& got, patience) noexcept override
    {
        got = 0;
        return why_;
    }
    std::error_code write_at(std::uint64_t, std::span<const std::string_view>) noexcept override { return why_; }
    std::error_code sync() noexcept override { return why_; }
    std::error_code resize(std::uint64_t) noexcept override { return why_; }
    std::error_code allocate(std::uint64_t) noexcept override { return why_; }
    std::error_code size(std::uint64_t&) noexcept override { return why_; }

private:
    std::error_code why_;
};

} // namespace

struct journal::recovered {
    record_header header;
    std::string metadata;
};

bool journal::recover(std::string& error)
{
    if (const auto code = folder_->lock("lock")) {
        error = code == std::errc::device_or_resource_busy ? "another process uses this queue folder; stop it first"
                                                           : "cannot lock the queue folder: " + code.message();
        return false;
    }
    std::vector<std::string> names;
    auto code = folder_->make_folder("quarantine");
    if (!code)
        code = folder_->list(names);
    if (code) {
        error = "cannot read the queue folder: " + code.message();
        return false;
    }
    for (const auto& text : names) {
        const auto name = parse_segment_name(text);
        if (!name)
            continue;
        auto found = std::make_shared<segment>();
        found->name = *name;
        found->is_sealed = true;
        code = folder_->open(text, found->content);
        if (!code)
            code = found->content->size(found->capacity);
        if (is_unreadable(code)) {
            say(severity::error, "cannot open " + text + ": " + code.message() +
                                     "; it stays where it is, and the messages in it are out of reach");
            found->content = std::make_shared<unreadable_file>(code);
            found->is_unreadable = found->keep = true;
            found->capacity = 0;
        } else if (code) {
            error = "cannot open " + text + ": " + code.message();
            return false;
        }
        found->tail = found->synced = found->capacity;
        if (!index_.segments.emplace(name->number, std::move(found)).second) {
            error = "two segments have the number of " + text + "; keep the right one";
            return false;
        }
    }
    for (auto& [number, each] : index_.segments)
        if (!each->is_unreadable && !recover_segment(*each, error))
            return false;
    set_orphans_aside();
    return finish_recovery(error);
}

bool journal::recover_segment(segment& from, std::string& error)
{
    std::deque<recovered> waiting; // until a later record says that they were synced
    segment_walker walker{*from.content, from.name.mark, 0, from.capacity, segment_walker::bad_sectors::are_as_damage};
    for (;;) {
        switch (walker.next()) {
        case segment_walker::step::record: {
            const auto& header = walker.header();
            if (header.kind == record_kind::segment) {
                const auto version = parse_segment(walker.metadata(), from.name.number);
                if (version && *version != format_version) {
                    error = to_text(from.name) + " was written by another version of this store; use that one";
                    return false;
                }
            }
            accept_records(from, waiting, header.synced);
            waiting.push_back({header, std::string{walker.metadata()}});
            break;
        }
        case segment_walker::step::damaged:
            if (walker.unreadable() == 0)
                set_aside_range(from, walker.damage_begin(), walker.damage_end(), walker.damaged_id());
            else
                leave_range(from, walker.damage_begin(), walker.damage_end(), walker.damaged_id());
            break;
        case segment_walker::step::failed:
            error = "cannot read " + to_text(from.name) + ": " + walker.error().message();
            return false;
        case segment_walker::step::end:
            from.tail = walker.damage_begin();
            for (; !waiting.empty(); waiting.pop_front()) {
                const auto& header = waiting.front().header;
                if (is_whole(from, waiting.front()))
                    accept_record(from, waiting.front());
                else
                    set_aside_range(from, header.offset, header.offset + header.size(), header.id);
            }
            if (walker.unreadable() == 0)
                cut_tail(from, walker.damaged_id());
            else
                leave_range(from, from.tail, from.capacity, walker.damaged_id());
            return true;
        }
    }
}

/// The disk cannot read some of those octets; another time, or another disk with a copy of this one, it may.
void journal::leave_range(segment& from, std::uint64_t begin, std::uint64_t end, std::uint64_t id)
{
    from.keep = from.is_damaged = true;
    if (begin == end)
        return;
    say(severity::error, "the disk cannot read all of the " + std::to_string(end - begin) + " octets at " +
                             std::to_string(begin) + " of " + to_text(from.name) + "; what lies there is out of reach" +
                             (id == 0 ? "" : ", message " + id_text(id)) + "; the file stays as it is");
}

/// What lies behind the last record: zeros that were reserved, or octets that a crash cut short.
void journal::cut_tail(segment& from, std::uint64_t id)
{
    if (from.tail == from.capacity)
        return;
    const auto cut = [&](std::uint64_t size) {
        if (const auto error = from.content->resize(size)) {
            say(severity::warning, "cannot cut the end of " + to_text(from.name) + ": " + error.message());
            return false;
        }
        from.capacity = size;
        return true;
    };
    std::uint64_t last = from.tail;
    const bool is_readable = !find_content_end(*from.content, from.tail, from.capacity, last);
    if (is_readable && last == from.tail) {
        if (from.name.number != index_.segments.rbegin()->first)
            (void)cut(last);
        return; // the last segment's room: the writer goes on in it
    }
    if (is_readable && last != from.capacity)
        (void)cut(last); // its room may be what the copy needs
    const bool was_damaged = from.is_damaged;
    set_aside_range(from, from.tail, from.capacity, id);
    if (!from.keep && cut(from.tail))
        from.is_damaged = was_damaged; // the damage is cut away
}

/// Takes in the records in front that end where everything is known to be synced.
void journal::accept_records(segment& from, std::deque<recovered>& waiting, std::uint64_t synced)
{
    for (; !waiting.empty() && waiting.front().header.offset + waiting.front().header.size() <= synced; waiting.pop_front())
        accept_record(from, waiting.front());
}

/// A record that may have been torn by a crash: does its content, too, match its checksums? What the disk cannot read now is not
/// damaged by a crash.
bool journal::is_whole(segment& from, const recovered& record)
{
    if (record.header.kind != record_kind::message)
        return true; // metadata was checked; pieces are judged with the message that names them
    std::string content(record.header.content_size, '\0');
    const auto result = read_exactly(from.name.number, record.header.content_offset(), content, patience::any);
    if (result == outcome::failed)
        return true;
    if (result != outcome::ok || crc32c(content) != record.header.content_crc)
        return false;
    const auto layout = parse_layout(record.metadata);
    return layout && std::all_of(layout->extents.begin(), layout->extents.end(), [&](const extent& piece) {
               if (index_.find(piece.segment) == nullptr)
                   return true; // accept_message judges it
               content.resize(piece.size);
               return piece.size <= largest_content && read_extent(piece, content, patience::any) != outcome::corrupt;
           });
}

void journal::accept_record(segment& from, const recovered& record)
{
    const auto id = record.header.id;
    const auto found = index_.messages.find(id);
    switch (record.header.kind) {
    case record_kind::message:
        return accept_message(from, record);
    case record_kind::state:
        if (found == index_.messages.end())
            return;
        index_.debit_state(found->second);
        found->second.state = make_place(from.name.number, record.header.offset);
        found->second.state_units = static_cast<std::uint32_t>(record.header.size() / alignment);
        from.live += record.header.size();
        return;
    case record_kind::removal:
        if (const auto homes = parse_numbers(record.metadata))
            index_.note_removal(from.name.number, record.header.size(), *homes);
        orphans_.erase(id);
        if (found != index_.messages.end()) {
            index_.debit(found->second);
            index_.messages.erase(found);
            index_.stale.erase(id);
        }
        return;
    case record_kind::segment:
    case record_kind::extent:
        return;
    }
}

void journal::accept_message(segment& from, const recovered& record)
{
    const auto& header = record.header;
    const auto layout = parse_layout(record.metadata);
    const auto is_there = [&](const extent& piece) {
        const auto* holder = index_.find(piece.segment);
        return holder != nullptr &&
               (holder->is_unreadable || (piece.offset <= holder->capacity && piece.size <= holder->capacity - piece.offset));
    };
    if (!layout)
        return set_aside_range(from, header.offset, header.offset + header.size(), header.id);
    if (!std::all_of(layout->extents.begin(), layout->extents.end(), is_there)) {
        orphans_[header.id] = {from.name.number, header.offset, header.size()};
        return;
    }
    entry message;
    message.home = message.state = make_place(from.name.number, header.offset);
    message.home_units = static_cast<std::uint32_t>(header.size() / alignment);
    message.content_size = layout->content_size;
    message.shares = shares_of(layout->extents);
    index_.credit(message);
    if (const auto found = index_.messages.find(header.id); found != index_.messages.end()) {
        index_.debit(found->second); // compaction was interrupted: the later copy counts
        if (found->second.home.segment != from.name.number)
            index_.note_stale(header.id, found->second.home.segment);
    }
    if (const auto orphan = orphans_.find(header.id); orphan != orphans_.end()) {
        if (orphan->second.segment != from.name.number)
            index_.note_stale(header.id, orphan->second.segment);
        orphans_.erase(orphan);
    }
    index_.messages.insert_or_assign(header.id, std::move(message));
}

/// Message records whose pieces are gone. Most are what compaction left behind when it moved the message, and a later record told
/// so; the rest have lost their octets.
void journal::set_orphans_aside()
{
    for (const auto& [id, where] : orphans_)
        if (auto* holder = index_.find(where.segment))
            set_aside_range(*holder, where.offset, where.offset + where.size, id);
    orphans_.clear();
}

/// What was read is in the kernel; it must be on the disk before compaction removes older copies of it.
bool journal::finish_recovery(std::string& error)
{
    std::error_code code;
    for (auto& [number, each] : index_.segments)
        if (settings_.sync && !code && !each->is_unreadable)
            code = each->content->sync();
    if (settings_.sync && !code)
        code = folder_->sync_folder("");
    if (code) {
        error = "cannot sync the queue folder: " + code.message();
        return false;
    }
    for (auto& [number, each] : index_.segments)
        each->synced = each->tail;
    compactor_wanted_ = true;
    return true;
}

} // namespace postern_queue_journal
