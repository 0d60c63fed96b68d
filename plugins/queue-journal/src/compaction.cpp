// Gives space back: a segment in which nothing matters is deleted; one in which little does is emptied first, by writing what is
// live once more at the end of the journal.
//
// Why a crash loses and revives nothing:
// - The old copy goes only after the new one is on stable storage; with both there, the later counts.
// - A removal record outlives every segment in which its message's record may still be found: it is written again when its own
//   segment is emptied, and forgotten only after the removal of those files' names is durable.
// - Before a file goes, all changes so far are synced: a removal that was still in memory must not come undone when the message's
//   pieces are gone already.

#include "journal.hpp"

#include "crc32c.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_set>

namespace postern_queue_journal {

namespace {
constexpr std::uint64_t step_octets = 1U << 20U; // copied at a time, so in memory

/// Octets that would have to be written anew.
[[nodiscard]] std::uint64_t what_matters(const segment& which) noexcept
{
    return which.live + (which.kills.empty() ? 0 : which.removals);
}
} // namespace

bool journal::is_worth_compacting(const segment& which) const
{
    if (!which.is_sealed || which.keep || which.uploads != 0)
        return false;
    const std::uint64_t needed = what_matters(which);
    if (which.is_stuck && (needed != 0 || which.stuck_with == 0))
        return false;
    return needed == 0 || which.is_damaged || needed < which.tail / 2;
}

std::shared_ptr<segment> journal::choose_victim()
{
    const std::lock_guard lock{mutex_};
    std::shared_ptr<segment> best;
    for (const auto& [number, each] : index_.segments)
        if (is_worth_compacting(*each) && (!best || each->live < best->live))
            best = each;
    return best;
}

bool journal::compact_step()
{
    const std::lock_guard step{compacting_};
    {
        const std::lock_guard lock{mutex_};
        if (scanning_ || compactor_stops_)
            return false;
    }
    const auto victim = choose_victim();
    if (!victim)
        return false;
    if (compact(victim))
        return true;
    const std::lock_guard lock{mutex_};
    victim->is_stuck = true;
    victim->stuck_with = what_matters(*victim);
    return !compactor_stops_; // another one may do better
}

bool journal::compact(const std::shared_ptr<segment>& victim)
{
    const auto is_empty = [&] {
        const std::lock_guard lock{mutex_};
        return victim->live == 0 && victim->kills.empty();
    };
    for (int passes = 0; passes < 2 && !is_empty(); ++passes) // messages that changed meanwhile are met in a second pass
        if (!move_records(victim))
            return false;
    return is_empty() && delete_segment(victim);
}

bool journal::move_records(const std::shared_ptr<segment>& victim)
{
    const auto number = victim->name.number;
    std::vector<operation> moves;
    std::unordered_set<std::uint64_t> met; // messages whose record lies elsewhere
    segment_walker walker{*victim->content, victim->name.mark, 0, victim->tail};
    for (auto found = walker.next(); found != segment_walker::step::end; found = walker.next()) {
        if (found == segment_walker::step::failed) {
            say(severity::error, "cannot read " + to_text(victim->name) + ", which stays as it is: " + walker.error().message());
            return give_up(moves);
        }
        if (found == segment_walker::step::damaged)
            continue;
        const auto& header = walker.header();
        const auto at = make_place(number, header.offset);
        const auto moves_before = moves.size();
        enum class need { nothing, message, state } need = need::nothing;
        {
            const std::lock_guard lock{mutex_};
            const auto entry = index_.messages.find(header.id);
            const bool is_live = entry != index_.messages.end();
            const bool is_home = is_live && entry->second.home.segment == number;
            if (header.kind == record_kind::message && is_live && entry->second.home == at)
                need = need::message;
            else if (header.kind == record_kind::state && is_live && !is_home && entry->second.state == at)
                need = need::state;
            else if (header.kind == record_kind::extent && is_live && !is_home && entry->second.shares &&
                     met.insert(header.id).second)
                need = std::any_of(entry->second.shares->begin(), entry->second.shares->end(),
                                   [&](const share& part) { return part.segment == number; })
                           ? need::message
                           : need::nothing;
            else if (header.kind == record_kind::removal)
                move_removal(number, header, walker.metadata(), moves);
        }
        if ((need == need::message && !move_message(header.id, number, moves)) ||
            (need == need::state && !move_state(header.id, at, moves)))
            return give_up(moves);
        if (moves.size() == moves_before)
            continue;
        std::uint64_t octets = 0;
        for (const auto& waiting : moves)
            octets += waiting.footprint();
        if ((octets >= step_octets || moves.size() >= 1000) && !submit(moves))
            return false;
    }
    moves.emplace_back().kind = operation_kind::barrier; // behind removals of what was found damaged, too
    if (!submit(moves))
        return false;
    const std::lock_guard lock{mutex_};
    victim->kills.clear(); // each stands in a later segment now, or concerns nothing that is left
    victim->removals = 0;
    return true;
}

/// Under the lock. A removal is written again for those segments of its list that are still there.
void journal::move_removal(std::uint64_t victim, const record_header& header, std::string_view metadata,
                           std::vector<operation>& moves)
{
    auto homes = parse_numbers(metadata).value_or(std::vector<std::uint64_t>{});
    std::erase_if(homes, [&](std::uint64_t home) { return home == victim || !index_.segments.contains(home); });
    if (homes.empty())
        return;
    if (index_.messages.contains(header.id)) { // the same id came anew: written again, the removal would hit that one
        for (const auto home : homes)
            index_.note_stale(header.id, home);
        return;
    }
    operation moved;
    moved.kind = operation_kind::move_removal;
    moved.header.kind = record_kind::removal;
    moved.header.id = header.id;
    moved.metadata = encode_numbers(homes);
    moved.header.metadata_size = static_cast<std::uint32_t>(moved.metadata.size());
    moved.header.metadata_crc = crc32c(moved.metadata);
    moved.homes = std::move(homes);
    moves.push_back(std::move(moved));
}

bool journal::move_state(std::uint64_t id, place from, std::vector<operation>& moves)
{
    operation moved;
    moved.kind = operation_kind::move_state;
    {
        const std::lock_guard lock{mutex_};
        const auto found = index_.messages.find(id);
        if (found == index_.messages.end() || found->second.removing || found->second.changing != 0 ||
            found->second.state != from)
            return true; // what is on its way makes this one dead
        moved.old_home = found->second.home;
        moved.old_state = from;
        moved.version = found->second.version;
    }
    const auto result = load_state(id, from, patience::any, moved.metadata);
    if (result == outcome::corrupt)
        set_aside(id, "its state does not match its checksum");
    if (result != outcome::ok)
        return result == outcome::corrupt;
    moved.header.kind = record_kind::state;
    moved.header.id = id;
    moved.header.metadata_size = static_cast<std::uint32_t>(moved.metadata.size());
    moved.header.metadata_crc = crc32c(moved.metadata);
    moves.push_back(std::move(moved));
    return true;
}

/// Writes a message's record again, with its newest state, and those of its pieces that lie in the victim.
bool journal::move_message(std::uint64_t id, std::uint64_t victim, std::vector<operation>& moves)
{
    operation moved;
    moved.kind = operation_kind::move_message;
    {
        const std::lock_guard lock{mutex_};
        const auto found = index_.messages.find(id);
        if (found == index_.messages.end() || found->second.removing || found->second.changing != 0)
            return true; // met again in the next pass, if it still lives here
        moved.old_home = found->second.home;
        moved.old_state = found->second.state;
        moved.version = found->second.version;
    }
    message_source source;
    const auto result = load_for_move(id, source);
    if (result == outcome::missing)
        return true;
    if (result == outcome::corrupt)
        set_aside(id, "its octets do not match their checksum");
    if (result != outcome::ok)
        return result == outcome::corrupt;
    moved.of = std::make_shared<upload>();
    for (const auto& piece_there : source.extents) {
        auto& part = moved.of->pieces.emplace_back(piece_there);
        part.is_written = piece_there.segment != victim;
        if (part.is_written)
            continue;
        std::string octets(piece_there.size, '\0');
        const auto got = read_extent(piece_there, octets, patience::any);
        if (got == outcome::corrupt)
            set_aside(id, "its content does not match its checksum");
        auto waiting = extent_operation(moved.of, id, part, std::move(octets));
        waiting.part_is_intake = false;
        moves.push_back(std::move(waiting));
        if (got != outcome::ok || (moves.size() * settings_.extent_size >= step_octets && !submit(moves))) {
            give_up(*moved.of, moves);
            return got == outcome::corrupt;
        }
    }
    moved.content_size = source.content_size;
    moved.extents_at = static_cast<std::uint32_t>(24 + source.envelope.size() + source.state.size());
    moved.metadata =
        encode_layout(source.envelope, source.state, source.content_size, source.extents.size(), source.content.size());
    auto& header = moved.header;
    header.kind = record_kind::message;
    header.id = id;
    header.metadata_size = static_cast<std::uint32_t>(moved.metadata.size());
    header.metadata_crc = crc32c(moved.metadata);
    header.content_size = static_cast<std::uint32_t>(source.content.size());
    header.content_crc = crc32c(source.content);
    header.head_size = source.head_size;
    moved.metadata += source.content;
    moves.push_back(std::move(moved));
    return true;
}

/// A move that cannot be finished: its pieces are not written, or hold nothing any more.
void journal::give_up(upload& pieces, std::vector<operation>& moves)
{
    std::erase_if(moves, [&](const operation& waiting) { return waiting.of.get() == &pieces; });
    const std::lock_guard lock{mutex_};
    pieces.is_abandoned = true;
    index_.release(pieces);
}

/// Likewise for all that wait. Always false.
bool journal::give_up(std::vector<operation>& moves)
{
    const std::lock_guard lock{mutex_};
    for (auto& waiting : moves)
        if (waiting.of)
            index_.release(*waiting.of);
    moves.clear();
    return false;
}

/// Hands operations to the committer and waits for all of them. False: one failed, or the journal ends.
bool journal::submit(std::vector<operation>& moves)
{
    struct progress {
        std::mutex mutex;
        std::condition_variable changed;
        std::size_t left = 0;
        bool is_well = true;
    } state;
    state.left = moves.size();
    std::uint64_t copied = 0;
    {
        std::unique_lock lock{mutex_};
        for (auto& waiting : moves) {
            copied += waiting.footprint();
            waiting.done = [&state](outcome result) {
                const std::lock_guard guard{state.mutex};
                state.is_well = state.is_well && result == outcome::ok;
                if (--state.left == 0)
                    state.changed.notify_one(); // under its lock: afterwards it may be gone
            };
            enqueue(std::move(waiting), lock);
        }
    }
    moves.clear();
    if (!settings_.threads)
        while (commit_step()) {
        }
    {
        std::unique_lock lock{state.mutex};
        state.changed.wait(lock, [&] { return state.left == 0; });
    }
    return pace(copied) && state.is_well;
}

/// Keeps to the rate. False: the journal ends.
bool journal::pace(std::uint64_t copied)
{
    std::unique_lock lock{mutex_};
    if (settings_.compaction_rate == 0 || !settings_.threads || copied == 0)
        return !compactor_stops_;
    const std::chrono::duration<double> pause{static_cast<double>(copied) / static_cast<double>(settings_.compaction_rate)};
    return !dead_space_.wait_for(lock, pause, [&] { return compactor_stops_; });
}

bool journal::delete_segment(const std::shared_ptr<segment>& dead)
{
    std::vector<operation> barrier(1);
    barrier.front().kind = operation_kind::barrier;
    return submit(barrier) && delete_file(*dead);
}

/// All changes so far have been synced.
bool journal::delete_file(const segment& dead)
{
    const auto name = to_text(dead.name);
    auto error = folder_->remove(name);
    if (error == std::errc::no_such_file_or_directory)
        error.clear(); // removed before, but the folder could not be synced
    if (!error && settings_.sync)
        error = folder_->sync_folder("");
    if (error) {
        say(severity::error, "cannot remove " + name + ": " + error.message());
        return false;
    }
    const std::lock_guard lock{mutex_};
    index_.forget(dead.name.number);
    return true;
}

/// At start-up, when there is no room. False: there was none in which nothing matters.
bool journal::delete_dead_segments()
{
    bool has_deleted = false;
    for (;;) {
        std::shared_ptr<segment> dead;
        {
            const std::lock_guard lock{mutex_};
            for (const auto& [number, each] : index_.segments)
                if (!dead && is_worth_compacting(*each) && what_matters(*each) == 0)
                    dead = each;
        }
        if (!dead)
            return has_deleted;
        if (delete_file(*dead))
            has_deleted = true; // and perhaps removals in others have nothing left to keep away
        else
            dead->is_stuck = true;
    }
}

} // namespace postern_queue_journal
