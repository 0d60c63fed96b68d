// What happens when there is no room for a whole batch. It is left out in this order: messages from clients (they try again),
// compaction (it does, too), state changes, removals. Changes that cannot be written are answered so, and kept in memory all the
// same, the newest of each message, until they can: the one who asked does not ask again, and what was delivered and not written
// down is delivered again at the next start.

#include "batch_writer.hpp"

#include <algorithm>
#include <utility>

namespace postern_queue_journal {

namespace {
constexpr std::chrono::seconds pause_between_retries{1};
constexpr std::chrono::minutes pause_between_warnings{1};
} // namespace

/// Adds what was kept for later. Only a failed sync makes the first kind, so it does not wait.
void batch_writer::take_waiting(std::vector<operation>& batch)
{
    if (!refused_.empty()) {
        const std::lock_guard lock{journal_.mutex_};
        for (const auto& fresh : batch)
            if (fresh.is_change())
                forget_refused(fresh.header.id); // it takes the older one's place
    }
    if (!refused_.empty() && journal_.settings_.now() >= retry_at_) {
        for (auto& [id, change] : refused_)
            batch.push_back(std::move(change));
        refused_.clear();
    }
    take_carried(batch);
}

void batch_writer::take_carried(std::vector<operation>& batch)
{
    batch.insert(batch.begin(), std::make_move_iterator(carried_.begin()), std::make_move_iterator(carried_.end()));
    carried_.clear();
}

void batch_writer::refuse_below_reserve(std::vector<operation>& batch)
{
    const auto reserve = journal_.settings_.reserve;
    if (reserve == 0 || std::none_of(batch.begin(), batch.end(), [](const operation& o) { return o.is_intake(); }) ||
        free_beyond(0) >= reserve)
        return;
    error_ = std::make_error_code(std::errc::no_space_on_device);
    (void)leave_out(batch, &operation::is_intake);
}

bool batch_writer::leave_out_least(std::vector<operation>& batch)
{
    return leave_out(batch, &operation::is_intake) || leave_out(batch, &operation::is_copy) || leave_out_changes(batch);
}

/// False: nothing of that sort was there.
bool batch_writer::leave_out(std::vector<operation>& batch, bool (operation::*which)() const noexcept)
{
    bool found = false;
    bool is_intake = false;
    {
        const std::lock_guard lock{journal_.mutex_};
        for (auto& waiting : batch) {
            if (waiting.is_skipped || !(waiting.*which)())
                continue;
            found = true;
            is_intake = is_intake || waiting.is_intake();
            waiting.is_skipped = true;
            waiting.result = failure();
            if (waiting.kind == operation_kind::extent)
                waiting.of->failure = error_;
        }
    }
    if (!is_intake)
        return found;
    const auto now = journal_.settings_.now();
    if (!full_told_ || now >= *full_told_ + pause_between_warnings) {
        full_told_ = now;
        journal_.say(severity::warning, "new messages are refused for now: " + error_.message());
    }
    return found;
}

/// Keeps those for later that do not fit into what is left of the segment. False: all fit.
bool batch_writer::leave_out_changes(std::vector<operation>& batch)
{
    const std::lock_guard lock{journal_.mutex_};
    const std::uint64_t room = active_ ? active_->capacity - active_->tail : 0;
    std::uint64_t taken = 0;
    bool found = false;
    const auto take_those_that_fit = [&](bool are_updates, std::uint64_t kept) {
        for (auto& waiting : batch) {
            if (waiting.is_skipped || !waiting.is_change() || (waiting.kind == operation_kind::update) != are_updates)
                continue;
            const bool is_overtaking = are_updates && !carried_.empty(); // an older state must not be written behind a newer one
            if (!is_overtaking && taken + waiting.footprint() + kept <= room) {
                taken += waiting.footprint();
                forget_refused(waiting.header.id); // one that came before it in this batch, and did not fit
            } else {
                keep_for_later(waiting);
                found = true;
            }
        }
    };
    take_those_that_fit(false, 0);
    take_those_that_fit(true, room_for_removals());
    if (!carried_.empty())
        for (auto& waiting : batch)
            if (waiting.kind == operation_kind::barrier && !waiting.is_skipped) {
                waiting.is_skipped = true;
                waiting.result = failure();
            }
    return found;
}

/// Gives every operation that was not written, or not synced, its answer, and keeps changes for later.
void batch_writer::fail(std::vector<operation>& batch)
{
    const std::lock_guard lock{journal_.mutex_};
    for (auto& waiting : batch) {
        if (waiting.is_skipped)
            continue;
        if (waiting.is_change()) {
            keep_for_later(waiting);
            continue;
        }
        waiting.is_skipped = true;
        waiting.result = failure();
        if (waiting.kind == operation_kind::extent && waiting.part->is_written)
            continue; // written before the sync failed: is_safe judges it at the commit
        if (waiting.kind == operation_kind::extent)
            waiting.of->failure = error_;
    }
}

/// Under the lock. In the batch stays what has to be answered.
void batch_writer::keep_for_later(operation& waiting)
{
    if (!waiting.is_carried && refused_.size() >= journal_.settings_.most_kept_changes) {
        waiting.is_skipped = true;
        waiting.result = failure();
        if (const auto found = journal_.index_.messages.find(waiting.header.id);
            waiting.kind == operation_kind::removal && found != journal_.index_.messages.end())
            found->second.removing = false;
        return;
    }
    kept_because_ = error_;
    operation rest;
    rest.kind = operation_kind::barrier;
    rest.done = std::exchange(waiting.done, nullptr);
    rest.is_skipped = true;
    rest.result = failure();
    if (waiting.is_carried) {
        carried_.push_back(std::move(waiting));
    } else {
        const auto id = waiting.header.id;
        forget_refused(id);
        refused_.emplace(id, std::move(waiting));
    }
    waiting = std::move(rest);
}

/// Under the lock.
void batch_writer::forget_refused(std::uint64_t id)
{
    const auto found = refused_.find(id);
    if (found == refused_.end())
        return;
    if (found->second.kind == operation_kind::update)
        if (const auto message = journal_.index_.messages.find(id); message != journal_.index_.messages.end())
            --message->second.changing;
    refused_.erase(found);
}

/// When to try again what was kept; and the operator hears of it, once.
void batch_writer::note_waiting()
{
    const auto now = journal_.settings_.now();
    if ((!carried_.empty() || !refused_.empty()) && retry_at_ <= now)
        retry_at_ = now + pause_between_retries;
    if (refused_.empty() == !is_waiting_told_)
        return;
    is_waiting_told_ = !refused_.empty();
    if (is_waiting_told_)
        journal_.say(severity::error, "cannot write down what became of messages (" + kept_because_.message() +
                                          "); it is kept in memory and tried again every second; a restart before it succeeds " +
                                          "delivers them again");
    else
        journal_.say(severity::info, "what became of messages and had to wait is written down");
}

/// What to answer to those whom the last failure hit.
outcome batch_writer::failure() const noexcept
{
    return is_no_room(error_) ? outcome::full : outcome::failed;
}

} // namespace postern_queue_journal
