#include "ledger.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace rate_limit {
namespace {

using namespace std::chrono_literals;
using postern::kv_batch;
using postern::kv_outcome;
using postern::kv_status;

constexpr unsigned first_round_with_a_pause = 2;

enum class stage : std::uint8_t {
    open,    ///< to be taken
    lacking, ///< the bucket has not enough
    taken,
    over, ///< kept, or given back, or a rule that refuses nothing could not have it
};

/// One bucket of an attempt, as it was last seen.
struct entry {
    charge what;
    level at{};
    std::optional<std::string> value{}; ///< nothing: there is no such key
    stage is = stage::open;

    void read(const kv_outcome& found)
    {
        value = found ? std::optional{found.value} : std::nullopt;
        at = what.of->limit.read(found ? std::optional{stored{*value, found.ttl}} : std::nullopt);
    }
    void judge() noexcept
    {
        if (is == stage::open && (never_fits() || what.of->limit.wait(at, what.tokens) > 0ns))
            is = stage::lacking;
    }
    /// It was taken in vain, or is empty and its times do not go with the store's.
    [[nodiscard]] bool is_to_be_cleaned() const noexcept { return is == stage::taken || (is == stage::lacking && at.is_adrift); }
    [[nodiscard]] level cleaned() const noexcept { return is == stage::taken ? what.of->limit.with(at, what.tokens) : at; }
    void was_cleaned(const kv_outcome& swapped, const kv_outcome& found)
    {
        if (is == stage::lacking)
            at.is_adrift = false; // done, or somebody else has written
        else if (swapped.status == kv_status::differs && found)
            read(found);
        else
            is = stage::over; // or its key is gone, and so it is full; or the store fails, and it stays as it is
    }
    [[nodiscard]] bool never_fits() const noexcept { return what.tokens > what.of->limit.burst(); }
    [[nodiscard]] shortage as_shortage() const
    {
        return {what, never_fits() ? 0ns : what.of->limit.wait(at, what.tokens), never_fits()};
    }
};

/// The store's own failures; that a value is missing or another is none.
[[nodiscard]] bool is_failure(kv_status status) noexcept
{
    return status != kv_status::ok && status != kv_status::missing && status != kv_status::differs;
}

} // namespace

/// What is tried at once for one event.
class ledger::attempt {
public:
    explicit attempt(std::vector<charge> charges)
    {
        entries.reserve(charges.size());
        for (charge& one : charges)
            entries.push_back({std::move(one)});
    }

    [[nodiscard]] bool has(stage which) const noexcept
    {
        return std::any_of(entries.begin(), entries.end(), [&](const entry& one) { return one.is == which; });
    }
    [[nodiscard]] bool is_refused() const noexcept
    {
        return std::any_of(entries.begin(), entries.end(),
                           [](const entry& one) { return one.is == stage::lacking && one.what.of->refuses(); });
    }
    /// Whether what is open could still refuse: rules that only log or score hold nobody up.
    [[nodiscard]] bool is_undecided() const noexcept
    {
        return std::any_of(entries.begin(), entries.end(),
                           [](const entry& one) { return one.is == stage::open && one.what.of->refuses(); });
    }
    /// What is taken stays so, and is not to be cleaned.
    void keep_taken() noexcept
    {
        for (entry& one : entries) {
            if (one.is == stage::taken)
                one.is = stage::over;
        }
    }
    [[nodiscard]] std::vector<shortage> shortages() const
    {
        std::vector<shortage> all;
        for (const entry& one : entries) {
            if (one.is == stage::lacking)
                all.push_back(one.as_shortage());
        }
        return all;
    }

    std::vector<entry> entries;
};

std::uint64_t ledger::next_tag() noexcept
{
    return seed_ + count_.fetch_add(1, std::memory_order_relaxed);
}

nanoseconds ledger::pause_before(unsigned round) noexcept
{
    std::uint64_t random = next_tag() * 0x9e3779b97f4a7c15u; // as splitmix64 does
    random = (random ^ random >> 30) * 0xbf58476d1ce4e5b9u;
    random ^= random >> 27;
    const nanoseconds most = 1ms * (1u << std::min(round - first_round_with_a_pause, 6u));
    return nanoseconds{static_cast<nanoseconds::rep>(random % static_cast<std::uint64_t>(most.count()))};
}

