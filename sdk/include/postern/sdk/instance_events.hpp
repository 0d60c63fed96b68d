#pragma once
// Events of an instance that belong to no session: its timers, the question how it is, and what happens in the server. They come
// one at a time, on a thread of the instance, beside the events of sessions.

#include <postern/abi/health.h>
#include <postern/abi/observe.h>
#include <postern/abi/timers.h>
#include <postern/sdk/events.hpp>
#include <postern/sdk/reply_form.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace postern {

/// After host::start_timer; needs no subscription.
class timer final : public sdk::plain_event<postern_ev_timer, POSTERN_HOOK_TIMER, event_kind::notification> {
public:
    using plain_event::plain_event;
    [[nodiscard]] std::uint64_t token() const noexcept { return record().token; }
    /// How many times it was due since the last event and was not told, since the instance was busy.
    [[nodiscard]] std::uint64_t missed() const noexcept { return record().missed; }
};

/// For `postern status`: how are you?
class health final : public sdk::plain_event<postern_ev_health, POSTERN_HOOK_HEALTH, event_kind::health> {
public:
    using plain_event::plain_event;
};

/// The answer to it. Octets that no line can carry become "?".
class health_report {
public:
    [[nodiscard]] std::uint32_t state() const noexcept { return state_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    friend health_report healthy(std::string text);
    friend health_report degraded(std::string text);
    health_report(std::uint32_t state, std::string text) : state_{state}, text_{sdk::as_reply_text(std::move(text))} {}

    std::uint32_t state_;
    std::string text_;
};

/// All is well; `text` is shown by `postern status`.
[[nodiscard]] inline health_report healthy(std::string text = {})
{
    return {POSTERN_HEALTH_OK, std::move(text)};
}
/// It works, but not as it should; `text` says why.
[[nodiscard]] inline health_report degraded(std::string text)
{
    return {POSTERN_HEALTH_DEGRADED, std::move(text)};
}

/// What server_event tells of.
enum class happening : std::uint32_t {
    connected = POSTERN_EVENT_CONNECTED,
    disconnected = POSTERN_EVENT_DISCONNECTED,
    refused = POSTERN_EVENT_REFUSED, ///< a connection
    decided = POSTERN_EVENT_DECIDED,
    accepted = POSTERN_EVENT_ACCEPTED,
    not_stored = POSTERN_EVENT_NOT_STORED,
    delivered = POSTERN_EVENT_DELIVERED,
    deferred = POSTERN_EVENT_DEFERRED,
    failed = POSTERN_EVENT_FAILED,
    reloaded = POSTERN_EVENT_RELOADED,
    not_reloaded = POSTERN_EVENT_NOT_RELOADED,
    plugin_failed = POSTERN_EVENT_PLUGIN_FAILED,
    breaker_open = POSTERN_EVENT_BREAKER_OPEN,
    breaker_closed = POSTERN_EVENT_BREAKER_CLOSED,
};

/// What a plugin observes: static constexpr std::uint32_t observes = postern::happenings(happening::accepted, ...);
template <class... Kinds>
[[nodiscard]] consteval std::uint32_t happenings(happening first, Kinds... more)
{
    return (1u << static_cast<std::uint32_t>(first)) | (0u | ... | (1u << static_cast<std::uint32_t>(more)));
}

/// Something that happened in the server. Which of these say something is by its kind, in <postern/abi/observe.h>.
class server_event final : public sdk::plain_event<postern_ev_event, POSTERN_HOOK_EVENT, event_kind::notification> {
public:
    using plain_event::plain_event;
    /// A later host may send kinds that have no name here, if the class has no `observes`.
    [[nodiscard]] happening what() const noexcept { return static_cast<happening>(record().kind); }
    [[nodiscard]] std::chrono::system_clock::time_point when() const noexcept
    {
        return std::chrono::system_clock::time_point{std::chrono::milliseconds{record().time_ms}};
    }
    /// Of which it tells; it may be over. 0: none.
    [[nodiscard]] std::uint64_t about_session() const noexcept { return record().session; }
    [[nodiscard]] std::uint32_t smtp_code() const noexcept { return record().smtp_code; }
    [[nodiscard]] std::uint64_t size_octets() const noexcept { return record().size_octets; }
    [[nodiscard]] std::uint64_t count() const noexcept { return record().count; }
    /// Events that were dropped just before this one: the instance was too slow.
    [[nodiscard]] std::uint64_t missed() const noexcept { return record().missed; }
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] std::string_view recipient() const noexcept { return sdk::view(record().recipient); }
    [[nodiscard]] std::string_view peer() const noexcept { return sdk::view(record().peer); }
    [[nodiscard]] std::string_view listener() const noexcept { return sdk::view(record().listener); }
    [[nodiscard]] std::string_view plugin() const noexcept { return sdk::view(record().plugin); }
    [[nodiscard]] std::string_view at_hook() const noexcept { return sdk::view(record().hook); }
    [[nodiscard]] std::string_view verdict() const noexcept { return sdk::view(record().verdict); }
    [[nodiscard]] std::string_view next_hop() const noexcept { return sdk::view(record().next_hop); }
    [[nodiscard]] std::string_view text() const noexcept { return sdk::view(record().text); }
};

} // namespace postern
