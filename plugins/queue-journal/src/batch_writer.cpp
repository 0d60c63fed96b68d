#include "batch_writer.hpp"

#include "crc32c.hpp"

#include <algorithm>
#include <utility>

namespace postern_queue_journal {

namespace {

// Changes wait for somebody else's sync only until this many octets would have to be written again after a failed one.
constexpr std::uint64_t most_unsynced = 1U << 20U;
constexpr std::string_view padding{"\0\0\0\0\0\0\0", alignment - 1};

[[nodiscard]] bool is_answered_after_sync(operation_kind kind) noexcept
{
    return kind == operation_kind::commit || kind == operation_kind::move_message || kind == operation_kind::barrier;
}

} // namespace

void batch_writer::write(std::vector<operation>& batch)
{
    take_waiting(batch);
    refuse_below_reserve(batch);
    if (write_what_fits(batch) != readiness::ready) {
        fail(batch);
        answer(batch, false);
        answer(batch, true);
        return note_waiting();
    }
    apply_written(batch);
    answer(batch, false);
    if (!wants_sync(batch) || sync()) {
        apply_synced(batch);
        answer(batch, true);
        return note_waiting();
    }
    lose_segment(&batch);
    fail(batch);
    answer(batch, true);
    if (!carried_.empty() && !is_writing_again_) { // at once, so that what was answered does not wait for the next client
        is_writing_again_ = true;
        std::vector<operation> again;
        write(again);
        is_writing_again_ = false;
    }
    note_waiting();
}

batch_writer::readiness batch_writer::write_what_fits(std::vector<operation>& batch)
{
    for (int lost = 0;;) {
        const auto state = write_planned(batch);
        if (state == readiness::lost && lost++ < 3)
            take_carried(batch); // into a new segment
        else if (state != readiness::no_room || !leave_out_least(batch))
            return state;
    }
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
        if (!part.is_written)
            return true; // in this batch
        const auto* holder = journal_.index_.find(part.record.segment);
        return holder != nullptr && (!holder->is_lost || part.record.offset() < holder->synced);
    });
}

batch_writer::readiness batch_writer::write_planned(std::vector<operation>& batch)
{
    const auto octets = plan(batch);
    if (octets == 0)
        return readiness::ready;
    if (const auto state = prepare_segment(octets, batch); state != readiness::ready)
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
            waiting.part->record = make_place(active_->name.number, header.offset);
        } else if (waiting.of && !waiting.of->pieces.empty()) {
            std::size_t number = 0;
            for (const auto& part : waiting.of->pieces)
                put_extent(waiting.metadata, waiting.extents_at, number++, part.where());
            header.metadata_crc = crc32c(std::string_view{waiting.metadata}.substr(0, header.metadata_size));
        }
        headers_.push_back(encode(header, active_->name.mark));
        parts_.emplace_back(headers_.back().data(), header_size);
        const std::uint64_t filled = header_size + header.metadata_size + header.content_size;
        for (const std::string_view part : {std::string_view{waiting.metadata}, std::string_view{waiting.body},
                                            std::string_view{waiting.tail}, padding.substr(0, header.size() - filled)})
            if (!part.empty())
                parts_.push_back(part);
        offset += header.size();
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
            if (unsynced_.empty())
                unsynced_since_ = journal_.settings_.now();
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
    const bool is_due = !unsynced_.empty() && journal_.settings_.now() >= unsynced_since_ + journal_.settings_.sync_changes_after;
    return is_due || unsynced_octets_ > most_unsynced || std::any_of(batch.begin(), batch.end(), [](const operation& o) {
               return !o.is_skipped && is_answered_after_sync(o.kind);
           });
}

std::optional<batch_writer::instant> batch_writer::due() const
{
    std::optional<instant> first;
    if (!unsynced_.empty())
        first = unsynced_since_ + journal_.settings_.sync_changes_after;
    if (!carried_.empty() || !refused_.empty())
        first = first ? std::min(*first, retry_at_) : retry_at_;
    return first;
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

void batch_writer::close()
{
    for (int attempts = 0; attempts < 3; ++attempts) {
        retry_at_ = {}; // what waits for room, a last time
        std::vector<operation> rest;
        if (due())
            write(rest);
        const bool is_synced = !active_ || !journal_.settings_.sync || active_->tail == active_->synced;
        if (is_synced || sync()) {
            if (carried_.empty())
                break;
        } else {
            lose_segment(nullptr);
        }
    }
    if (const auto left = carried_.size() + refused_.size(); left != 0)
        journal_.say(severity::error, std::to_string(left) +
                                          " state changes and removals could not be written: what was delivered" +
                                          " may be delivered again");
}

} // namespace postern_queue_journal
