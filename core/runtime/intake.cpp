#include "core/runtime/intake.hpp"

#include "core/queue/record.hpp"
#include "core/runtime/delivery_engine.hpp"
#include "core/runtime/spool.hpp"

#include <utility>

namespace postern::runtime {

sealed_message intake::seal(const hooks::draft& message, const hooks::connection_facts& from, std::uint64_t body_size,
                            bool body_has_8bit) const
{
    sealed_message sealed;
    sealed.id = message.id;
    sealed.head = message.headers.octets() + "\r\n";
    const bool head_has_8bit = spool::contains_8bit(sealed.head);

    auto& stored = sealed.record.envelope;
    stored.envelope = message.envelope;
    stored.received = clock_.wall();
    stored.size = sealed.head.size() + body_size;
    stored.has_8bit = head_has_8bit || body_has_8bit;
    stored.is_binary = message.envelope.from.body == message::body_type::binary_mime;
    stored.needs_smtputf8 = message.envelope.from.smtputf8 && head_has_8bit;
    stored.session = base::to_text(from.session);
    stored.origin = from.listener + " " + from.peer.address.text();
    stored.priority = message.priority;
    stored.expire_at = message.expire_at;
    stored.warn_at = message.warn_at;
    stored.report_relay = message.report_relay;
    sealed.record.state = queue::fresh_state(message.envelope.to.size(), message.held);
    sealed.record.state.next_attempt = message.release_at;
    sealed.envelope = queue::encode(stored);
    sealed.state = queue::encode(sealed.record.state);
    return sealed;
}

void intake::stored(sealed_message message)
{
    accepted_.add();
    deliveries_.enqueue(message.id, std::move(message.record));
}

} // namespace postern::runtime
