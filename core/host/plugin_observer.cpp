#include "core/host/plugin_observer.hpp"

#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "core/host/reply_reader.hpp"

#include <postern/abi/observe.h>

#include <exception>
#include <utility>

namespace postern::daemon {
namespace {

static_assert(POSTERN_EVENT_CONNECTED == static_cast<unsigned>(hooks::notice_kind::connected));
static_assert(POSTERN_EVENT_DISCONNECTED == static_cast<unsigned>(hooks::notice_kind::disconnected));
static_assert(POSTERN_EVENT_REFUSED == static_cast<unsigned>(hooks::notice_kind::refused));
static_assert(POSTERN_EVENT_DECIDED == static_cast<unsigned>(hooks::notice_kind::decided));
static_assert(POSTERN_EVENT_ACCEPTED == static_cast<unsigned>(hooks::notice_kind::accepted));
static_assert(POSTERN_EVENT_NOT_STORED == static_cast<unsigned>(hooks::notice_kind::not_stored));
static_assert(POSTERN_EVENT_DELIVERED == static_cast<unsigned>(hooks::notice_kind::delivered));
static_assert(POSTERN_EVENT_DEFERRED == static_cast<unsigned>(hooks::notice_kind::deferred));
static_assert(POSTERN_EVENT_FAILED == static_cast<unsigned>(hooks::notice_kind::failed));
static_assert(POSTERN_EVENT_RELOADED == static_cast<unsigned>(hooks::notice_kind::reloaded));
static_assert(POSTERN_EVENT_NOT_RELOADED == static_cast<unsigned>(hooks::notice_kind::not_reloaded));
static_assert(POSTERN_EVENT_PLUGIN_FAILED == static_cast<unsigned>(hooks::notice_kind::plugin_failed));
static_assert(POSTERN_EVENT_BREAKER_OPEN == static_cast<unsigned>(hooks::notice_kind::breaker_opened));
static_assert(POSTERN_EVENT_BREAKER_CLOSED == static_cast<unsigned>(hooks::notice_kind::breaker_closed));

} // namespace

bool plugin_observer::wants(hooks::notice_kind kind) const noexcept
{
    return (instance_->observed_kinds() >> static_cast<unsigned>(kind) & 1U) != 0;
}

void plugin_observer::observe(const hooks::notice& what, base::wall_time when) noexcept
{
    char message_text[13];
    write_id(what.message.value, message_text);
    postern_ev_event record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_EVENT;
    record.kind = static_cast<std::uint32_t>(what.kind);
    record.smtp_code = what.smtp_code;
    record.time_ms = when.time_since_epoch().count();
    record.session = what.session.value;
    record.size_octets = what.size;
    record.count = what.count;
    record.message = {message_text, what.message ? sizeof message_text : 0};
    record.sender = borrowed(what.sender);
    record.recipient = borrowed(what.recipient);
    record.peer = borrowed(what.peer);
    record.listener = borrowed(what.listener);
    record.plugin = borrowed(what.plugin);
    record.hook = borrowed(what.hook);
    record.verdict = borrowed(what.verdict);
    record.next_hop = borrowed(what.next_hop);
    record.text = borrowed(what.text);
    record.missed = missed_.exchange(0, std::memory_order_relaxed);
    bool is_told = false;
    try {
        auto copy = std::make_shared<const owned_event>(record.ev);
        const auto octets = copy->octets() + sizeof(owned_event);
        is_told = instance_->post_event([instance = instance_.get(), own = std::move(copy)] { instance->notify(own->get()); },
                                        job_kind::observation, octets);
    } catch (const std::exception&) { // no memory for an observation: it is dropped
    }
    if (is_told)
        return;
    missed_.fetch_add(record.missed + 1, std::memory_order_relaxed);
    instance_->dropped_one(POSTERN_HOOK_EVENT);
}

} // namespace postern::daemon
