// The part of a connection that takes a message's body, and has the store keep the message.

#include "core/runtime/connection.hpp"
#include "core/runtime/store_await.hpp"

#include <utility>

namespace postern::runtime {

using hooks::hook_point;
using session::step;

spool& connection::body()
{
    if (spool_ == nullptr)
        spool_ = std::make_unique<spool>(home_.messages.store(), home_.loop);
    return *spool_;
}

void connection::drop_body() noexcept
{
    if (spool_ != nullptr)
        spool_->abandon();
}

/// Content that nobody wants to see and that fits into memory: the common case, without a coroutine.
bool connection::try_take_content(const step& what)
{
    if (order_at(hook_point::msg_body).has(hook_point::msg_body))
        return false;
    auto* message = session_.draft();
    body().begin(message->id);
    if (!message->discarded && !spool_->keep(what.octets, what.is_ascii))
        return false;
    read_along(*message, what.octets);
    notes_.content("content received", what.octets.size(), what.is_last);
    message->body_size += what.octets.size();
    session_.answer({});
    return true;
}

io::task<void> connection::take_content(step given)
{
    auto* message = session_.draft();
    body().begin(message->id);
    notes_.content("content received", given.octets.size(), given.is_last);
    hooks::outcome outcome;
    std::optional<std::string> replaced;
    const auto& order = order_at(hook_point::msg_body);
    if (order.has(hook_point::msg_body)) {
        auto what = make_event(hook_point::msg_body);
        what.chunk = given.octets;
        what.chunk_offset = body_offset_;
        what.is_last_chunk = given.is_last;
        body_offset_ = given.is_last ? 0 : body_offset_ + given.octets.size();
        hooks::chain_run run{order, hook_point::msg_body, message};
        const bool is_answered = hooks_.advance(run, what);
        if (!is_answered)
            co_await hooks_.finish(run, what);
        replaced = run.chunk();
        outcome = run.take_result();
    }
    if (outcome.lets_pass() && !message->discarded) {
        const std::string_view kept = replaced ? std::string_view{*replaced} : given.octets;
        message->body_size += kept.size();
        read_along(*message, kept);
        const bool is_ascii = given.is_ascii && !replaced;
        if (!spool_->keep(kept, is_ascii)) {
            const auto stored = co_await spool_->append(kept, is_ascii);
            if (!stored) {
                session_.content_failed(judge(stored));
                co_return;
            }
        }
    }
    answer(hook_point::msg_body, std::move(outcome));
}

io::task<void> connection::commit()
{
    auto* message = session_.draft();
    const bool is_replaced = message->replaced_body.has_value();
    auto& kept = body();
    if (is_replaced)
        kept.abandon();
    const std::string_view tail = is_replaced ? std::string_view{*message->replaced_body} : kept.tail();
    const bool has_8bit = is_replaced ? spool::contains_8bit(tail) : kept.has_8bit();
    const auto body_size = is_replaced ? tail.size() : kept.body_size();
    auto sealed = home_.messages.seal(*message, session_.facts(), body_size, has_8bit);
    auto start = [&](queue::completion<void> done) {
        home_.messages.store().commit(sealed.id, sealed.envelope, sealed.state, sealed.head, tail, std::move(done));
    };
    co_await flush(profile_->timeouts.command); // replies before it in the batch do not wait for the disk
    const auto stored = co_await await_store<void>(home_.loop, start);
    if (stored) {
        const auto size = sealed.record.envelope.size;
        home_.messages.stored(std::move(sealed)); // before anything that may fail
        kept.reset();
        report_accepted(size);
    }
    session_.committed(judge(stored));
}

session::server_session::commit_result connection::judge(const base::result<void>& stored) const
{
    using verdict = session::server_session::commit_result;
    if (stored)
        return verdict::kept;
    report_not_stored(stored.error());
    return stored.error() == make_error_code(queue::store_errc::full) ? verdict::no_room : verdict::failed;
}

} // namespace postern::runtime
