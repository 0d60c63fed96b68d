#include "journal.hpp"

#include "batch_writer.hpp"
#include "crc32c.hpp"
#include "scheduling.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <sys/random.h>

namespace postern_queue_journal {

namespace {

// A record's own content is read and checked as a whole, so it stays small; more goes into extents.
constexpr std::size_t most_inline = 96U << 10U; // head, and the rest, each
constexpr std::size_t layout_head = 24;

[[nodiscard]] piece piece_of(std::string_view octets)
{
    return {static_cast<std::uint32_t>(octets.size()), crc32c(octets)};
}

} // namespace

octets allocate_octets(std::size_t size)
{
    octets made;
    made.owner = std::make_unique_for_overwrite<char[]>(size);
    made.view = {made.owner.get(), size};
    return made;
}

journal::journal(std::unique_ptr<file_system> folder, settings options, log_line log)
    : folder_{std::move(folder)}, settings_{options}, log_{std::move(log)}
{
}

std::unique_ptr<journal> journal::open(std::unique_ptr<file_system> folder, settings options, log_line log, std::string& error)
{
    std::unique_ptr<journal> opened{new journal{std::move(folder), options, std::move(log)}};
    if (!opened->recover(error))
        return nullptr;
    const auto& segments = opened->index_.segments;
    opened->writer_ = std::make_unique<batch_writer>(*opened, segments.empty() ? 1 : segments.rbegin()->first + 1);
    opened->writer_->begin();
    if (options.threads) {
        opened->committer_ = std::thread{&journal::run_committer, opened.get()};
        opened->compactor_ = std::thread{&journal::run_compactor, opened.get()};
    }
    return opened;
}

journal::~journal()
{
    {
        const std::lock_guard lock{mutex_};
        compactor_stops_ = true;
    }
    dead_space_.notify_all();
    if (compactor_.joinable())
        compactor_.join(); // before the committer, for which it may be waiting
    {
        const std::lock_guard lock{mutex_};
        committer_stops_ = true;
    }
    work_.notify_all();
    if (committer_.joinable())
        committer_.join();
    if (!writer_)
        return; // it was never open
    while (commit_step()) {
    }
    writer_->close();
}

void journal::append(std::uint64_t id, std::string_view body, completion done)
{
    std::shared_ptr<upload> arriving;
    std::error_code failure;
    std::string room;
    {
        const std::lock_guard lock{mutex_};
        compactor_may_run_ = true;
        auto& slot = index_.uploads[id];
        if (!slot)
            slot = std::make_shared<upload>();
        arriving = slot;
        failure = arriving->failure;
        room.swap(arriving->room);
    }
    if (failure)
        return done(is_no_room(failure) ? outcome::full : outcome::failed);
    if (arriving->pending.empty())
        arriving->pending.swap(room);
    arriving->size += body.size();
    while (arriving->pending.size() + body.size() >= settings_.extent_size) {
        const auto taken = body.substr(0, settings_.extent_size - arriving->pending.size());
        body.remove_prefix(taken.size());
        arriving->pending.reserve(settings_.extent_size);
        arriving->pending += taken;
        const auto full = piece_of(arriving->pending);
        auto octets = std::exchange(arriving->pending, {});
        const bool is_last = body.size() < settings_.extent_size;
        if (is_last)
            arriving->pending = body; // now, since the answer may bring the next append
        std::unique_lock lock{mutex_};
        auto waiting = extent_operation(arriving, id, arriving->pieces.emplace_back(full), std::move(octets));
        // Answered when it is written: who is faster than the disk waits, and what is appended holds no more than a piece.
        if (is_last)
            waiting.done = std::move(done);
        enqueue(std::move(waiting), lock);
        if (is_last)
            return;
    }
    arriving->pending += body;
    done(outcome::ok);
}

operation journal::extent_operation(const std::shared_ptr<upload>& of, std::uint64_t id, piece& part, std::string octets)
{
    operation waiting;
    waiting.kind = operation_kind::extent;
    waiting.header.kind = record_kind::extent;
    waiting.header.id = id;
    waiting.header.content_size = part.size;
    waiting.header.content_crc = part.crc;
    waiting.of = of;
    waiting.part = &part;
    waiting.body = std::move(octets);
    return waiting;
}

/// Cuts octets that come with the commit into pieces of their own; they stand before or behind those that are there.
void journal::add_pieces(const std::shared_ptr<upload>& of, std::uint64_t id, std::string_view body, bool at_front)
{
    std::vector<std::string_view> cuts;
    for (; !body.empty(); body.remove_prefix(cuts.back().size()))
        cuts.push_back(body.substr(0, settings_.extent_size));
    if (at_front)
        std::reverse(cuts.begin(), cuts.end()); // so that the first ends up first
    for (const auto cut : cuts) {
        const auto full = piece_of(cut);
        std::string octets{cut};
        std::unique_lock lock{mutex_};
        auto& part = at_front ? of->pieces.emplace_front(full) : of->pieces.emplace_back(full);
        enqueue(extent_operation(of, id, part, std::move(octets)), lock);
    }
}

void journal::commit(std::uint64_t id, std::string_view envelope, std::string_view state, std::string_view head,
                     std::string_view tail, completion done)
{
    std::shared_ptr<upload> arriving;
    {
        const std::lock_guard lock{mutex_};
        compactor_may_run_ = true;
        if (const auto found = index_.uploads.find(id); found != index_.uploads.end()) {
            arriving = std::move(found->second);
            index_.uploads.erase(found);
        }
    }
    operation waiting;
    waiting.kind = operation_kind::commit;
    waiting.content_size = head.size() + (arriving ? arriving->size : 0) + tail.size();
    if (arriving)
        waiting.body = std::exchange(arriving->pending, {});
    const bool cuts_head = head.size() > most_inline;
    const bool cuts_tail = waiting.body.size() + tail.size() > most_inline && !tail.empty();
    if ((cuts_head || cuts_tail) && !arriving)
        arriving = std::make_shared<upload>();
    if (cuts_head)
        add_pieces(arriving, id, std::exchange(head, {}), true);
    if (cuts_tail) {
        add_pieces(arriving, id, std::exchange(waiting.body, {}), false);
        add_pieces(arriving, id, std::exchange(tail, {}), false);
    }
    const std::size_t count = arriving ? arriving->pieces.size() : 0;
    if (envelope.size() + state.size() + count * 24 + layout_head > largest_metadata) {
        if (arriving) {
            const std::lock_guard lock{mutex_};
            index_.release(*arriving);
            arriving->is_abandoned = true;
        }
        say(severity::error, id_text(id) + ": its envelope is larger than a record may be");
        return done(outcome::failed);
    }
    waiting.extents_at = static_cast<std::uint32_t>(layout_head + envelope.size() + state.size());
    waiting.metadata = encode_layout(envelope, state, waiting.content_size, count, head.size());
    auto& header = waiting.header;
    header.kind = record_kind::message;
    header.id = id;
    header.metadata_size = static_cast<std::uint32_t>(waiting.metadata.size());
    header.metadata_crc = count == 0 ? crc32c(waiting.metadata) : 0; // with extents: when their places are known
    header.head_size = static_cast<std::uint32_t>(head.size());
    header.content_size = static_cast<std::uint32_t>(head.size() + waiting.body.size() + tail.size());
    header.content_crc = crc32c(crc32c(crc32c(head), waiting.body), tail);
    waiting.metadata += head;
    waiting.tail = tail;
    waiting.of = count == 0 ? nullptr : std::move(arriving);
    waiting.done = std::move(done);
    std::unique_lock lock{mutex_};
    enqueue(std::move(waiting), lock);
}

void journal::abandon(std::uint64_t id) noexcept
{
    const std::lock_guard lock{mutex_};
    const auto found = index_.uploads.find(id);
    if (found == index_.uploads.end())
        return;
    found->second->is_abandoned = true; // pieces that still wait are not written
    index_.release(*found->second);
    for (const auto& part : found->second->pieces)
        if (part.record.segment != 0)
            note_dead_space(part.record.segment);
    index_.uploads.erase(found);
}

void journal::update(std::uint64_t id, std::string_view state, completion done)
{
    if (state.size() > largest_metadata)
        return done(outcome::failed);
    operation waiting;
    waiting.kind = operation_kind::update;
    waiting.header.kind = record_kind::state;
    waiting.header.id = id;
    waiting.header.metadata_size = static_cast<std::uint32_t>(state.size());
    waiting.header.metadata_crc = crc32c(state);
    waiting.metadata = state;
    {
        std::unique_lock lock{mutex_};
        compactor_may_run_ = true;
        const auto found = index_.messages.find(id);
        if (found != index_.messages.end() && !found->second.removing) {
            ++found->second.version;
            ++found->second.changing;
            waiting.done = std::move(done);
            return enqueue(std::move(waiting), lock);
        }
    }
    done(outcome::missing);
}

void journal::remove(std::uint64_t id, completion done)
{
    operation waiting;
    waiting.kind = operation_kind::removal;
    waiting.header.kind = record_kind::removal;
    waiting.header.id = id;
    waiting.header.metadata_size = sizeof(std::uint64_t); // at least: the writer fills it in
    {
        std::unique_lock lock{mutex_};
        compactor_may_run_ = true;
        const auto found = index_.messages.find(id);
        if (found != index_.messages.end() && !found->second.removing) {
            ++found->second.version;
            found->second.removing = true;
            waiting.done = std::move(done);
            return enqueue(std::move(waiting), lock);
        }
    }
    done(outcome::missing);
}

/// Under `lock`, which stays taken.
void journal::enqueue(operation&& waiting, std::unique_lock<std::mutex>& lock)
{
    queue_.push_back(std::move(waiting));
    if (std::exchange(committer_sleeps_, false)) {
        lock.unlock(); // lest it wakes only to wait for us
        work_.notify_one();
        lock.lock();
    }
}

/// Writes what was taken from the queue, in batches.
void journal::write_all(std::vector<operation>& taken)
{
    std::vector<operation> batch;
    for (auto next = taken.begin(); next != taken.end();) {
        std::uint64_t octets = 0;
        do {
            octets += next->footprint();
            batch.push_back(std::move(*next++));
        } while (next != taken.end() && octets + next->footprint() <= settings_.batch_size);
        writer_->write(batch);
        batch.clear();
    }
}

bool journal::commit_step()
{
    std::vector<operation> taken;
    {
        const std::lock_guard lock{mutex_};
        taken.swap(queue_);
    }
    if (!taken.empty()) {
        write_all(taken);
        return true;
    }
    const auto due = writer_->due();
    if (!due || *due > settings_.now())
        return false;
    writer_->write(taken);
    return true;
}

void journal::run_committer()
{
    ask_to_run_at_once();
    const auto is_wanted = [this] { return !queue_.empty() || committer_stops_; };
    for (;;) {
        const auto due = writer_->due();
        {
            std::unique_lock lock{mutex_};
            committer_sleeps_ = true;
            if (due)
                work_.wait_until(lock, *due, is_wanted);
            else
                work_.wait(lock, is_wanted);
            committer_sleeps_ = false;
            if (queue_.empty() && committer_stops_)
                return;
        }
        (void)commit_step();
    }
}

void journal::run_compactor()
{
    for (;;) {
        {
            std::unique_lock lock{mutex_};
            dead_space_.wait(lock, [&] { return compactor_stops_ || (compactor_wanted_ && compactor_may_run_ && !scanning_); });
            if (compactor_stops_)
                return;
            compactor_wanted_ = false;
        }
        while (compact_step()) {
        }
    }
}

/// Under the lock: octets of that segment died, or it was sealed. Wakes the compactor if there is something in it for it.
void journal::note_dead_space(std::uint64_t segment_number)
{
    const auto* holder = index_.find(segment_number);
    if (holder == nullptr || !holder->is_sealed || !is_worth_compacting(*holder))
        return;
    compactor_wanted_ = true;
    if (compactor_may_run_ && !scanning_)
        dead_space_.notify_one();
}

statistics journal::measure() const
{
    const std::lock_guard lock{mutex_};
    statistics all{.messages = index_.messages.size(), .segments = index_.segments.size()};
    for (const auto& [number, each] : index_.segments) {
        all.live_octets += each->live;
        all.file_octets += std::max(each->capacity, each->tail);
    }
    return all;
}

std::uint64_t journal::random_mark() const
{
    if (settings_.random != nullptr)
        return settings_.random();
    std::uint64_t mark = 0;
    if (::getrandom(&mark, sizeof mark, 0) != static_cast<ssize_t>(sizeof mark))
        std::abort(); // cannot happen on a Linux that has booted; a mark that can be guessed must not be
    return mark;
}

void journal::say(severity how, const std::string& line) const
{
    if (log_)
        log_(how, line);
}

} // namespace postern_queue_journal
