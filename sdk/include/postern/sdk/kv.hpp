#pragma once
// Keys and values that outlast sessions, as a plugin uses them: `co_await host.kv().get("key")` in a task, many at once with
// get_all and run, or host.kv().ask(...) and an `on(const kv_answer&)`. <postern/abi/kv.h> has the limits.

#include <postern/abi/kv.h>
#include <postern/sdk/answer_awaiter.hpp>
#include <postern/sdk/events.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

/// What became of an item, or of a whole request.
enum class kv_status : std::uint32_t {
    ok = POSTERN_KV_OK,
    missing = POSTERN_KV_MISSING,     ///< there is no such key
    differs = POSTERN_KV_DIFFERS,     ///< compared, and not set
    no_number = POSTERN_KV_NO_NUMBER, ///< nothing can be added to that value
    full = POSTERN_KV_FULL,           ///< the store has no room
    failed = POSTERN_KV_FAILED,       ///< anything else
};

/// The store did not do what a call without another way to say so was for.
class kv_error : public std::runtime_error {
public:
    kv_error(kv_status status, const std::string& text) : std::runtime_error{text}, status_{status} {}
    [[nodiscard]] kv_status status() const noexcept { return status_; }

private:
    kv_status status_;
};

/// When a change counts as done, and when it is undone.
struct kv_options {
    std::chrono::nanoseconds ttl{0}; ///< gone after this; 0: never
    bool is_durable = false;         ///< answered only when it is on stable storage
};

/// What became of one item.
struct kv_outcome {
    kv_status status = kv_status::failed;
    std::string value;               ///< get; swap: what is there, if it differs
    std::int64_t number = 0;         ///< add: the sum
    std::chrono::nanoseconds ttl{0}; ///< get: what is left of it; 0: for ever

    /// It was done, or is there.
    [[nodiscard]] explicit operator bool() const noexcept { return status == kv_status::ok; }
};

/// A key of a scan, and what it leads to.
struct kv_pair {
    std::string key;
    std::string value;
    std::chrono::nanoseconds ttl{0}; ///< what is left of it; 0: for ever
    bool operator==(const kv_pair&) const = default;
};
/// What a scan found.
struct kv_page {
    std::vector<kv_pair> pairs; ///< in the order of their keys
    bool has_more = false;      ///< behind the last of these
};

/// Items for one request: done in their order, at most 1,000.
class kv_batch {
public:
    kv_batch& get(std::string_view key) { return add_item({POSTERN_KV_GET, 0, std::string{key}}); }
    kv_batch& put(std::string_view key, std::string_view value, std::chrono::nanoseconds ttl = {})
    {
        return add_item({POSTERN_KV_PUT, 0, std::string{key}, std::string{value}, {}, 0, ttl});
    }
    /// `ttl` counts from when the key is new.
    kv_batch& add(std::string_view key, std::int64_t number, std::chrono::nanoseconds ttl = {})
    {
        return add_item({POSTERN_KV_ADD, 0, std::string{key}, {}, {}, number, ttl});
    }
    /// `ttl` counts from now.
    kv_batch& add_and_renew(std::string_view key, std::int64_t number, std::chrono::nanoseconds ttl)
    {
        return add_item({POSTERN_KV_ADD, POSTERN_KV_RENEW, std::string{key}, {}, {}, number, ttl});
    }
    /// Compare and set. `expected` nothing: only if there is no such key.
    kv_batch& swap(std::string_view key, std::optional<std::string_view> expected, std::string_view value,
                   std::chrono::nanoseconds ttl = {})
    {
        return add_item({POSTERN_KV_SWAP, expected ? 0u : POSTERN_KV_IF_MISSING, std::string{key}, std::string{value},
                         std::string{expected.value_or("")}, 0, ttl});
    }
    kv_batch& remove(std::string_view key) { return add_item({POSTERN_KV_REMOVE, 0, std::string{key}}); }

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    /// As the contract has them: valid until the batch changes.
    [[nodiscard]] std::vector<postern_kv_item> records() const
    {
        std::vector<postern_kv_item> made;
        made.reserve(items_.size());
        for (const item& one : items_) {
            const auto ttl = one.ttl.count() < 0 ? std::uint64_t{1} : static_cast<std::uint64_t>(one.ttl.count()); // over already
            made.push_back({one.op, one.flags, sdk::str(one.key), sdk::str(one.value), sdk::str(one.expected), one.number, ttl});
        }
        return made;
    }

private:
    struct item {
        std::uint32_t op;
        std::uint32_t flags;
        std::string key;
        std::string value{};
        std::string expected{};
        std::int64_t number = 0;
        std::chrono::nanoseconds ttl{0};
    };
    kv_batch& add_item(item one)
    {
        items_.push_back(std::move(one));
        return *this;
    }

