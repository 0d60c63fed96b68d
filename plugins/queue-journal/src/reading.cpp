// Gives out what is stored, after checking it.

#include "crc32c.hpp"
#include "journal.hpp"

#include <algorithm>
#include <cstring>

namespace postern_queue_journal {

namespace {

constexpr std::uint64_t first_look = 4096;

/// The part of `piece`, which stands at `at` in the content, that falls into [offset, offset + to.size()).
void copy_overlap(std::string_view piece, std::uint64_t at, std::uint64_t offset, std::span<char> to)
{
    const std::uint64_t begin = std::max(at, offset);
    const std::uint64_t end = std::min(at + piece.size(), offset + to.size());
    if (begin < end)
        std::memcpy(to.data() + (begin - offset), piece.data() + (begin - at), end - begin);
}

} // namespace

/// A message record as read.
struct journal::loaded {
    octets raw;
    record_header header;
    message_layout layout;    ///< into raw
    std::string_view content; ///< into raw, checked; empty if it was not read
    place home;
    place state;
    bool has_own_state = false; ///< the state stands in a record of its own
};

outcome journal::read_exactly(std::uint64_t number, std::uint64_t offset, std::span<char> to, patience how) const
{
    std::shared_ptr<file> from;
    {
        const std::lock_guard lock{mutex_};
        const auto* holder = index_.find(number);
        if (holder == nullptr)
            return outcome::corrupt; // lost: a live message names a segment that is not there
        from = holder->content;      // stays readable when compaction removes its name
    }
    std::size_t got = 0;
    const auto error = from->read_at(offset, to, got, how);
    if (error == std::errc::operation_would_block)
        return outcome::would_block;
    if (error) {
        say(severity::error, "cannot read segment " + std::to_string(number) + ": " + error.message());
        return outcome::failed;
    }
    return got == to.size() ? outcome::ok : outcome::corrupt;
}

outcome journal::read_extent(const extent& piece, std::span<char> to, patience how) const
{
    const auto result = read_exactly(piece.segment, piece.offset, to, how);
    if (result != outcome::ok)
        return result;
    return crc32c({to.data(), to.size()}) == piece.crc ? outcome::ok : outcome::corrupt;
}

/// Reads and checks a message record. `with_content`: its own content too, if it holds all of it.
outcome journal::load(std::uint64_t id, patience how, bool with_content, loaded& message)
{
    place home;
    std::uint64_t mark = 0;
    std::uint64_t size = 0;
    {
        const std::lock_guard lock{mutex_};
        const auto found = index_.messages.find(id);
        if (found == index_.messages.end() || found->second.removing)
            return outcome::missing;
        home = message.home = found->second.home;
        size = std::uint64_t{found->second.home_units} * alignment;
        with_content = with_content && !found->second.shares;
        message.state = found->second.state;
        message.has_own_state = found->second.state_units != 0;
        if (const auto* holder = index_.find(home.segment))
            mark = holder->name.mark;
    }
    std::uint64_t wanted = with_content ? size : std::min(size, first_look);
    for (;;) {
        message.raw = allocate_octets(wanted);
        if (const auto result = read_exactly(home.segment, home.offset(), {message.raw.owner.get(), wanted}, how);
            result != outcome::ok)
            return result;
        const auto header = decode(message.raw.view, mark, home.offset());
        if (!header || header->kind != record_kind::message || header->id != id || header->size() != size)
            return outcome::corrupt;
        message.header = *header;
        if (header_size + header->metadata_size <= wanted)
            break;
        wanted = header_size + header->metadata_size; // a long envelope, or many extents
    }
    const auto metadata = message.raw.view.substr(header_size, message.header.metadata_size);
    auto layout = crc32c(metadata) == message.header.metadata_crc ? parse_layout(metadata) : std::nullopt;
    if (!layout)
        return outcome::corrupt;
    message.layout = std::move(*layout);
    if (with_content) {
        message.content = message.raw.view.substr(header_size + message.header.metadata_size, message.header.content_size);
        if (crc32c(message.content) != message.header.content_crc)
            return outcome::corrupt;
    }
    return outcome::ok;
}

outcome journal::load_state(std::uint64_t id, place at, patience how, std::string& state) const
{
    std::uint64_t mark = 0;
    {
        const std::lock_guard lock{mutex_};
        if (const auto* holder = index_.find(at.segment))
            mark = holder->name.mark;
    }
    header_octets first;
    auto result = read_exactly(at.segment, at.offset(), first, how);
    if (result != outcome::ok)
        return result;
    const auto header = decode({first.data(), first.size()}, mark, at.offset());
    if (!header || header->kind != record_kind::state || header->id != id)
        return outcome::corrupt;
    state.resize(header->metadata_size);
    result = read_exactly(at.segment, at.offset() + header_size, state, how);
    if (result != outcome::ok)
        return result;
    return crc32c(state) == header->metadata_crc ? outcome::ok : outcome::corrupt;
}

outcome journal::load_for_move(std::uint64_t id, message_source& source)
{
    loaded message;
    auto result = load(id, patience::any, true, message);
    if (result != outcome::ok)
        return result;
    if (message.has_own_state)
        result = load_state(id, message.state, patience::any, source.state);
    else
        source.state = message.layout.state;
    source.envelope = message.layout.envelope;
    source.content_size = message.layout.content_size;
    source.extents = std::move(message.layout.extents);
    source.head_size = message.header.head_size;
    source.content = message.content;
    if (result == outcome::ok && message.content.empty() && message.header.content_size != 0) {
        source.content.resize(message.header.content_size);
        result = read_exactly(message.home.segment, message.header.content_offset(), source.content, patience::any);
        if (result == outcome::ok && crc32c(source.content) != message.header.content_crc)
            result = outcome::corrupt;
    }
    return result;
}

/// Was what has just been read still what counts? If so, damage that was met is damage; else compaction or an update has moved
/// the message meanwhile, perhaps deleted the segment, and it must be read again.
bool journal::is_current(std::uint64_t id, const loaded& message) const
{
    const std::lock_guard lock{mutex_};
    const auto found = index_.messages.find(id);
    return found != index_.messages.end() && found->second.home == message.home && found->second.state == message.state;
}

outcome journal::fetch(std::uint64_t id, message_info& info, patience how)
{
    for (;;) {
        loaded message;
        const auto result = fetch_once(id, info, how, message);
        if (result == outcome::corrupt && !is_current(id, message))
            continue;
        if (result == outcome::corrupt)
            set_aside(id, "its record does not match its checksum");
        return result;
    }
}

outcome journal::fetch_once(std::uint64_t id, message_info& info, patience how, loaded& message)
{
    auto result = load(id, how, false, message);
    if (result == outcome::ok && message.has_own_state)
        result = load_state(id, message.state, how, info.state);
    else if (result == outcome::ok)
        info.state = message.layout.state;
    if (result != outcome::ok)
        return result;
    info.id = id;
    info.content_size = message.layout.content_size;
    info.envelope = message.layout.envelope;
    return result;
}

outcome journal::read(std::uint64_t id, std::uint64_t offset, std::uint64_t length, octets& to, patience how)
{
    for (;;) {
        loaded message;
        const auto result = read_once(id, offset, length, to, how, message);
        if (result == outcome::corrupt && !is_current(id, message))
            continue;
        if (result == outcome::corrupt)
            set_aside(id, "its content does not match its checksum");
        return result;
    }
}

outcome journal::read_once(std::uint64_t id, std::uint64_t offset, std::uint64_t length, octets& to, patience how,
                           loaded& message)
{
    if (const auto result = load(id, how, true, message); result != outcome::ok)
        return result;
    const auto size = message.layout.content_size;
    offset = std::min(offset, size);
    length = std::min(length, size - offset);
    if (message.layout.extents.empty() && message.content.size() == size) {
        to.view = message.content.substr(offset, length); // all in one record: no copy
        to.owner = std::move(message.raw.owner);
        return outcome::ok;
    }
    to = allocate_octets(length);
    return assemble(message, offset, {to.owner.get(), length}, how);
}

/// Fills `to` with content from `offset`, each piece that it touches checked as a whole.
outcome journal::assemble(const loaded& message, std::uint64_t offset, std::span<char> to, patience how) const
{
    const std::uint64_t end = offset + to.size();
    std::uint64_t at = message.header.head_size;
    octets scratch;
    std::uint64_t scratch_size = 0;
    for (const auto& piece : message.layout.extents) {
        const std::uint64_t begin = at;
        at += piece.size;
        if (begin >= end || at <= offset)
            continue;
        if (piece.size > largest_content)
            return outcome::corrupt;
        if (begin >= offset && at <= end) {
            if (const auto result = read_extent(piece, to.subspan(begin - offset, piece.size), how); result != outcome::ok)
                return result;
            continue;
        }
        if (scratch_size < piece.size)
            scratch = allocate_octets(scratch_size = piece.size);
        if (const auto result = read_extent(piece, {scratch.owner.get(), piece.size}, how); result != outcome::ok)
            return result;
        copy_overlap({scratch.owner.get(), piece.size}, begin, offset, to);
    }
    if (offset >= message.header.head_size && end <= at)
        return outcome::ok; // nothing of it stands in the record itself
    const auto& header = message.header;
    auto own = allocate_octets(header.content_size);
    const auto result = read_exactly(message.home.segment, header.content_offset(), {own.owner.get(), header.content_size}, how);
    if (result != outcome::ok)
        return result;
    if (crc32c(own.view) != header.content_crc || at + header.content_size - header.head_size != message.layout.content_size)
        return outcome::corrupt;
    copy_overlap(own.view.substr(0, header.head_size), 0, offset, to);
    copy_overlap(own.view.substr(header.head_size), at, offset, to);
    return outcome::ok;
}

outcome journal::peek(std::uint64_t id, std::uint64_t offset, std::uint64_t length, octets& to, patience how)
{
    std::vector<std::pair<std::uint64_t, extent>> on_disk;
    {
        const std::lock_guard lock{mutex_};
        const auto found = index_.uploads.find(id);
        if (found == index_.uploads.end())
            return outcome::missing;
        auto& arriving = *found->second;
        offset = std::min(offset, arriving.size);
        length = std::min(length, arriving.size - offset);
        to = allocate_octets(length);
        const std::span<char> all{to.owner.get(), length};
        std::uint64_t at = 0;
        for (const auto& part : arriving.pieces) {
            if (!part.is_written)
                return outcome::failed; // nobody asks before its append was answered
            if (at < offset + length && at + part.size > offset)
                on_disk.emplace_back(at, part.where());
            at += part.size;
        }
        copy_overlap(arriving.pending, at, offset, all);
    }
    for (const auto& [at, piece] : on_disk) {
        auto whole = allocate_octets(piece.size);
        if (const auto result = read_extent(piece, {whole.owner.get(), piece.size}, how); result != outcome::ok)
            return result == outcome::corrupt ? outcome::failed : result; // not yet a message, so nothing to set aside
        copy_overlap(whole.view, at, offset, {to.owner.get(), length});
    }
    return outcome::ok;
}

} // namespace postern_queue_journal
