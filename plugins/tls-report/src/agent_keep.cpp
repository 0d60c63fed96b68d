// The part of agent that keeps what was counted: added to what is there, so that instances of two generations, and what was kept
// before a restart, come to one sum.

#include "agent.hpp"

#include <algorithm>

namespace tls_report {

namespace {
constexpr std::size_t rows_at_once = 100;
constexpr std::size_t octets_at_once = 500'000;
} // namespace

/// Days that are closed count for the next one that is not: their reports are on their way.
day agent::open_day(day when)
{
    const std::lock_guard lock{mutex_};
    while (closed_.contains(when))
        ++when;
    return when;
}

void agent::add_to(postern::kv_batch& items, const row& what)
{
    const auto where = keys::of(open_day(what.when), what.domain);
    if (what.policy_text)
        items.put(where + "p|" + what.policy_key, *what.policy_text, kept_for);
    if (what.failure_text)
        items.put(where + "f|" + what.failure_key, *what.failure_text, kept_for);
    items.add(where + "n|" + what.policy_key + '|' + what.failure_key, what.count, kept_for);
}

postern::task<> agent::keep()
{
    const busy here{is_keeping_};
    if (!here.is_first())
        co_return;
    auto rows = counted_.take();
    bool works = true;
    std::size_t done = 0;
    std::size_t asked = 0;
    try {
        while (works && done < rows.size()) {
            std::size_t count = 0;
            for (std::size_t octets = 0; done + count < rows.size() && count < rows_at_once && octets < octets_at_once; ++count)
                octets += rows[done + count].octets();
            asked = done + count;
            auto step = keep_some(rows, done, count);
            works = co_await std::move(step);
            done = works ? asked : done;
        }
    } catch (const postern::cancelled&) { // what the store was asked it may have done; the destructor asks for the rest
        rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(asked));
        counted_.give_back(std::move(rows));
        throw;
    }
    note_store(works);
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(done));
    counted_.give_back(std::move(rows));
}

/// Whether the store took these.
postern::task<bool> agent::keep_some(std::vector<row>& rows, std::size_t first, std::size_t count)
{
    postern::kv_batch items;
    for (std::size_t i = first; i < first + count; ++i)
        add_to(items, rows[i]);
    try {
        auto asked = host_.kv().run(std::move(items));
        const auto all = co_await asked;
        co_return std::all_of(all.begin(), all.end(), [](const auto& each) { return static_cast<bool>(each); });
    } catch (const postern::kv_error&) {
        co_return false;
    }
}

bool agent::knows_closed() const
{
    const std::lock_guard lock{mutex_};
    return knows_closed_;
}

postern::task<> agent::load_closed()
{
    std::string after;
    while (true) {
        auto asked = host_.kv().scan(keys::closed, after);
        const auto page = co_await asked;
        const std::lock_guard lock{mutex_};
        for (const auto& each : page.pairs) {
            after = each.key;
            if (const auto when = parse_day(std::string_view{each.key}.substr(keys::closed.size())))
                closed_.insert(*when);
        }
        if (page.has_more && !page.pairs.empty())
            continue;
        knows_closed_ = true;
        co_return;
    }
}

/// What was counted for it until now is in its reports; what comes later is in the next day's.
postern::task<> agent::close(day when)
{
    auto kept = keep();
    co_await std::move(kept);
    auto asked = host_.kv().put(keys::closed_day(when), "1", {.ttl = kept_for, .is_durable = true});
    co_await asked;
    {
        const std::lock_guard lock{mutex_};
        closed_.insert(when);
        while (closed_.size() > most_closed)
            closed_.erase(closed_.begin());
    }
    counted_.forget(when);
}

/// A line when that begins and ends.
void agent::note_store(bool works)
{
    if (is_store_down_.exchange(!works) == !works)
        return;
    if (works)
        host_.event_log().info("store_works");
    else
        host_.event_log().warning("store_failed", {{"cause", "what was counted cannot be kept"}});
}

} // namespace tls_report