    std::vector<item> items_;
};

/// After kv_client::ask and scan; needs no subscription.
class kv_answer final : public sdk::plain_event<postern_ev_kv_answer, POSTERN_HOOK_KV_ANSWER, event_kind::notification> {
public:
    using plain_event::plain_event;

    /// A result as a view of the event.
    struct shown {
        kv_status status;
        std::string_view key; ///< scan; else empty
        std::string_view value;
        std::int64_t number;
        std::chrono::nanoseconds ttl;
        explicit shown(const postern_kv_result& from) noexcept
            : status{from.result}, key{sdk::view(from.key)}, value{sdk::view(from.value)}, number{from.number},
              ttl{static_cast<std::int64_t>(from.ttl_ns)}
        {
        }
    };

    [[nodiscard]] std::uint64_t token() const noexcept { return record().token; }
    /// The session ended before the answer was here; what was asked for may have been done.
    [[nodiscard]] bool is_cancelled() const noexcept { return (record().ev.flags & POSTERN_KV_CANCELLED) != 0; }
    /// ok: there is a result for each item, or the pairs of a scan.
    [[nodiscard]] kv_status status() const noexcept { return static_cast<kv_status>(record().result); }
    [[nodiscard]] bool has_more() const noexcept { return record().has_more != 0; }
    [[nodiscard]] sdk::list_view<postern_kv_result, shown> results() const noexcept
    {
        return sdk::list_view<postern_kv_result, shown>{record().results};
    }
};

namespace sdk {

[[nodiscard]] inline const postern_kv_1& kv_table(const services& instance)
{
    const auto* const table = static_cast<const postern_kv_1*>(instance.get(instance.host, POSTERN_KV_1));
    if (table == nullptr)
        throw std::runtime_error("this host offers no " POSTERN_KV_1);
    return *table;
}

inline postern_status send_batch(const services& instance, std::uint64_t session, std::uint64_t token, const kv_batch& items,
                                 bool is_durable)
{
    const auto records = items.records();
    postern_kv_request what{};
    what.size = sizeof what;
    what.flags = is_durable ? POSTERN_KV_DURABLE : 0;
    what.session = session;
    what.token = token;
    what.items = list_over(records.data(), records.size());
    return kv_table(instance).request(instance.host, &what);
}

inline postern_status send_scan(const services& instance, std::uint64_t session, std::uint64_t token, std::string_view prefix,
                                std::string_view after, std::uint32_t limit)
{
    postern_kv_scan what{};
    what.size = sizeof what;
    what.limit = limit;
    what.session = session;
    what.token = token;
    what.prefix = str(prefix);
    what.after = str(after);
    return kv_table(instance).scan(instance.host, &what);
}

/// What is wrong with the whole of an answer is thrown by whoever awaits it, not where it is read.
template <class Value>
struct kv_reading {
    kv_status status = kv_status::failed;
    Value value{};
};

template <class Value>
[[nodiscard]] kv_reading<Value> kv_refused(postern_status status)
{
    if (status == POSTERN_E_INVALID)
        throw std::invalid_argument("a key, a value or a request that is beyond the limits of " POSTERN_KV_1);
    if (status == POSTERN_E_DENIED)
        throw std::runtime_error("there is no store: list " POSTERN_KV_1 " in requires_");
    return {}; // too many requests are open: the store failed, for now
}

struct kv_batch_call {
    using result = kv_reading<std::vector<kv_outcome>>;
    static constexpr std::uint32_t hook = POSTERN_HOOK_KV_ANSWER;

    kv_batch items;
    bool is_durable = false;

