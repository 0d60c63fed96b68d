// Sets aside what is damaged: out of the way of the living, never thrown away, told to the operator once.

#include "journal.hpp"

#include <algorithm>
#include <cstring>

namespace postern_queue_journal {

namespace {

constexpr std::size_t copy_size = 1U << 20U;

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

/// Where the last octet that is not zero ends, in [begin, end); begin: they are all zero.
std::error_code journal::find_content_end(file& from, std::uint64_t begin, std::uint64_t end, std::uint64_t& last)
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

/// Copies damaged octets where the operator finds them. Said once: a second start finds the copy and is silent.
void journal::set_aside_range(segment& from, std::uint64_t begin, std::uint64_t end, std::uint64_t id)
{
    from.is_damaged = true;
    std::uint64_t last = begin;
    auto error = find_content_end(*from.content, begin, end, last);
    if (error)
        last = end;
    else if (last == begin)
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

/// Takes a message out of the live ones, once, and copies what there is of it to quarantine.
void journal::set_aside(std::uint64_t id, const char* why)
{
    {
        const std::lock_guard lock{mutex_};
        const auto found = index_.messages.find(id);
        if (found == index_.messages.end() || found->second.removing)
            return; // somebody else was faster
        found->second.removing = true;
        ++found->second.version;
    }
    if (!copy_to_quarantine(id)) {
        say(severity::error, "message " + id_text(id) + " is damaged: " + why + "; not given out, left in place");
        return;
    }
    say(severity::error, "message " + id_text(id) + " is damaged: " + why + "; copied to quarantine/" + id_text(id));
    operation waiting;
    waiting.kind = operation_kind::removal;
    waiting.header.kind = record_kind::removal;
    waiting.header.id = id;
    waiting.header.metadata_size = sizeof(std::uint64_t);
    std::unique_lock lock{mutex_};
    enqueue(std::move(waiting), lock);
}

/// quarantine/ID.record is the message record as it is; quarantine/ID the content, as far as the record tells where it lies.
bool journal::copy_to_quarantine(std::uint64_t id) const
{
    place home;
    std::uint64_t size = 0;
    {
        const std::lock_guard lock{mutex_};
        const auto found = index_.messages.find(id);
        home = found->second.home;
        size = std::uint64_t{found->second.home_units} * alignment;
    }
    auto raw = allocate_octets(size);
    if (const auto result = read_exactly(home.segment, home.offset(), {raw.owner.get(), size}, patience::any);
        result != outcome::ok && result != outcome::corrupt)
        return false;
    const std::string name = "quarantine/" + id_text(id);
    if (!write_quarantine(name + ".record", {&raw.view, 1}))
        return false;
    std::uint32_t metadata_size = 0;
    std::uint32_t content_size = 0;
    std::uint32_t head_size = 0;
    std::memcpy(&metadata_size, raw.owner.get() + 16, sizeof metadata_size); // the header may be what is damaged
    std::memcpy(&content_size, raw.owner.get() + 24, sizeof content_size);
    std::memcpy(&head_size, raw.owner.get() + 32, sizeof head_size);
    if (header_size + metadata_size + std::uint64_t{content_size} > size || head_size > content_size)
        return true; // the record is all there is
    const auto layout = parse_layout(raw.view.substr(header_size, metadata_size));
    const auto own = raw.view.substr(header_size + metadata_size, content_size);
    std::vector<octets> pieces;
    std::vector<std::string_view> parts{own.substr(0, head_size)};
    for (const auto& piece : layout ? layout->extents : std::vector<extent>{}) {
        auto& whole = pieces.emplace_back(allocate_octets(std::min(piece.size, largest_content)));
        std::memset(whole.owner.get(), 0, whole.view.size());
        (void)read_exactly(piece.segment, piece.offset, {whole.owner.get(), whole.view.size()}, patience::any);
        parts.push_back(whole.view);
    }
    parts.push_back(own.substr(head_size));
    return write_quarantine(name, parts);
}

bool journal::write_quarantine(const std::string& name, std::span<const std::string_view> parts) const
{
    std::shared_ptr<file> to;
    auto error = folder_->create(name, to);
    if (error == std::errc::file_exists) {
        (void)folder_->remove(name); // of an attempt that did not finish
        error = folder_->create(name, to);
    }
    if (!error)
        error = to->write_at(0, parts);
    if (!error)
        error = to->sync();
    if (!error)
        error = folder_->sync_folder("quarantine");
    if (error)
        say(severity::error, "cannot write " + name + ": " + error.message());
    return !error;
}

} // namespace postern_queue_journal
