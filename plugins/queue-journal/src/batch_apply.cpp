// What a written batch changes in the index: changes as soon as the kernel has them, messages when they are on stable storage.

#include "batch_writer.hpp"

namespace postern_queue_journal {

namespace {

/// Under the lock. The room of a piece that is written is the next one's; an assignment would leave it where it is.
void give_room_back(operation& written)
{
    std::string room;
    room.swap(written.body);
    if (written.of->is_abandoned || !written.part_is_intake)
        return;
    room.clear();
    written.of->room.swap(room);
}

} // namespace

void batch_writer::apply_written(std::vector<operation>& batch)
{
    const std::lock_guard lock{journal_.mutex_};
    for (auto& written : batch) {
        if (written.is_skipped || written.kind == operation_kind::barrier)
            continue;
        active_->tail += written.footprint();
        switch (written.kind) {
        case operation_kind::extent:
            written.part->is_written = true;
            give_room_back(written);
            written.part->counted = !written.of->is_abandoned;
            active_->uploads += written.part->counted ? 1U : 0U;
            break;
        case operation_kind::update:
        case operation_kind::move_state:
            apply_state(written);
            break;
        case operation_kind::removal:
            apply_removal(written);
            break;
        case operation_kind::move_removal:
            journal_.index_.note_removal(active_->name.number, written.footprint(), written.homes);
            break;
        case operation_kind::commit:
        case operation_kind::move_message:
        case operation_kind::barrier:
            break; // when synced
        }
    }
}

void batch_writer::apply_synced(std::vector<operation>& batch)
{
    const std::lock_guard lock{journal_.mutex_};
    for (auto& written : batch) {
        if (written.is_skipped)
            continue;
        if (written.kind == operation_kind::commit)
            apply_commit(written);
        else if (written.kind == operation_kind::move_message)
            apply_move(written);
    }
}

void batch_writer::apply_commit(operation& written)
{
    entry message;
    message.home = message.state = make_place(active_->name.number, written.header.offset);
    message.home_units = static_cast<std::uint32_t>(written.footprint() / alignment);
    message.content_size = written.content_size;
    if (written.of && !written.of->pieces.empty()) {
        std::vector<extent> extents;
        for (const auto& part : written.of->pieces)
            extents.push_back(part.where());
        message.shares = shares_of(extents);
        journal_.index_.release(*written.of);
    }
    journal_.index_.credit(message);
    if (const auto old = journal_.index_.messages.find(written.header.id); old != journal_.index_.messages.end())
        journal_.index_.debit(old->second); // an id used twice at the same time: the later record wins, as it does at start-up
    journal_.index_.messages.insert_or_assign(written.header.id, std::move(message));
}

void batch_writer::apply_move(operation& written)
{
    auto& index = journal_.index_;
    const auto found = index.messages.find(written.header.id);
    if (written.of)
        index.release(*written.of);
    if (found == index.messages.end() || found->second.home != written.old_home)
        return; // removed in the same batch: this copy is dead, and the removal stands behind it
    auto& message = found->second;
    index.debit(message);
    index.note_stale(written.header.id, message.home.segment);
    const auto moved = make_place(active_->name.number, written.header.offset);
    if (message.state == written.old_state) { // else a newer state was written behind this copy
        message.state = moved;
        message.state_units = 0;
    }
    message.home = moved;
    message.home_units = static_cast<std::uint32_t>(written.footprint() / alignment);
    std::vector<extent> extents;
    if (written.of)
        for (const auto& part : written.of->pieces)
            extents.push_back(part.where());
    message.shares = shares_of(extents);
    index.credit(message);
}

void batch_writer::apply_state(operation& written)
{
    const auto found = journal_.index_.messages.find(written.header.id);
    if (found == journal_.index_.messages.end())
        return;
    auto& message = found->second;
    if (written.kind == operation_kind::move_state && message.state != written.old_state)
        return;
    journal_.index_.debit_state(message);
    if (message.state_units != 0)
        journal_.note_dead_space(message.state.segment);
    message.state = make_place(active_->name.number, written.header.offset);
    message.state_units = static_cast<std::uint32_t>(written.footprint() / alignment);
    active_->live += written.footprint();
}

void batch_writer::apply_removal(operation& written)
{
    auto& index = journal_.index_;
    index.note_removal(active_->name.number, written.footprint(), written.homes);
    const auto found = index.messages.find(written.header.id);
    if (found == index.messages.end() || written.is_carried)
        return;
    index.debit(found->second);
    journal_.note_dead_space(found->second.home.segment);
    if (found->second.state_units != 0)
        journal_.note_dead_space(found->second.state.segment);
    if (found->second.shares)
        for (const auto& part : *found->second.shares)
            journal_.note_dead_space(part.segment);
    index.stale.erase(written.header.id);
    index.messages.erase(found);
}

} // namespace postern_queue_journal
