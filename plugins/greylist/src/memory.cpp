#include "memory.hpp"

#include <postern/kit/key_of.hpp>

#include <charconv>
#include <optional>
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
[[nodiscard]] std::string crowd_key(const triplet& of)
{
    return postern::kit::hashed_key("c", {of.network, of.recipient});
}
[[nodiscard]] std::string passed_key(const triplet& of)
{
    return postern::kit::key_of("n", of.network);
}
[[nodiscard]] std::string pending_key(const triplet& of)
{
    return postern::kit::key_of("p", of.network);
}

} // namespace

postern::task<finding> memory::attempt(triplet who) const
{
    std::string key = triplet_key(who);
    const std::string passed = passed_key(who);
    const std::string pending = pending_key(who);
    kv_batch looks;
    looks.get(key).get(passed).get(pending);
    const std::vector<kv_outcome> found = co_await host_.kv().run(std::move(looks));
    check_all(found, 3);

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
        if (number_in(found[2]) >= by_.pending_per_network) {
            auto rest = crowded(std::move(who));
            co_return co_await std::move(rest);
        }
        // Another session may be faster; then it has begun as well.
        changes.swap(key, std::nullopt, waiting_record(by_.time.window), by_.time.window).add(pending, 1, by_.time.window);
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

/// From a network with too many first contacts each recipient is one, whoever the sender. Nothing is remembered of it: clients
/// that invent senders fill no store, and others that share their network get through all the same.
postern::task<finding> memory::crowded(triplet who) const
{
    const std::string key = crowd_key(who);
    kv_batch look;
    look.get(key);
    const std::vector<kv_outcome> found = co_await host_.kv().run(std::move(look));
    check_all(found, 1);
    const decision made = judge(stored_in(found.front()), by_.time);
    if (made.passes)
        co_return finding{reason::waited, {}, made.delayed};
    if (made.writes == change::begin || made.writes == change::restart) {
        const std::optional<std::string_view> expected =
            found.front() ? std::optional<std::string_view>{found.front().value} : std::nullopt;
        kv_batch change;
        change.swap(key, expected, waiting_record(by_.time.window), by_.time.window);
        const std::vector<kv_outcome> done = co_await host_.kv().run(std::move(change));
        check_all(done, 1);
    }
    co_return finding{reason::waits, made.wait, {}};
}

} // namespace greylist