    [[nodiscard]] postern_status send(services& instance, std::uint64_t session, std::uint64_t token) const
    {
        return send_batch(instance, session, token, items, is_durable);
    }
    [[nodiscard]] static result read(const postern_event& event)
    {
        const auto record = whole_record<postern_ev_kv_answer>(event);
        const kv_answer from{record};
        result to{from.status()};
        to.value.reserve(from.results().size());
        for (const auto& one : from.results())
            to.value.push_back({one.status, std::string{one.value}, one.number, one.ttl});
        return to;
    }
    [[nodiscard]] static result refused(postern_status status) { return kv_refused<std::vector<kv_outcome>>(status); }
};

struct kv_scan_call {
    using result = kv_reading<kv_page>;
    static constexpr std::uint32_t hook = POSTERN_HOOK_KV_ANSWER;

    std::string prefix;
    std::string after;
    std::uint32_t limit;

    [[nodiscard]] postern_status send(services& instance, std::uint64_t session, std::uint64_t token) const
    {
        return send_scan(instance, session, token, prefix, after, limit);
    }
    [[nodiscard]] static result read(const postern_event& event)
    {
        const auto record = whole_record<postern_ev_kv_answer>(event);
        const kv_answer from{record};
        result to{from.status()};
        to.value.has_more = from.has_more();
        for (const auto& one : from.results())
            to.value.pairs.push_back({std::string{one.key}, std::string{one.value}, one.ttl});
        return to;
    }
    [[nodiscard]] static result refused(postern_status status) { return kv_refused<kv_page>(status); }
};

/// Awaits a call, and makes of its results what the caller wants; throws kv_error where the whole of it failed.
template <class Call, class Convert>
class [[nodiscard]] kv_awaiter : public answer_awaiter<Call> {
public:
    using answer_awaiter<Call>::answer_awaiter;
    [[nodiscard]] auto await_resume()
    {
        auto reading = answer_awaiter<Call>::await_resume();
        if (reading.status != kv_status::ok)
            throw kv_error{reading.status, "the store of " POSTERN_KV_1 " failed"};
        return Convert{}(std::move(reading.value));
    }
};

struct kv_as_it_is {
    template <class Value>
    [[nodiscard]] Value operator()(Value value) const
    {
        return value;
    }
};

/// Of a request with one item. What is neither of the two is thrown.
[[nodiscard]] inline kv_outcome kv_only(std::vector<kv_outcome> all, kv_status good, kv_status other)
{
    if (all.size() != 1)
        throw kv_error{kv_status::failed, "the store of " POSTERN_KV_1 " lost an answer"};
    if (all.front().status == kv_status::full)
        throw kv_error{kv_status::full, "the store of " POSTERN_KV_1 " is full"};
    if (all.front().status == kv_status::no_number && other != kv_status::no_number)
        throw kv_error{kv_status::no_number, "the value of a key in " POSTERN_KV_1 " is no number"};
    if (all.front().status != good && all.front().status != other)
        throw kv_error{all.front().status, "the store of " POSTERN_KV_1 " failed"};
    return std::move(all.front());
}

struct kv_as_value {
    [[nodiscard]] std::optional<std::string> operator()(std::vector<kv_outcome> all) const
    {
        kv_outcome one = kv_only(std::move(all), kv_status::ok, kv_status::missing);
        return one ? std::optional{std::move(one.value)} : std::nullopt;
    }
};
struct kv_as_values {
    [[nodiscard]] std::vector<std::optional<std::string>> operator()(std::vector<kv_outcome> all) const
    {
        std::vector<std::optional<std::string>> values;
        values.reserve(all.size());
        for (kv_outcome& one : all) {
            if (one.status != kv_status::ok && one.status != kv_status::missing)
                throw kv_error{one.status, "the store of " POSTERN_KV_1 " failed"};
            values.push_back(one ? std::optional{std::move(one.value)} : std::nullopt);
        }
        return values;
    }
};
struct kv_as_done {
    void operator()(std::vector<kv_outcome> all) const { (void)kv_only(std::move(all), kv_status::ok, kv_status::ok); }
};
struct kv_as_number {
    [[nodiscard]] std::int64_t operator()(std::vector<kv_outcome> all) const
    {
        return kv_only(std::move(all), kv_status::ok, kv_status::ok).number;
    }
};
struct kv_as_found {
    [[nodiscard]] bool operator()(std::vector<kv_outcome> all) const
    {
        return static_cast<bool>(kv_only(std::move(all), kv_status::ok, kv_status::missing));
    }
};
struct kv_as_swapped {
    [[nodiscard]] kv_outcome operator()(std::vector<kv_outcome> all) const
    {
        const bool is_missing = all.size() == 1 && all.front().status == kv_status::missing;
        return kv_only(std::move(all), kv_status::ok, is_missing ? kv_status::missing : kv_status::differs);
    }
};

} // namespace sdk

