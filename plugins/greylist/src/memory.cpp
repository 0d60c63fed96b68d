#include "memory.hpp"

#include <postern/kit/key_of.hpp>

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace greylist {
namespace {

using postern::kv_batch;
using postern::kv_outcome;
using postern::kv_status;

/// Throws what is a failure of the store; that a value is missing, or another, is none.
const kv_outcome& checked(const kv_outcome& one)
{
    if (one.status != kv_status::ok && one.status != kv_status::missing && one.status != kv_status::differs)
        throw postern::kv_error{one.status, one.status == kv_status::full ? "the store is full" : "the store failed"};
    return one;
}

void check_all(const std::vector<kv_outcome>& all, std::size_t count)
{
    if (all.size() != count)
        throw postern::kv_error{kv_status::failed, "the store lost an answer"};
    for (const kv_outcome& one : all)
        checked(one);
}

[[nodiscard]] std::int64_t number_in(const kv_outcome& one) noexcept
{
    std::int64_t number = 0;
    if (one)
        (void)std::from_chars(one.value.data(), one.value.data() + one.value.size(), number);
    return number;
}

[[nodiscard]] std::optional<stored> stored_in(const kv_outcome& one) noexcept
{
    return one ? std::optional{stored{one.value, one.ttl}} : std::nullopt;
}

// Keys. Networks are short and few; of addresses there are hashes alone.

[[nodiscard]] std::string triplet_key(const triplet& of)
{
    return postern::kit::hashed_key("t", {of.network, of.sender, of.recipient});
}
[[nodiscard]] std::string crowd_key(std::string_view area, std::string_view recipient)
{
    return postern::kit::hashed_key("c", {area, recipient});
}
[[nodiscard]] std::string crowds_key(std::string_view area)
{
    return postern::kit::key_of("q", area);
}
[[nodiscard]] std::string alone_key(std::string_view area)
{
    return postern::kit::key_of("a", area);
}
[[nodiscard]] std::string passed_key(const triplet& of)
{
    return postern::kit::key_of("n", of.network);
}
[[nodiscard]] std::string pending_key(std::string_view area)
{
    return postern::kit::key_of("p", area);
}

} // namespace

postern::task<finding> memory::attempt(triplet who) const
{
    std::string key = triplet_key(who);
    const std::string passed = passed_key(who);
    const std::string pending = pending_key(who.network);
    const std::string pending_of_site = pending_key(who.site);
    kv_batch looks;
    looks.get(key).get(passed).get(pending).get(pending_of_site);
    const std::vector<kv_outcome> found = co_await host_.kv().run(std::move(looks));
    check_all(found, 4);

    if (by_.auto_allow > 0 && number_in(found[1]) >= by_.auto_allow) {
        if (is_worn(by_.time.remember, found[1].ttl)) {
            kv_batch renewal;
            renewal.add_and_renew(passed, 0, by_.time.remember);
            (void)co_await host_.kv().run(std::move(renewal));
        }
        co_return finding{reason::network, {}, {}};
    }

    const decision made = judge(stored_in(found[0]), by_.time);
    kv_batch changes;
    switch (made.writes) {
    case change::none:
        break;
    case change::begin:
        if (who.site != who.network && number_in(found[3]) >= by_.pending_per_network * networks_per_site) {
            auto rest = crowded(std::move(who.site), std::move(who.recipient));
            co_return co_await std::move(rest);
        }
        if (number_in(found[2]) >= by_.pending_per_network) {
            auto rest = crowded(std::move(who.network), std::move(who.recipient));
            co_return co_await std::move(rest);
        }
        // Another session may be faster; then it has begun as well.
        changes.swap(key, std::nullopt, waiting_record(by_.time.window), by_.time.window).add(pending, 1, by_.time.window);
        if (who.site != who.network)
            changes.add(pending_of_site, 1, by_.time.window);
        break;
    case change::restart:
        changes.swap(key, found[0].value, waiting_record(by_.time.window), by_.time.window);
        break;
    case change::refresh:
        changes.swap(key, found[0].value, known_record(by_.time.remember), by_.time.remember);
        break;
    case change::promote: {
        auto rest = remembered(std::move(who), std::move(key), found[0].value, made.delayed);
        co_return co_await std::move(rest);
    }
    }
    if (const std::size_t count = changes.size(); count != 0) {
        const std::vector<kv_outcome> done = co_await host_.kv().run(std::move(changes));
        check_all(done, count);
    }
    co_return finding{made.passes ? reason::known : reason::waits, made.wait, {}};
}

/// Durable, unlike first contacts: a client has waited for this one. The one of several sessions whose swap is done counts it.
postern::task<finding> memory::remembered(triplet who, std::string key, std::string value, nanoseconds age) const
{
    kv_batch change;
    change.swap(key, value, known_record(by_.time.remember), by_.time.remember);
    const std::vector<kv_outcome> done = co_await host_.kv().run(std::move(change), true);
    check_all(done, 1);
    if (!done.front())
        co_return finding{reason::known, {}, {}};
    if (by_.auto_allow > 0) {
        kv_batch count;
        count.add_and_renew(passed_key(who), 1, by_.time.remember);
        const std::vector<kv_outcome> counted = co_await host_.kv().run(std::move(count), true);
        check_all(counted, 1);
    }
    co_return finding{reason::waited, {}, age};
}

/// From a network or site with too many first contacts each recipient is one, whoever the sender; and when there are too many of
/// these, all of it is one. Nothing is remembered of it: clients that invent senders, recipients or networks fill no store, and
/// others that share their network get through all the same.
postern::task<finding> memory::crowded(std::string area, std::string recipient) const
{
    std::string key = crowd_key(area, recipient);
    std::string counter = crowds_key(area);
    std::string alone = alone_key(area);
    kv_batch look;
    look.get(key).get(counter).get(alone);
    const std::vector<kv_outcome> found = co_await host_.kv().run(std::move(look));
    check_all(found, 3);
    const bool is_full = !found[0] && number_in(found[1]) >= by_.pending_per_network;
    auto rest = is_full ? note(std::move(alone), found[2], {}) : note(std::move(key), found[0], std::move(counter));
    co_return co_await std::move(rest);
}

/// A contact that passes when it has waited, and is never remembered. `counter` counts new ones; empty: nothing does.
postern::task<finding> memory::note(std::string key, kv_outcome found, std::string counter) const
{
    const decision made = judge(stored_in(found), by_.time);
    if (made.passes)
        co_return finding{reason::waited, {}, made.delayed};
    if (made.writes == change::begin || made.writes == change::restart) {
        const std::optional<std::string_view> expected = found ? std::optional<std::string_view>{found.value} : std::nullopt;
        kv_batch changes;
        changes.swap(key, expected, waiting_record(by_.time.window), by_.time.window);
        if (made.writes == change::begin && !counter.empty())
            changes.add(counter, 1, by_.time.window);
        const std::size_t count = changes.size();
        const std::vector<kv_outcome> done = co_await host_.kv().run(std::move(changes));
        check_all(done, count);
    }
    co_return finding{reason::waits, made.wait, {}};
}

} // namespace greylist
