// Where a batch goes: the segment in use, and the next one when it is full.
//
// Every octet of a segment is reserved in the file system when it is begun, and its last eighth is for changes alone: with a full
// disk, new messages are refused long before it can no longer be written down that an old one was delivered. Half of that is for
// removals alone. A new segment is begun before the old one is sealed, since there may be no room for one. And an end of the
// process leaves the segment in use with its room, in which the next process goes on: with a full disk it would get none.

#include "batch_writer.hpp"

#include "crc32c.hpp"

#include <algorithm>

namespace postern_queue_journal {

namespace {
constexpr std::uint64_t segment_record = header_size + 16;
constexpr std::uint64_t few = 4096;   // octets: fifty removals, worth a segment
constexpr std::uint64_t fewest = 256; // worth going on in one
} // namespace

std::uint64_t batch_writer::room_for_changes() const noexcept
{
    return journal_.settings_.segment_size / 8;
}

std::uint64_t batch_writer::room_for_removals() const noexcept
{
    return room_for_changes() / 2;
}

/// What a batch must leave of a segment, for what matters more.
std::uint64_t batch_writer::room_kept(const std::vector<operation>& batch) const
{
    std::uint64_t kept = 0;
    for (const auto& waiting : batch) {
        if (waiting.is_skipped)
            continue;
        if (waiting.is_intake() || waiting.is_copy())
            return room_for_changes();
        if (waiting.kind == operation_kind::update)
            kept = room_for_removals();
    }
    return kept;
}

/// Octets free on the disk, without those in reserve.
std::uint64_t batch_writer::free_beyond(std::uint64_t reserve) const
{
    std::uint64_t octets = 0;
    if (journal_.folder_->free_octets(octets))
        return UINT64_MAX; // unknown: the allocation will tell
    return octets - std::min(octets, reserve);
}

void batch_writer::begin()
{
    std::shared_ptr<segment> last;
    if (!journal_.index_.segments.empty())
        last = journal_.index_.segments.rbegin()->second;
    const auto size = journal_.settings_.segment_size;
    const auto changes = room_for_changes();
    do {
        if (adopt_last(2 * changes) || begin_segment(size, size, journal_.settings_.reserve) || adopt_last(changes) ||
            begin_segment(changes, std::min(few, changes), 0) || adopt_last(fewest))
            break;
    } while (is_no_room(error_) && journal_.delete_dead_segments());
    if (!active_)
        journal_.say(severity::error,
                     "there is no segment to write to (" + error_.message() +
                         "): new messages are refused, and what becomes of the others is kept in memory, to be " +
                         "written when there is room");
    if (last && last != active_ && !last->keep && last->capacity > last->tail)
        give_back(*last);
}

/// Goes on in the last segment, if there is that much room in it.
bool batch_writer::adopt_last(std::uint64_t least)
{
    const std::lock_guard lock{journal_.mutex_};
    if (journal_.index_.segments.empty())
        return false;
    const auto& last = journal_.index_.segments.rbegin()->second;
    if (last->keep || last->is_unreadable || last->is_damaged || last->tail < segment_record)
        return false;
    auto size = std::max(last->capacity, journal_.settings_.segment_size);
    if (size - last->capacity > free_beyond(journal_.settings_.reserve))
        size = last->capacity;
    // Reserved already, mostly; but it may have been copied here with holes.
    if (size - last->tail < least || last->content->allocate(size))
        return false;
    last->capacity = size;
    last->is_sealed = false;
    active_ = last;
    return true;
}

bool batch_writer::begin_segment(std::uint64_t most, std::uint64_t least, std::uint64_t reserve)
{
    active_ = create_segment(most, least, reserve);
    return active_ != nullptr;
}

batch_writer::readiness batch_writer::prepare_segment(std::uint64_t octets, const std::vector<operation>& batch)
{
    const auto kept = room_kept(batch);
    if (active_ && active_->tail + octets + kept <= active_->capacity)
        return readiness::ready;
    const bool is_intake =
        std::any_of(batch.begin(), batch.end(), [](const operation& o) { return !o.is_skipped && o.is_intake(); });
    const std::uint64_t needed = segment_record + octets + kept;
    const auto fresh =
        create_segment(std::max(needed, journal_.settings_.segment_size), needed, is_intake ? journal_.settings_.reserve : 0);
    if (!fresh)
        return readiness::no_room;
    const bool is_sealed = !active_ || seal();
    active_ = fresh;
    return is_sealed ? readiness::ready : readiness::lost;
}

/// Of the largest size from `most` down to `least` for which there is room. Null: error_ tells why.
std::shared_ptr<segment> batch_writer::create_segment(std::uint64_t most, std::uint64_t least, std::uint64_t reserve)
{
    if (next_number_ > UINT32_MAX) { // of 64 MiB each: 256 PiB of mail
        journal_.say(severity::error, "segment numbers are used up; empty the queue and begin a new folder");
        error_ = std::make_error_code(std::errc::value_too_large);
        return nullptr;
    }
    const auto room = free_beyond(reserve);
    error_ = std::make_error_code(std::errc::no_space_on_device);
    if (room < least)
        return nullptr;
    auto fresh = std::make_shared<segment>();
    fresh->name = {next_number_++, journal_.random_mark()};
    error_ = start_file(*fresh, most, least, room);
    if (error_) {
        if (!is_no_room(error_))
            journal_.say(severity::error, "cannot begin " + to_text(fresh->name) + ": " + error_.message());
        return nullptr;
    }
    const std::lock_guard lock{journal_.mutex_};
    journal_.index_.segments.emplace(fresh->name.number, fresh);
    return fresh;
}

/// The file, its room, its first record, and its name made durable before anything in it is acknowledged.
std::error_code batch_writer::start_file(segment& fresh, std::uint64_t most, std::uint64_t least, std::uint64_t room)
{
    const auto name = to_text(fresh.name);
    auto& folder = *journal_.folder_;
    const bool sync = journal_.settings_.sync;
    if (const auto error = folder.create(name, fresh.content)) {
        if (is_no_room(error))
            next_number_ = fresh.name.number;
        return error;
    }
    const auto number = encode_segment(fresh.name.number);
    record_header first{
        .kind = record_kind::segment, .metadata_size = static_cast<std::uint32_t>(number.size()), .metadata_crc = crc32c(number)};
    const auto octets = encode(first, fresh.name.mark);
    const std::array<std::string_view, 2> parts{std::string_view{octets.data(), octets.size()}, number};

    auto error = std::make_error_code(std::errc::no_space_on_device);
    for (auto size = most; is_no_room(error); size = std::max(size / 2, least)) {
        if (size <= room)
            error = fresh.content->allocate(fresh.capacity = size);
        if (size == least)
            break;
    }
    if (!error)
        error = fresh.content->write_at(0, parts);
    if (!error && sync)
        error = fresh.content->sync();
    if (!error && sync)
        error = folder.sync_folder("");
    if (error) {
        fresh.content.reset();
        auto removed = folder.remove(name);
        if (!removed && sync)
            removed = folder.sync_folder("");
        if (!removed)
            next_number_ = fresh.name.number; // nothing of it can come back
        else
            journal_.say(severity::warning, "cannot remove " + name + ", which is empty");
    }
    fresh.tail = fresh.synced = segment_record;
    return error;
}

/// False: the segment could not be cut back, so it is lost.
bool batch_writer::roll_back(std::vector<operation>& batch)
{
    auto& content = *active_->content;
    if (const auto error = content.resize(active_->tail)) {
        journal_.say(severity::error, "cannot cut " + to_text(active_->name) + ": " + error.message());
        lose_segment(&batch);
        return false;
    }
    auto room = active_->capacity - active_->tail;
    while (room != 0 && content.allocate(active_->tail + room))
        room /= 2;
    const std::lock_guard lock{journal_.mutex_};
    active_->capacity = active_->tail + room;
    return true;
}

/// Closes the segment in use. False: it was lost.
bool batch_writer::seal()
{
    if (journal_.settings_.sync && active_->tail > active_->synced && !sync()) {
        lose_segment(nullptr);
        return false;
    }
    give_back(*active_);
    const std::lock_guard lock{journal_.mutex_};
    active_->is_sealed = true;
    for (auto& [number, each] : journal_.index_.segments)
        each->is_stuck = false; // what hindered compaction may have passed
    journal_.note_dead_space(active_->name.number);
    active_.reset();
    return true;
}

/// Room that was reserved and is not needed.
void batch_writer::give_back(segment& full)
{
    if (full.content->resize(full.tail))
        journal_.say(severity::warning, "cannot give back the unused room of " + to_text(full.name));
    const std::lock_guard lock{journal_.mutex_};
    full.capacity = full.tail;
}

/// The segment in use cannot be trusted behind its last good sync; see the head of batch_writer.hpp.
void batch_writer::lose_segment(std::vector<operation>* batch)
{
    const std::lock_guard lock{journal_.mutex_};
    active_->is_lost = true;
    active_->is_damaged = true;
    active_->is_sealed = true;
    const auto number = active_->name.number;
    carried_.insert(carried_.end(), std::make_move_iterator(unsynced_.begin()), std::make_move_iterator(unsynced_.end()));
    unsynced_.clear();
    unsynced_octets_ = 0;
    for (auto* waiting = batch == nullptr ? nullptr : batch->data(); batch != nullptr && waiting != batch->data() + batch->size();
         ++waiting) {
        if (waiting->is_skipped)
            continue;
        if (waiting->kind == operation_kind::commit) {
            operation removal;
            removal.kind = operation_kind::removal;
            removal.is_carried = true;
            removal.header.kind = record_kind::removal;
            removal.header.id = waiting->header.id;
            removal.homes = {number};
            carried_.push_back(std::move(removal));
        } else if (waiting->kind == operation_kind::move_message) {
            journal_.index_.note_stale(waiting->header.id, number);
        }
    }
    active_.reset();
}

} // namespace postern_queue_journal
