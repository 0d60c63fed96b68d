// The part of a conversation that is about octets: delivery.content, and delivery.sign over what leaves.

#include "core/runtime/conversation.hpp"
#include "core/runtime/seven_bit_content.hpp"

namespace postern::runtime {

using hooks::hook_point;
using session::client_step;

io::task<content_source*> conversation::shape(client_step::kind question, session::client_session& of, const smtp_connection& on,
                                              content_source& now)
{
    look_at(of, on);
    auto* is_sent = &now;
    if (question == client_step::kind::ask_content)
        is_sent = co_await vary(of, now);
    else
        is_sent = co_await sign(of, on, now);
    co_return is_sent;
}

/// Begins with what is stored: of another host, or another transaction, nothing is left.
io::task<content_source*> conversation::vary(session::client_session& of, content_source& now)
{
    signed_.reset();
    converted_.reset();
    auto& content = varied_.emplace(message_, now, stored());
    const bool goes_on = co_await edit(of, hook_point::delivery_content, content);
    if (!goes_on)
        co_return &now;
    auto& going = content.settle();
    const auto& known = record_.envelope;
    const auto facts = co_await content.measure({known.size, known.has_8bit, known.is_binary, known.needs_smtputf8});
    if (facts)
        of.send_content(*facts);
    else
        fail(of, facts.error());
    co_return &going;
}

io::task<content_source*> conversation::sign(session::client_session& of, const smtp_connection& on, content_source& now)
{
    signed_.reset();
    converted_.reset();
    auto* octets = asks().content ? &varied_->octets() : &stored();
    if (const auto* conversion = on.conversion())
        octets = &converted_.emplace(*octets, conversion->plan(), conversion->size());
    auto& content = signed_.emplace(message_, now, *octets);
    const bool goes_on = co_await edit(of, hook_point::delivery_sign, content);
    if (!goes_on)
        co_return &now;
    auto& going = content.settle();
    of.send_signed(content.octets().size(), !content.widens_head());
    co_return &going;
}

/// Asks the chain about it. False: it is decided what becomes of the transaction.
io::task<bool> conversation::edit(session::client_session& of, hook_point hook, content_variant& content)
{
    const auto loaded = co_await content.load();
    if (!loaded) {
        fail(of, loaded.error());
        co_return false;
    }
    const auto outcome = co_await ask(hook, {}, &content);
    if (!outcome.lets_pass())
        decide(of, outcome);
    co_return outcome.lets_pass();
}

base::blob_source& conversation::stored()
{
    if (!stored_)
        stored_.emplace(store_, message_.id, record_.envelope.size);
    return *stored_;
}

/// Nothing is wrong with the peer, nor with the message.
void conversation::fail(session::client_session& of, base::error_code why)
{
    has_decided_ = true;
    of.decide(
        {session::client_recipient_result::kind::deferred, 0, "4.3.0", "the content cannot be read: " + why.message(), false});
}

} // namespace postern::runtime
