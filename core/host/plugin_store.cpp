#include "core/host/plugin_store.hpp"

#include "core/host/record_layout.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <type_traits>
#include <utility>

namespace postern::daemon {
namespace {

using queue::store_errc;

bool read_message(const postern_queue_message& from, queue::stored_message& to)
{
    if (!is_sound(from.envelope) || !is_sound(from.state))
        return false;
    to.id = base::message_id{from.id};
    to.envelope.assign(view(from.envelope));
    to.state.assign(view(from.state));
    to.content_size = from.content_size;
    return true;
}

bool read_value(const postern_queue_reply& from, queue::scan_page& to)
{
    if (!is_sound(from.messages, first_size<postern_queue_message>))
        return false;
    const auto* at = static_cast<const char*>(from.messages.at);
    to.messages.reserve(from.messages.count);
    for (std::uint32_t i = 0; i < from.messages.count; ++i, at += from.messages.stride)
        if (!read_message(read_record<postern_queue_message>(at, from.messages.stride), to.messages.emplace_back()))
            return false;
    to.next = from.next;
    return true;
}

bool read_value(const postern_queue_reply& from, queue::stored_message& to)
{
    return from.messages.count == 1 && is_sound(from.messages, first_size<postern_queue_message>) &&
           read_message(read_record<postern_queue_message>(from.messages.at, from.messages.stride), to);
}

bool read_value(const postern_queue_reply& from, std::string& to)
{
    if (!is_sound(from.data))
        return false;
    to.assign(view(from.data));
    return true;
}

store_errc condition(std::uint32_t result) noexcept
{
    switch (result) {
    case POSTERN_QUEUE_FULL:
        return store_errc::full;
    case POSTERN_QUEUE_MISSING:
        return store_errc::missing;
    case POSTERN_QUEUE_CORRUPT:
        return store_errc::corrupt;
    default:
        return store_errc::failed;
    }
}

/// One operation under way: failed until a sound reply says otherwise.
template <class T>
class store_operation final : public ticket_owner {
public:
    store_operation(plugin_instance& instance, std::uint32_t hook, queue::completion<T> done)
        : instance_{instance}, done_{std::move(done)}, hook_{hook}
    {
    }

    bool take(const postern_reply* reply) noexcept override
    {
        if (reply == nullptr || reply->size < first_size<postern_queue_reply>)
            return false;
        const auto from = read_record<postern_queue_reply>(reply, reply->size);
        if (from.result != POSTERN_QUEUE_OK) {
            outcome_ = make_error_code(condition(from.result));
            return true;
        }
        if constexpr (std::is_void_v<T>) {
            outcome_ = base::result<void>{};
            return true;
        } else {
            T value{};
            if (!read_value(from, value))
                return false;
            outcome_ = std::move(value);
            return true;
        }
    }

    void finish() noexcept override
    {
        if (outcome_.has_error() && outcome_.error() == make_error_code(store_errc::failed))
            instance_.log().error("store.failed", {{"plugin", instance_.name()}, {"operation", hook_ - POSTERN_HOOK_QUEUE_SCAN}});
        done_(std::move(outcome_));
    }

private:
    plugin_instance& instance_;
    queue::completion<T> done_;
    base::result<T> outcome_ = make_error_code(store_errc::failed);
    std::uint32_t hook_;
};

postern_ev_queue about(base::message_id id) noexcept
{
    postern_ev_queue event{};
    event.id = id.value;
    return event;
}

void head(postern_ev_queue& event, std::uint32_t hook, std::uint64_t ticket) noexcept
{
    event.ev.size = sizeof event;
    event.ev.hook = hook;
    event.ev.ticket = ticket;
}

} // namespace

template <class T>
void plugin_store::submit(postern_ev_queue& event, std::uint32_t hook, queue::completion<T> done)
{
    auto operation = std::make_shared<store_operation<T>>(*instance_, hook, std::move(done));
    auto& tickets = instance_->tickets();
    open_ticket mine{tickets};
    auto* const slot = mine.get();
    if (slot == nullptr)
        return operation->finish();
    const auto ticket = ticket_table::number(*slot);
    head(event, hook, ticket);
    slot->caller = operation.get();

    if (instance_->is_blocking()) {
        auto copy = std::make_shared<const owned_event>(event.ev);
        const auto octets = copy->octets();
        (void)tickets.leave_pending(*slot, operation); // of which nobody can know yet
        mine.keep();
        const auto job = [instance = instance_.get(), own = std::move(copy), ticket] {
            if (instance->handle(own->get()) != POSTERN_TAKEN)
                instance->tickets().give_up(ticket); // no effect when it was answered
        };
        if (!instance_->post(event.id, job, job_kind::question, octets))
            tickets.give_up(ticket);
        return;
    }
    const auto status = instance_->handle(event.ev);
    if (status == POSTERN_TAKEN && !tickets.collect(*slot) && tickets.leave_pending(*slot, operation)) {
        mine.keep();
        return;
    }
    mine.close();
    operation->finish();
}

void plugin_store::scan(std::uint64_t cursor, queue::completion<queue::scan_page> done)
{
    postern_ev_queue event{};
    event.offset = cursor;
    submit(event, POSTERN_HOOK_QUEUE_SCAN, std::move(done));
}

void plugin_store::append(base::message_id id, std::string_view octets, queue::completion<void> done)
{
    auto event = about(id);
    event.data = borrowed(octets);
    submit(event, POSTERN_HOOK_QUEUE_APPEND, std::move(done));
}

void plugin_store::commit(base::message_id id, std::string_view envelope, std::string_view state, std::string_view head_octets,
                          std::string_view tail, queue::completion<void> done)
{
    auto event = about(id);
    event.envelope = borrowed(envelope);
    event.state = borrowed(state);
    event.data = borrowed(head_octets);
    event.tail = borrowed(tail);
    submit(event, POSTERN_HOOK_QUEUE_COMMIT, std::move(done));
}

void plugin_store::abandon(base::message_id id) noexcept
{
    auto event = about(id);
    head(event, POSTERN_HOOK_QUEUE_ABANDON, 0);
    if (!instance_->is_blocking()) {
        (void)instance_->handle(event.ev);
        return;
    }
    // A promise: what was appended would never be forgotten.
    (void)instance_->post(
        id.value, [instance = instance_.get(), event] { (void)instance->handle(event.ev); }, job_kind::promise, 0);
}

void plugin_store::update(base::message_id id, std::string_view state, queue::completion<void> done)
{
    auto event = about(id);
    event.state = borrowed(state);
    submit(event, POSTERN_HOOK_QUEUE_UPDATE, std::move(done));
}

void plugin_store::remove(base::message_id id, queue::completion<void> done)
{
    auto event = about(id);
    submit(event, POSTERN_HOOK_QUEUE_REMOVE, std::move(done));
}

void plugin_store::fetch(base::message_id id, queue::completion<queue::stored_message> done)
{
    auto event = about(id);
    submit(event, POSTERN_HOOK_QUEUE_FETCH, std::move(done));
}

void plugin_store::read(base::message_id id, std::uint64_t offset, std::size_t length, queue::completion<std::string> done)
{
    auto event = about(id);
    event.offset = offset;
    event.length = length;
    submit(event, POSTERN_HOOK_QUEUE_READ, std::move(done));
}

void plugin_store::read_uncommitted(base::message_id id, std::uint64_t offset, std::size_t length,
                                    queue::completion<std::string> done)
{
    auto event = about(id);
    event.offset = offset;
    event.length = length;
    submit(event, POSTERN_HOOK_QUEUE_PEEK, std::move(done));
}

} // namespace postern::daemon
