#include "store.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace postern_kv_memory {
namespace {

constexpr std::size_t most_pending = std::size_t{64} << 20U; ///< octets that wait for the disk
constexpr std::size_t swept_at_once = 2000;                  ///< rows, at least

wall_time system_time()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

bool is_read(const item& one) noexcept
{
    return one.op == POSTERN_KV_GET;
}

} // namespace

store::store(folder in, settings how, log_sink log)
    : folder_{std::move(in)}, how_{std::move(how)}, log_{std::move(log)}, disk_{how_.on != nullptr ? *how_.on : system_},
      table_{how_.memory}
{
    if (!how_.now)
        how_.now = system_time;
}

std::unique_ptr<store> store::open(const std::string& path, settings how, log_sink log, std::string& error)
{
    auto in = folder::open(path, error);
    if (!in)
        return nullptr;
    std::unique_ptr<store> made{new store{std::move(*in), std::move(how), std::move(log)}};
    if (!made->recover(error))
        return nullptr;
    made->file_octets_ = made->file_->size();
    made->thread_ = std::thread{[own = made.get()] { own->work(); }};
    return made;
}

store::~store()
{
    if (!thread_.joinable())
        return;
    {
        const std::scoped_lock lock{guard_};
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

wall_time store::now() const
{
    return how_.now();
}

/// Why nothing is changed now; OK: it is.
std::uint32_t store::refusal() const noexcept
{
    if (pending_octets_ > most_pending) // the disk does not keep up
        return POSTERN_KV_FAILED;
    switch (health_.load()) {
    case health::good:
        return POSTERN_KV_OK;
    case health::full:
        return POSTERN_KV_FULL;
    case health::failed:
        return POSTERN_KV_FAILED;
    }
    return POSTERN_KV_FAILED;
}

void store::request(std::string_view space, const std::vector<item>& items, bool is_durable, completion done)
{
    std::vector<result> results;
    results.reserve(items.size());
    const auto when = now();
    if (std::all_of(items.begin(), items.end(), is_read)) {
        {
            const std::shared_lock lock{table_guard_};
            for (const auto& one : items)
                results.push_back(table_.get(space, one.key, when));
        }
        return done(&results);
    }
    record_writer changes;
    {
        const std::scoped_lock lock{table_guard_};
        const auto refused = refusal();
        for (const auto& one : items) {
            if (refused == POSTERN_KV_OK || is_read(one))
                results.push_back(table_.run(space, one, when, changes));
            else
                results.push_back({refused});
        }
        if (!changes.empty()) {
            const std::scoped_lock queue{guard_};
            if (pending_.changes.empty()) {
                pending_since_ = std::chrono::steady_clock::now();
                changed_.notify_one();
            }
            pending_octets_ += changes.size();
            pending_.changes.push_back(changes.take());
            if (is_durable) {
                pending_.waiting.push_back({std::move(results), std::move(done)});
                changed_.notify_one();
                return;
            }
        }
    }
    done(&results);
}

page store::scan(std::string_view space, std::string_view prefix, std::string_view after, std::uint32_t limit) const
{
    const std::shared_lock lock{table_guard_};
    return table_.scan(space, prefix, after, limit, now());
}

store::measure store::measured() const
{
    const std::shared_lock lock{table_guard_};
    return {table_.size(), table_.octets(), file_octets_.load()};
}

store::batch store::take_batch()
{
    const std::scoped_lock lock{guard_};
    pending_octets_ = 0;
    return std::exchange(pending_, {});
}

void store::answer(std::vector<waiter>& waiting, bool is_done)
{
    for (auto& one : std::exchange(waiting, {}))
        one.done(is_done ? &one.results : nullptr);
}

/// 0, or an errno and what it came of.
std::pair<int, const char*> store::write(log_file& to, const std::vector<std::string>& changes, bool sync)
{
    std::string octets;
    for (const auto& each : changes)
        append_record(octets, to.mark(), each);
    if (const int failed = to.append(octets); failed != 0)
        return {failed, "a write"};
    return {sync ? to.sync() : 0, "a sync"};
}

void store::give_up(int error, const char* what)
{
    log_(severity::error, std::string{what} + " failed: " + std::generic_category().message(error) +
                              "; changes are refused until all is written anew");
    health_ = error == ENOSPC || error == EDQUOT ? health::full : health::failed;
    is_good_ = false;
}

/// Writes what is pending, and syncs if somebody waits. Where the file is given up, they wait in `held` for another one. The
/// changes, for who writes another one.
std::vector<std::string> store::flush(std::vector<waiter>* held)
{
    auto what = take_batch();
    if (is_good_ && !what.changes.empty()) {
        const auto [failed, place] = write(*file_, what.changes, !what.waiting.empty());
        if (failed != 0) {
            give_up(failed, place);
        } else {
            is_dirty_ = what.waiting.empty();
            file_octets_ = file_->size();
            answer(what.waiting, true);
        }
    }
    if (held != nullptr)
        std::move(what.waiting.begin(), what.waiting.end(), std::back_inserter(*held));
    else
        answer(what.waiting, false);
    return std::move(what.changes);
}

void store::work()
{
    using clock = std::chrono::steady_clock;
    auto next_pause = clock::now() + how_.pause;
    while (true) {
        bool is_last = false;
        {
            std::unique_lock lock{guard_};
            const auto is_due = [&] {
                return stopping_ || !pending_.waiting.empty() ||
                       (!pending_.changes.empty() && clock::now() >= pending_since_ + how_.write_after);
            };
            while (!is_due() && clock::now() < next_pause) {
                const auto until =
                    pending_.changes.empty() ? next_pause : std::min(next_pause, pending_since_ + how_.write_after);
                changed_.wait_until(lock, until);
            }
            is_last = stopping_;
        }
        (void)flush(nullptr);
        if (is_last || clock::now() >= next_pause) {
            housekeeping(is_last);
            next_pause = clock::now() + how_.pause;
        }
        if (is_last)
            return;
    }
}

/// What nobody waits for.
void store::housekeeping(bool is_last)
{
    if (is_good_ && std::exchange(is_dirty_, false))
        if (const int failed = file_->sync(); failed != 0)
            give_up(failed, "a sync");
    if (!is_good_ || (!is_last && wants_compaction()))
        rewrite();
    const std::scoped_lock lock{table_guard_};
    table_.sweep(std::max(swept_at_once, table_.size() / 60), now()); // all of it within a minute or so
}

} // namespace postern_kv_memory
