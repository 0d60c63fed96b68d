#pragma once
// A store for keys and values, as a plugin provides it: an `on(const kv_store_request&)` that answers with host::answer, now or
// later, from any thread. <postern/abi/kv_store.h> has the rules.

#include <postern/abi/kv_store.h>
#include <postern/sdk/events.hpp>
#include <postern/sdk/services.hpp>

#include <span>
#include <string_view>

namespace postern {

/// An answer to a kv_store_request. Views: valid until host::answer has returned.
struct kv_store_answer {
    std::uint32_t result = POSTERN_KV_OK;
    std::span<const postern_kv_result> results = {}; ///< one an item; scan: the pairs, with their keys
    bool has_more = false;                           ///< scan
};

/// What of the keys and values is asked for.
enum class kv_store_operation : std::uint32_t {
    request = POSTERN_HOOK_KV_STORE_REQUEST,
    scan = POSTERN_HOOK_KV_STORE_SCAN,
};

/// postern.kv-store/1: one request. The ticket stays open until host::answer.
class kv_store_request final : public sdk::plain_event<postern_ev_kv_store, POSTERN_HOOK_KV_STORE_REQUEST, event_kind::request> {
public:
    static constexpr std::uint32_t last_hook = POSTERN_HOOK_KV_STORE_SCAN;
    using plain_event::plain_event;

    /// An item as a view of the event.
    struct item {
        std::uint32_t op;
        std::uint32_t flags;
        std::string_view key;
        std::string_view value;
        std::string_view expected;
        std::int64_t number;
        std::uint64_t ttl_ns;
        explicit item(const postern_kv_item& from) noexcept
            : op{from.op}, flags{from.flags}, key{sdk::view(from.key)}, value{sdk::view(from.value)},
              expected{sdk::view(from.expected)}, number{from.number}, ttl_ns{from.ttl_ns}
        {
        }
    };

    [[nodiscard]] kv_store_operation operation() const noexcept { return static_cast<kv_store_operation>(record().ev.hook); }
    /// The same key in two namespaces is two keys.
    [[nodiscard]] std::string_view space() const noexcept { return sdk::view(record().space); }
    [[nodiscard]] sdk::list_view<postern_kv_item, item> items() const noexcept
    {
        return sdk::list_view<postern_kv_item, item>{record().items};
    }
    [[nodiscard]] bool is_durable() const noexcept { return (record().flags & POSTERN_KV_DURABLE) != 0; }
    [[nodiscard]] std::string_view prefix() const noexcept { return sdk::view(record().prefix); }
    [[nodiscard]] std::string_view after() const noexcept { return sdk::view(record().after); }
    [[nodiscard]] std::uint32_t limit() const noexcept { return record().limit; }
};

namespace sdk {

/// Answers a kv_store_request.
inline postern_status send(const services& to, std::uint64_t ticket, const kv_store_answer& what)
{
    postern_kv_store_reply reply{};
    reply.base.size = sizeof reply;
    reply.result = what.result;
    reply.has_more = what.has_more ? 1 : 0;
    reply.results = list_over(what.results.data(), what.results.size());
    return to.core->reply(to.host, ticket, &reply.base);
}

} // namespace sdk
} // namespace postern