/// What host.kv() gives: a cheap handle. Each call is for co_await in a task: it continues on the session's thread, and throws
/// `cancelled` when the session ends first, kv_error when the store failed or is full, std::invalid_argument for what is beyond
/// the limits.
class kv_client {
public:
    explicit kv_client(sdk::services& instance) noexcept : instance_{&instance} {}

    /// std::optional<std::string>
    [[nodiscard]] auto get(std::string_view key) const { return run_as<sdk::kv_as_value>(std::move(kv_batch{}.get(key))); }
    /// A std::optional<std::string> for each key, in their order: one request, at most 1,000 keys.
    template <class Keys>
    [[nodiscard]] auto get_all(const Keys& keys) const
    {
        kv_batch items;
        for (const auto& key : keys)
            items.get(key);
        return run_as<sdk::kv_as_values>(std::move(items));
    }
    [[nodiscard]] auto put(std::string_view key, std::string_view value, kv_options how = {}) const
    {
        return run_as<sdk::kv_as_done>(std::move(kv_batch{}.put(key, value, how.ttl)), how.is_durable);
    }
    /// The sum. `ttl` counts from when the key is new.
    [[nodiscard]] auto add(std::string_view key, std::int64_t number, kv_options how = {}) const
    {
        return run_as<sdk::kv_as_number>(std::move(kv_batch{}.add(key, number, how.ttl)), how.is_durable);
    }
    /// Compare and set: the outcome is ok, missing, or differs with the value that is there. `expected` nothing: only if there
    /// is no such key.
    [[nodiscard]] auto swap(std::string_view key, std::optional<std::string_view> expected, std::string_view value,
                            kv_options how = {}) const
    {
        return run_as<sdk::kv_as_swapped>(std::move(kv_batch{}.swap(key, expected, value, how.ttl)), how.is_durable);
    }
    /// Whether it was there.
    [[nodiscard]] auto remove(std::string_view key, kv_options how = {}) const
    {
        return run_as<sdk::kv_as_found>(std::move(kv_batch{}.remove(key)), how.is_durable);
    }
    /// A kv_outcome for each item, in their order.
    [[nodiscard]] auto run(kv_batch items, bool is_durable = false) const
    {
        return run_as<sdk::kv_as_it_is>(std::move(items), is_durable);
    }
    /// A kv_page: the pairs whose keys begin with `prefix` and lie behind `after`.
    [[nodiscard]] auto scan(std::string_view prefix, std::string_view after = {}, std::uint32_t limit = 1000) const
    {
        return sdk::kv_awaiter<sdk::kv_scan_call, sdk::kv_as_it_is>{
            *instance_, sdk::kv_scan_call{std::string{prefix}, std::string{after}, limit}};
    }

    /// For plugins without coroutines: exactly one `on(const kv_answer&)` with `token`, on the session's thread. False: not
    /// accepted. `token` is below 2^63.
    [[nodiscard]] bool ask(std::uint64_t session, std::uint64_t token, const kv_batch& items, bool is_durable = false) const
    {
        return (token & sdk::waiters::token_bit) == 0 && sdk::send_batch(*instance_, session, token, items, is_durable) >= 0;
    }
    [[nodiscard]] bool ask_scan(std::uint64_t session, std::uint64_t token, std::string_view prefix, std::string_view after = {},
                                std::uint32_t limit = 1000) const
    {
        return (token & sdk::waiters::token_bit) == 0 && sdk::send_scan(*instance_, session, token, prefix, after, limit) >= 0;
    }

private:
    template <class Convert>
    [[nodiscard]] sdk::kv_awaiter<sdk::kv_batch_call, Convert> run_as(kv_batch items, bool is_durable = false) const
    {
        return {*instance_, sdk::kv_batch_call{std::move(items), is_durable}};
    }

    sdk::services* instance_;
};

} // namespace postern
