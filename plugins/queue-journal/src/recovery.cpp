// Start-up: walks the headers and metadata of every segment, in the order in which they were written, and ends up with the
// index that the last process had. Content is read only behind the last place that is known to have been synced, where a crash
// may have torn it.
// SECURITY: nothing found in a file is trusted before its checksum and mark; damage costs the records that it hit.

#include "crc32c.hpp"
#include "journal.hpp"

#include <algorithm>

namespace postern_queue_journal {

namespace {

constexpr std::size_t copy_size = 1U << 20U;

/// Where the last octet that is not zero ends, in [begin, end); begin: they are all zero.
[[nodiscard]] std::error_code find_content_end(file& from, std::uint64_t begin, std::uint64_t end, std::uint64_t& last)
{
    last = begin;
    std::string octets;
    for (std::uint64_t at = begin; at < end; at += octets.size()) {
        octets.resize(std::min<std::uint64_t>(copy_size, end - at));
        std::size_t got = 0;
        if (const auto error = from.read_at(at, octets, got, patience::any))
            return error;
        octets.resize(got);
        if (const auto place = octets.find_last_not_of('\0'); place != std::string::npos)
            last = at + place + 1;
        if (got == 0)
            break;
    }
    return {};
}

[[nodiscard]] std::error_code copy(file& from, std::uint64_t begin, std::uint64_t end, file& to)
{
    std::string octets;
    for (std::uint64_t at = begin; at < end; at += octets.size()) {
        octets.resize(std::min<std::uint64_t>(copy_size, end - at));
        std::size_t got = 0;
        if (const auto error = from.read_at(at, octets, got, patience::any))
            return error;
        octets.resize(got);
        const std::string_view part = octets;
        if (const auto error = to.write_at(at - begin, {&part, 1}))
            return error;
        if (got == 0)
            break;
    }
    return to.sync();
}

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
        if (code) {
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
        if (!recover_segment(*each, error))
            return false;
    return finish_recovery(error);
}

bool journal::recover_segment(segment& from, std::string& error)
{
    std::deque<recovered> waiting; // until a later record says that they were synced
    segment_walker walker{*from.content, from.name.mark, 0, from.capacity};
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
            set_aside_range(from, walker.damage_begin(), walker.damage_end(), walker.damaged_id());
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
            cut_tail(from, walker.damaged_id());
            return true;
        }
    }
}

/// What lies behind the last record: zeros that were reserved, or octets that a crash cut short.
void journal::cut_tail(segment& from, std::uint64_t id)
{
    if (from.tail == from.capacity)
        return;
    const bool was_damaged = from.is_damaged;
    set_aside_range(from, from.tail, from.capacity, id);
    if (from.keep)
        return;
    from.is_damaged = was_damaged; // the damage is cut away
    if (from.content->resize(from.tail))
        say(severity::warning, "cannot cut the end of " + to_text(from.name));
    else
        from.capacity = from.tail;
}

/// Takes in the records in front that end where everything is known to be synced.
void journal::accept_records(segment& from, std::deque<recovered>& waiting, std::uint64_t synced)
{
    for (; !waiting.empty() && waiting.front().header.offset + waiting.front().header.size() <= synced; waiting.pop_front())
        accept_record(from, waiting.front());
}

/// A record that may have been torn by a crash: does its content, too, match its checksums?
bool journal::is_whole(segment& from, const recovered& record)
{
    if (record.header.kind != record_kind::message)
        return true; // metadata was checked; pieces are judged with the message that names them
    std::string content(record.header.content_size, '\0');
    if (read_exactly(from.name.number, record.header.content_offset(), content, patience::any) != outcome::ok ||
        crc32c(content) != record.header.content_crc)
        return false;
    const auto layout = parse_layout(record.metadata);
    return layout && std::all_of(layout->extents.begin(), layout->extents.end(), [&](const extent& piece) {
               content.resize(piece.size);
               return piece.size <= largest_content && read_extent(piece, content, patience::any) == outcome::ok;
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
        return holder != nullptr && piece.offset <= holder->capacity && piece.size <= holder->capacity - piece.offset;
    };
    if (!layout || !std::all_of(layout->extents.begin(), layout->extents.end(), is_there))
        return set_aside_range(from, header.offset, header.offset + header.size(), header.id);
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
    index_.messages.insert_or_assign(header.id, std::move(message));
}

/// Copies damaged octets where the operator finds them. Said once: a second start finds the copy and is silent.
void journal::set_aside_range(segment& from, std::uint64_t begin, std::uint64_t end, std::uint64_t id)
{
    from.is_damaged = true;
    std::uint64_t last = begin;
    auto error = find_content_end(*from.content, begin, end, last);
    if (!error && last == begin)
        return; // zeros: writes that never reached the disk, of which nobody was told
    const auto segment_text = to_text(from.name);
    const std::string name = "quarantine/" + segment_text.substr(0, 16) + "-" + std::to_string(begin);
    std::shared_ptr<file> to;
    std::uint64_t size = 0;
    if (!error && !folder_->open(name, to) && !to->size(size) && size == last - begin)
        return;
    if (to)
        (void)folder_->remove(name); // an earlier attempt that did not finish
    to.reset();
    if (!error)
        error = folder_->create(name, to);
    if (!error)
        error = copy(*from.content, begin, last, *to);
    if (!error)
        error = folder_->sync_folder("quarantine");
    const auto what = std::to_string(last - begin) + " octets at " + std::to_string(begin) + " of " + segment_text +
                      " are damaged or were never finished" + (id == 0 ? "" : ", message " + id_text(id));
    if (error) {
        from.keep = true; // the only copy
        say(severity::error, what + "; left in place, since they cannot be copied to " + name + ": " + error.message());
        return;
    }
    say(severity::warning, what + "; copied to " + name);
}

/// What was read is in the kernel; it must be on the disk before compaction removes older copies of it.
bool journal::finish_recovery(std::string& error)
{
    std::error_code code;
    for (auto& [number, each] : index_.segments)
        if (settings_.sync && !code)
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
