#include "core/runtime/submissions.hpp"

#include "core/queue/record.hpp"

#include <utility>

namespace postern::runtime {

namespace {

constexpr std::uint8_t lane = 254; // of ids: that below the delivery engine's

[[nodiscard]] queue::record record_of(const queue::submission& what, base::wall_time now)
{
    queue::record made;
    auto& stored = made.envelope;
    stored.envelope = what.envelope;
    stored.received = now;
    stored.size = what.head.size() + what.body.size();
    stored.has_8bit = what.has_8bit;
    stored.needs_smtputf8 = what.needs_smtputf8;
    stored.origin = what.origin;
    stored.envelope.from.body = what.has_8bit ? message::body_type::eight_bit_mime : message::body_type::seven_bit;
    stored.envelope.from.smtputf8 = what.needs_smtputf8;
    made.state = queue::fresh_state(what.envelope.to.size());
    return made;
}

} // namespace

/// What outlives the server for as long as the store has something to say.
struct submissions::desk {
    desk(intake& where, const notice_board& board, base::log to) : messages{&where}, notices{&board}, log{to} {}

    [[nodiscard]] bool enter(std::size_t size)
    {
        const std::scoped_lock lock{guard};
        if (messages == nullptr || open >= most_open || (open != 0 && octets + size > most_octets))
            return false;
        ++open;
        octets += size;
        return true;
    }
    void leave(std::size_t size) noexcept
    {
        const std::scoped_lock lock{guard};
        --open;
        octets -= size;
    }
    /// It is stored. Under the lock: who closes the desk waits until nobody is inside.
    void hand_on(sealed_message message)
    {
        const std::scoped_lock lock{guard};
        if (messages == nullptr)
            return;
        const auto& what = message.record.envelope;
        const auto& from = what.envelope.from.address;
        const auto recipients = what.envelope.to.size();
        log.info("submitted", {{"message", base::to_text(message.id)},
                               {"origin", what.origin},
                               {"from", from},
                               {"recipients", recipients},
                               {"size", what.size}});
        notices->tell({.kind = hooks::notice_kind::accepted,
                       .message = message.id,
                       .sender = from,
                       .size = what.size,
                       .count = recipients});
        messages->stored(std::move(message));
    }
    void fail(const std::string& origin, const base::error_code& why)
    {
        const std::scoped_lock lock{guard};
        if (messages != nullptr)
            log.error("not_stored", {{"origin", origin}, {"cause", why.message()}});
    }

    std::mutex guard;
    intake* messages; ///< null: it is over
    const notice_board* notices;
    base::log log;
    std::size_t open = 0;
    std::size_t octets = 0;
};

/// The room that a message takes until the store has answered.
class submissions::place {
public:
    place(std::shared_ptr<desk> at, std::size_t size) noexcept : at_{std::move(at)}, size_{size} {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() { at_->leave(size_); }
    [[nodiscard]] desk& at() const noexcept { return *at_; }

private:
    std::shared_ptr<desk> at_;
    std::size_t size_;
};

submissions::submissions(intake& to, const notice_board& notices, const base::clock& clock, base::log log, std::uint64_t seed)
    : store_{to.store()}, clock_{clock}, random_{seed}, ids_{clock, random_, lane}, desk_{
                                                                                        std::make_shared<desk>(to, notices, log)}
{
}

void submissions::close() noexcept
{
    const std::scoped_lock lock{desk_->guard};
    desk_->messages = nullptr;
}

bool submissions::begin(queue::submission what, queue::completion<base::message_id> done)
{
    const auto size = what.head.size() + what.body.size();
    if (!desk_->enter(size))
        return false;
    auto room = std::make_shared<const place>(desk_, size);
    sealed_message sealed;
    {
        const std::scoped_lock lock{numbering_};
        sealed.id = base::message_id{ids_.next()};
    }
    sealed.record = record_of(what, clock_.wall());
    sealed.envelope = queue::encode(sealed.record.envelope);
    sealed.state = queue::encode(sealed.record.state);
    const auto id = sealed.id;
    // Both are borrowed until commit() returns, and `stored` may run before that.
    const auto envelope = sealed.envelope;
    const auto state = sealed.state;
    auto stored = [room = std::move(room), message = std::move(sealed),
                   tell = std::move(done)](base::result<void> result) mutable {
        const auto here = std::exchange(room, {});
        const auto name = message.id;
        if (!result) {
            here->at().fail(message.record.envelope.origin, result.error());
            tell(result.error());
            return;
        }
        here->at().hand_on(std::move(message));
        tell(name);
    };
    store_.commit(id, envelope, state, what.head, what.body, std::move(stored));
    return true;
}

} // namespace postern::runtime