postern::task<> ledger::look_at(attempt& what)
{
    kv_batch looks;
    std::vector<entry*> looked;
    for (entry& one : what.entries) {
        if (one.is == stage::over)
            continue;
        looks.get(one.what.key);
        looked.push_back(&one);
    }
    const std::vector<kv_outcome> found = co_await host_.kv().run(std::move(looks));
    if (found.size() != looked.size())
        throw postern::kv_error{kv_status::failed, "the store lost an answer"};
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (is_failure(found[i].status))
            throw postern::kv_error{found[i].status, "the store cannot read a bucket"};
        looked[i]->read(found[i]);
        looked[i]->judge();
    }
}

postern::task<> ledger::make_way(attempt& what, unsigned round)
{
    if (round < first_round_with_a_pause)
        co_return;
    const nanoseconds pause = pause_before(round);
    co_await host_.sleep(pause);
    co_await look_at(what);
}

postern::task<std::optional<kv_status>> ledger::try_once(attempt& what)
{
    kv_batch changes;
    std::vector<std::pair<entry*, record>> tried;
    for (entry& one : what.entries) {
        if (one.is != stage::open)
            continue;
        record next = written(one.what.of->limit.without(one.at, one.what.tokens), next_tag());
        changes.swap(one.what.key, one.value, next.value, next.ttl).get(one.what.key);
        tried.emplace_back(&one, std::move(next));
    }
    const std::vector<kv_outcome> outcomes = co_await host_.kv().run(std::move(changes));
    if (outcomes.size() != tried.size() * 2)
        co_return kv_status::failed;

    std::optional<kv_status> failure;
    for (std::size_t i = 0; i < tried.size(); ++i) {
        auto& [one, next] = tried[i];
        const kv_outcome& swapped = outcomes[i * 2];
        if (swapped) {
            one->at = one->what.of->limit.without(one->at, one->what.tokens);
            one->value = std::move(next.value);
            one->is = stage::taken;
        } else if (is_failure(swapped.status) || is_failure(outcomes[i * 2 + 1].status)) {
            if (!one->what.of->refuses())
                one->is = stage::over;
            else
                failure = is_failure(swapped.status) ? swapped.status : outcomes[i * 2 + 1].status;
        } else {
            one->read(outcomes[i * 2 + 1]);
            one->judge();
        }
    }
    if (!failure && what.has(stage::open))
        conflicts_.add();
    co_return failure;
}

postern::task<> ledger::clean_up(attempt& what)
{
    const auto has_work = [&] {
        return std::any_of(what.entries.begin(), what.entries.end(), std::mem_fn(&entry::is_to_be_cleaned));
    };
    for (unsigned round = 0; round < most_rounds && has_work(); ++round) {
        std::vector<entry*> tried;
        std::vector<kv_outcome> outcomes;
        try {
            co_await make_way(what, round);
            kv_batch changes;
            for (entry& one : what.entries) {
                if (!one.is_to_be_cleaned())
                    continue;
                const record next = written(one.cleaned(), next_tag());
                changes.swap(one.what.key, one.value, next.value, next.ttl).get(one.what.key);
                tried.push_back(&one);
            }
            if (!tried.empty())
                outcomes = co_await host_.kv().run(std::move(changes));
        } catch (const postern::kv_error&) {
            co_return; // whoever asked hears of the store already, or is refused anyway
        }
        if (outcomes.size() != tried.size() * 2)
            co_return;
        for (std::size_t i = 0; i < tried.size(); ++i)
            tried[i]->was_cleaned(outcomes[i * 2], outcomes[i * 2 + 1]);
    }
}

postern::task<std::vector<shortage>> ledger::take(std::vector<charge> charges)
{
    attempt now{std::move(charges)};
    co_await look_at(now);
    std::optional<kv_status> failure;
    for (unsigned round = 0; !failure && !now.is_refused() && now.has(stage::open); ++round) {
        if (round == most_rounds) {
            if (now.is_undecided())
                failure = kv_status::failed;
            break;
        }
        try {
            co_await make_way(now, round);
            if (!now.is_refused() && now.has(stage::open))
                failure = co_await try_once(now);
        } catch (const postern::kv_error& error) {
            failure = error.status();
        }
    }
    if (!failure && !now.is_refused())
        now.keep_taken();
    co_await clean_up(now);
    if (failure)
        throw postern::kv_error{*failure,
                                *failure == kv_status::full ? "the store is full" : "the store failed, or was too busy"};
    co_return now.shortages();
}

postern::task<std::vector<shortage>> ledger::look(std::vector<charge> charges)
{
    attempt now{std::move(charges)};
    co_await look_at(now);
    co_await clean_up(now);
    co_return now.shortages();
}

} // namespace rate_limit
