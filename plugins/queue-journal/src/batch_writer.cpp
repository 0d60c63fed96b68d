#include "batch_writer.hpp"

#include "crc32c.hpp"

#include <algorithm>
#include <utility>

namespace postern_queue_journal {

namespace {

// Changes wait for somebody else's sync only until this many octets would have to be written again after a failed one.
constexpr std::uint64_t most_unsynced = 1U << 20U;
constexpr std::uint64_t segment_record = header_size + 16;
constexpr std::string_view padding{"\0\0\0\0\0\0\0", alignment - 1};

[[nodiscard]] bool is_answered_after_sync(operation_kind kind) noexcept
{
    return kind == operation_kind::commit || kind == operation_kind::move_message || kind == operation_kind::barrier;
}

[[nodiscard]] bool is_no_room(std::error_code error) noexcept
{
    return error == std::errc::no_space_on_device;
}

} // namespace

void batch_writer::write(std::vector<operation>& batch)
{
    take_carried(batch);
    if (is_short_of_room())
        (void)refuse_intake(batch, std::make_error_code(std::errc::no_space_on_device));
    readiness state = write_planned(batch);
    for (int attempts = 0; state != readiness::ready && attempts < 3; ++attempts) {
        if (state == readiness::lost)
            take_carried(batch); // into a new segment
        else if (state != readiness::no_room || !refuse_intake(batch, error_))
            break; // nothing to leave out
        state = write_planned(batch);
    }
    if (state != readiness::ready) {
        fail(batch, state == readiness::no_room ? outcome::full : outcome::failed, error_);
        answer(batch, false);
        answer(batch, true);
        return;
    }
    apply_written(batch);
    answer(batch, false);
    if (wants_sync(batch) && !sync()) {
        lose_segment(&batch);
        fail(batch, outcome::failed, error_);
        answer(batch, true);
        // Once more at once, so that what was answered does not wait for the next client.
        std::vector<operation> again;
        if (!carried_.empty())
            write(again);
        return;
    }
    apply_synced(batch);
    answer(batch, true);
}

void batch_writer::take_carried(std::vector<operation>& batch)
{
    batch.insert(batch.begin(), std::make_move_iterator(carried_.begin()), std::make_move_iterator(carried_.end()));
    carried_.clear();
}

bool batch_writer::is_short_of_room() const
{
    std::uint64_t octets = 0;
    const auto reserve = journal_.settings_.reserve;
    return reserve > 0 && !journal_.folder_->free_octets(octets) && octets < reserve;
}

/// False: nothing was there to refuse.
bool batch_writer::refuse_intake(std::vector<operation>& batch, std::error_code why)
{
    const std::lock_guard lock{journal_.mutex_};
    bool found = false;
    for (auto& waiting : batch) {
        if (waiting.is_skipped || !waiting.is_intake())
            continue;
        found = true;
        waiting.is_skipped = true;
        waiting.result = outcome::full;
        if (waiting.kind == operation_kind::extent)
            waiting.of->failure = why;
    }
    return found;
}

/// Decides what need not be written, and adds up the rest.
std::uint64_t batch_writer::plan(std::vector<operation>& batch)
{
    const std::lock_guard lock{journal_.mutex_};
    std::uint64_t octets = 0;
    for (auto& waiting : batch) {
        if (!waiting.is_skipped)
            plan_one(waiting);
        if (!waiting.is_skipped)
            octets += waiting.footprint();
    }
    return octets;
}

void batch_writer::plan_one(operation& waiting)
{
    const auto skip = [&](outcome result) {
        waiting.is_skipped = true;
        waiting.result = result;
    };
    const auto found = journal_.index_.messages.find(waiting.header.id);
    const bool is_known = found != journal_.index_.messages.end();
    switch (waiting.kind) {
    case operation_kind::extent:
        if (waiting.of->is_abandoned || waiting.of->failure)
            skip(is_no_room(waiting.of->failure) ? outcome::full : outcome::failed);
        break;
    case operation_kind::commit:
        if (waiting.of && waiting.of->failure)
            skip(is_no_room(waiting.of->failure) ? outcome::full : outcome::failed);
        else if (is_known || (waiting.of && !is_safe(*waiting.of)))
            skip(outcome::failed);
        break;
    case operation_kind::update:
        if (!is_known)
            skip(outcome::missing);
        break;
    case operation_kind::removal:
        if (is_known)
            waiting.homes = journal_.index_.homes(waiting.header.id, found->second);
        if (waiting.homes.empty())
            return skip(outcome::missing);
        waiting.metadata = encode_numbers(waiting.homes);
        waiting.header.metadata_size = static_cast<std::uint32_t>(waiting.metadata.size());
        waiting.header.metadata_crc = crc32c(waiting.metadata);
        break;
    case operation_kind::move_message:
    case operation_kind::move_state:
        if (waiting.of && waiting.of->failure)
            skip(outcome::failed);
        else if (!is_known || found->second.version != waiting.version || found->second.home != waiting.old_home)
            skip(outcome::ok); // changed since: compaction looks again at what is left
        else if (waiting.of && !is_safe(*waiting.of))
            skip(outcome::failed);
        break;
    case operation_kind::move_removal:
    case operation_kind::barrier:
        break;
    }
}

bool batch_writer::is_safe(const upload& pieces) const
{
    return std::all_of(pieces.pieces.begin(), pieces.pieces.end(), [&](const piece& part) {
        if (!part.octets.empty())
            return true; // in this batch
        const auto* holder = journal_.index_.find(part.where.segment);
        return holder != nullptr && (!holder->is_lost || part.where.offset < holder->synced);
    });
}

batch_writer::readiness batch_writer::write_planned(std::vector<operation>& batch)
{
    const auto octets = plan(batch);
    if (octets == 0)
        return readiness::ready;
    const bool intake =
        std::any_of(batch.begin(), batch.end(), [](const operation& o) { return !o.is_skipped && o.is_intake(); });
    if (const auto state = prepare_segment(octets, intake); state != readiness::ready)
        return state;
    encode_batch(batch);
    error_ = active_->content->write_at(active_->tail, parts_);
    if (!error_)
        return readiness::ready;
    journal_.say(severity::error, "cannot write to " + to_text(active_->name) + ": " + error_.message());
    const bool no_room = is_no_room(error_);
    if (!roll_back(batch))
        return readiness::lost;
    return no_room ? readiness::no_room : readiness::failed;
}

batch_writer::readiness batch_writer::prepare_segment(std::uint64_t octets, bool intake)
{
    if (active_ && active_->tail + octets <= active_->capacity)
        return readiness::ready;
    if (active_ && !seal())
        return readiness::lost;
    return create_segment(octets, intake);
}

batch_writer::readiness batch_writer::create_segment(std::uint64_t octets, bool intake)
{
    if (next_number_ > UINT32_MAX) { // of 64 MiB each: 256 PiB of mail
        journal_.say(severity::error, "segment numbers are used up; empty the queue and begin a new folder");
        error_ = std::make_error_code(std::errc::file_too_large);
        return readiness::failed;
    }
    std::uint64_t room = UINT64_MAX;
    if (journal_.folder_->free_octets(room))
        room = UINT64_MAX; // unknown: the allocation will tell
    const std::uint64_t needed = segment_record + octets;
    const std::uint64_t reserve = intake ? journal_.settings_.reserve : 0;
    const std::uint64_t modest = std::min(needed + (1U << 20U), std::max(needed, journal_.settings_.segment_size));
    error_ = std::make_error_code(std::errc::no_space_on_device);
    for (const auto size : {std::max(needed, journal_.settings_.segment_size), modest, needed}) {
        if (room < reserve || room - reserve < size)
            continue;
        auto fresh = std::make_shared<segment>();
        fresh->name = {next_number_, journal_.random_mark()};
        fresh->capacity = size;
        error_ = start_file(*fresh);
        if (is_no_room(error_))
            continue;
        if (error_) {
            journal_.say(severity::error, "cannot begin " + to_text(fresh->name) + ": " + error_.message());
            return readiness::failed;
        }
        ++next_number_;
        active_ = fresh;
        const std::lock_guard lock{journal_.mutex_};
        journal_.index_.segments.emplace(fresh->name.number, fresh);
        return readiness::ready;
    }
    return readiness::no_room;
}

/// The file, its room, its first record, and its name made durable before anything in it is acknowledged.
std::error_code batch_writer::start_file(segment& fresh)
{
    const auto name = to_text(fresh.name);
    auto& folder = *journal_.folder_;
    if (const auto error = folder.create(name, fresh.content))
        return error;
    const auto number = encode_segment(fresh.name.number);
    record_header first{
        .kind = record_kind::segment, .metadata_size = static_cast<std::uint32_t>(number.size()), .metadata_crc = crc32c(number)};
    const auto octets = encode(first, fresh.name.mark);
    const std::array<std::string_view, 2> parts{std::string_view{octets.data(), octets.size()}, number};
    auto error = fresh.content->allocate(fresh.capacity);
    if (!error)
        error = fresh.content->write_at(0, parts);
    if (!error && journal_.settings_.sync)
        error = folder.sync_folder("");
    if (error) {
        fresh.content.reset();
        if (folder.remove(name))
            journal_.say(severity::warning, "cannot remove " + name + ", which is empty");
        ++next_number_; // that name may still be there
    }
    fresh.tail = segment_record;
    return error;
}

void batch_writer::encode_batch(std::vector<operation>& batch)
{
    const std::lock_guard lock{journal_.mutex_};
    headers_.clear();
    headers_.reserve(batch.size()); // parts_ points into it
    parts_.clear();
    std::uint64_t offset = active_->tail;
    for (auto& waiting : batch) {
        if (waiting.is_skipped || waiting.kind == operation_kind::barrier)
            continue;
        auto& header = waiting.header;
        header.offset = offset;
        header.synced = active_->synced;
        if (waiting.kind == operation_kind::extent) {
            waiting.part->where.segment = active_->name.number;
            waiting.part->where.offset = header.content_offset();
        } else if (waiting.of && !waiting.of->pieces.empty()) {
            std::size_t number = 0;
            for (const auto& part : waiting.of->pieces)
                put_extent(waiting.metadata, waiting.extents_at, number++, part.where);
            header.metadata_crc = crc32c(std::string_view{waiting.metadata}.substr(0, header.metadata_size));
        }
        headers_.push_back(encode(header, active_->name.mark));
        parts_.emplace_back(headers_.back().data(), header_size);
        const std::uint64_t filled = header_size + header.metadata_size + header.content_size;
        for (const std::string_view part :
             {std::string_view{waiting.metadata}, std::string_view{waiting.part != nullptr ? waiting.part->octets : waiting.body},
              std::string_view{waiting.tail}, padding.substr(0, header.size() - filled)})
            if (!part.empty())
                parts_.push_back(part);
        offset += header.size();
    }
}

/// False: the segment could not be cut back, so it is lost.
bool batch_writer::roll_back(std::vector<operation>& batch)
{
    if (const auto error = active_->content->resize(active_->tail)) {
        journal_.say(severity::error, "cannot cut " + to_text(active_->name) + ": " + error.message());
        lose_segment(&batch);
        return false;
    }
    if (active_->content->allocate(active_->capacity))
        active_->capacity = active_->tail; // the next batch opens another
    return true;
}

/// Gives every operation that was not written, or not synced, that result; keeps those whose answer is out already.
void batch_writer::fail(std::vector<operation>& batch, outcome result, std::error_code why)
{
    const std::lock_guard lock{journal_.mutex_};
    for (auto& waiting : batch) {
        if (waiting.is_skipped)
            continue;
        waiting.is_skipped = true;
        waiting.result = result;
        if (waiting.kind == operation_kind::extent && waiting.part->where.segment != 0 && waiting.part->octets.empty())
            continue; // written before the sync failed: is_safe judges it at the commit
        if (waiting.kind == operation_kind::extent)
            waiting.of->failure = why ? why : std::make_error_code(std::errc::io_error);
        if (waiting.kind == operation_kind::removal)
            if (const auto found = journal_.index_.messages.find(waiting.header.id); found != journal_.index_.messages.end())
                found->second.removing = false;
        if (waiting.is_carried) {
            auto& kept = carried_.emplace_back(std::move(waiting));
            kept.is_skipped = false;
            kept.result = outcome::ok;
            waiting = operation{};
            waiting.is_skipped = true;
        }
    }
}

/// Calls completions, outside the lock: of what was answered by the write, or of what waited for the sync.
void batch_writer::answer(std::vector<operation>& batch, bool synced_kinds)
{
    for (auto& waiting : batch) {
        if (is_answered_after_sync(waiting.kind) != synced_kinds)
            continue;
        if (synced_kinds && waiting.is_skipped && waiting.of) {
            const std::lock_guard lock{journal_.mutex_};
            journal_.index_.release(*waiting.of);
        }
        if (waiting.kind == operation_kind::update && !waiting.is_carried) {
            const std::lock_guard lock{journal_.mutex_};
            if (const auto found = journal_.index_.messages.find(waiting.header.id); found != journal_.index_.messages.end())
                --found->second.changing;
        }
        if (auto done = std::exchange(waiting.done, nullptr))
            done(waiting.result);
        const bool is_change = waiting.kind == operation_kind::update || waiting.kind == operation_kind::removal ||
                               waiting.kind == operation_kind::move_state || waiting.kind == operation_kind::move_removal;
        if (is_change && !waiting.is_skipped && journal_.settings_.sync) {
            unsynced_octets_ += waiting.footprint();
            waiting.is_carried = true;
            if (waiting.kind == operation_kind::move_state)
                waiting.kind = operation_kind::update; // it has taken effect, so there is nothing left to compare
            unsynced_.push_back(std::move(waiting));
            waiting = operation{};
            waiting.is_skipped = true;
        }
    }
}

bool batch_writer::wants_sync(const std::vector<operation>& batch) const
{
    if (!journal_.settings_.sync || !active_ || active_->tail == active_->synced)
        return false;
    return unsynced_octets_ > most_unsynced || std::any_of(batch.begin(), batch.end(), [](const operation& o) {
               return !o.is_skipped && is_answered_after_sync(o.kind);
           });
}

/// Makes all that was written durable. After a failure the caller must lose the segment.
bool batch_writer::sync()
{
    error_ = active_->content->sync();
    if (error_) {
        journal_.say(severity::error, "cannot sync " + to_text(active_->name) + ": " + error_.message() +
                                          "; what it took since its last sync is written again elsewhere");
        return false;
    }
    unsynced_.clear();
    unsynced_octets_ = 0;
    const std::lock_guard lock{journal_.mutex_};
    active_->synced = active_->tail;
    return true;
}

/// Closes the segment in use. False: it was lost.
bool batch_writer::seal()
{
    if (journal_.settings_.sync && active_->tail > active_->synced && !sync()) {
        lose_segment(nullptr);
        return false;
    }
    if (active_->content->resize(active_->tail))
        journal_.say(severity::warning, "cannot give back the unused room of " + to_text(active_->name));
    const std::lock_guard lock{journal_.mutex_};
    active_->capacity = active_->tail;
    active_->is_sealed = true;
    for (auto& [number, each] : journal_.index_.segments)
        each->is_stuck = false; // what hindered compaction may have passed
    journal_.note_dead_space(active_->name.number);
    active_.reset();
    return true;
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

void batch_writer::close()
{
    for (int attempts = 0; active_ && attempts < 3; ++attempts) {
        (void)seal();
        std::vector<operation> rest;
        if (!carried_.empty())
            write(rest);
    }
}

} // namespace postern_queue_journal
