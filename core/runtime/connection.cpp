#include "core/runtime/connection.hpp"

#include "core/base/secret.hpp"
#include "core/hooks/login.hpp"
#include "core/runtime/store_await.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace postern::runtime {

namespace {

using hooks::hook_point;
using session::phase;
using session::step;

// Some milliseconds of work at most, where every content octet is a step of its own.
constexpr unsigned steps_at_a_time = 256;

hooks::connection_facts facts_of(const listener_profile& profile, const io::accepted& from, base::session_id id)
{
    hooks::connection_facts facts;
    facts.session = id;
    facts.peer = from.peer;
    facts.local = from.local;
    facts.listener = profile.name;
    return facts;
}

} // namespace

connection::connection(connection_home& home, std::shared_ptr<const listener_profile> profile, const connection_limits& limits,
                       io::accepted from)
    : home_{home}, profile_{std::move(profile)}, minimum_rate_{limits.minimum_rate}, stream_{home.loop,
                                                                                             std::move(from.connection)},
      session_{profile_->session, facts_of(*profile_, from, base::session_id{home.ids.next()}), home.ids},
      port_{std::make_shared<connection_port>(home.loop, session_.facts().session, home.clock)},
      notes_{home.traces, session_.facts().session.value, session_.facts().peer.text(), profile_->name},
      hooks_{profile_->chain, port_,      home.log,          home.metrics,
             home.notices,    home.clock, profile_->budgets, hook_runner::usual_timing},
      spool_{home.messages.store(), home.loop}
{
    hooks_.watched_by(&notes_);
}

connection::~connection()
{
    give_buffer_back();
    hooks_.forget();
    hooks_.end(profile_->domain_chains);
}

void connection::shut_down()
{
    shutting_down_ = true;
    if (!is_in_content_)
        stream_.interrupt();
}

void connection::interrupt() noexcept
{
    shutting_down_ = true;
    is_cut_ = true;
    port_->cut();
    stream_.expires_after(std::chrono::milliseconds{0});
}

io::task<void> connection::run()
{
    notes_.show_fact("connected", profile_->name);
    report_connected();
    if (profile_->session.tls == session::server_tls::implicit) {
        const bool secured = co_await handshake();
        if (secured)
            tell_of_tls();
        else
            session_.disconnected();
    }
    bool is_served = false;
    try {
        co_await serve();
        is_served = true;
    } catch (const std::exception& failure) { // out of memory, most likely
        home_.log.error("session_failed", {{"session", base::to_text(session_.facts().session)}, {"cause", failure.what()}});
    }
    if (!is_served)
        wind_up();
    finish(close_reason_);
}

/// After a failure of ours: tells those who were told of the beginning, and drops what is half done.
void connection::wind_up()
{
    close_reason_ = "failure of the server";
    hooks_.forget();
    pending_.reset();
    session_.disconnected();
    for (auto next = session_.resume(); next.what != step::kind::close; next = session_.resume()) {
        if (next.what == step::kind::tell)
            tell(next);
        else if (next.what == step::kind::abandon)
            spool_.abandon();
    }
}

io::task<void> connection::serve()
{
    bool has_waited = true; // so that the session's time is another
    for (unsigned steps = 1;; ++steps) {
        // A peer that always has octets for us would never let this thread go to another.
        if (steps % steps_at_a_time == 0)
            co_await boost::asio::post(home_.loop.context().get_executor(), io::use_task);
        if (std::exchange(has_waited, true))
            session_.at(home_.clock.wall());
        const auto next = session_.resume();
        switch (next.what) {
        case step::kind::read: {
            const bool alive = co_await receive(next.waits_for);
            if (!alive)
                session_.disconnected();
            break;
        }
        case step::kind::pause:
            co_await stream_.pause(profile_->timeouts.pause);
            has_replied_ = true; // the pause is not the peer's fault
            break;
        case step::kind::ask:
            has_waited = !try_ask(next.hook);
            if (has_waited)
                co_await finish_ask();
            break;
        case step::kind::tell:
            tell(next);
            break;
        case step::kind::content:
            has_waited = !try_take_content(next);
            if (has_waited)
                co_await take_content(next);
            break;
        case step::kind::commit:
            co_await commit();
            break;
        case step::kind::abandon:
            spool_.abandon();
            break;
        case step::kind::start_tls: {
            const bool flushed = co_await flush(profile_->timeouts.command);
            give_buffer_back();
            const bool secured = flushed && co_await handshake();
            if (secured)
                tell_of_tls();
            else
                session_.disconnected();
            break;
        }
        case step::kind::close:
            close_reason_ = next.reason;
            stream_.clear_interrupt();
            co_await flush(profile_->timeouts.tls); // a last reply waits for nobody long
            co_return;
        }
    }
}

/// The session has taken what it was fed. Buffers go from one connection to the next, so that a login would lie there for long.
void connection::wipe_what_was_heard() noexcept
{
    if (const auto size = std::exchange(fed_, 0); buffer_ && size != 0 && session_.has_heard_secret())
        base::wipe(buffer_.data(), size);
}

void connection::give_buffer_back() noexcept
{
    wipe_what_was_heard();
    buffer_.reset();
}

io::task<bool> connection::receive(phase what_for)
{
    session_.watched_by(notes_.is_seen() ? &notes_ : nullptr);
    wipe_what_was_heard();
    const bool flushed = co_await flush(profile_->timeouts.command);
    is_in_content_ = what_for == phase::content;
    if (!flushed || (is_cut_ && is_in_content_))
        co_return false;
    if (shutting_down_ && !is_in_content_) {
        stream_.clear_interrupt();
        session_.shut_down();
        co_return true;
    }
    if (what_for == phase::content) {
        stream_.expires_after(profile_->timeouts.data);
    } else if (has_replied_) {
        // A command line has one timeout as a whole: octets that trickle in do not extend it.
        stream_.expires_after(is_first_command_ ? profile_->timeouts.greeting : profile_->timeouts.command);
        has_replied_ = false;
    }
    for (bool may_read = is_in_content_;; may_read = true) {
        if (may_read) {
            if (!buffer_)
                buffer_ = home_.loop.buffers().borrow();
            const auto got = stream_.try_read(buffer_.data(), io::buffer_pool::buffer_size);
            if (got.what == io::read_result::kind::octets) {
                if (is_in_content_ && is_too_slow(got.size)) {
                    session_.timed_out();
                    co_return true;
                }
                is_first_command_ = false;
                fed_ = got.size;
                session_.feed({buffer_.data(), got.size});
                co_return true;
            }
            if (got.what != io::read_result::kind::would_block)
                co_return false;
        }
        give_buffer_back(); // an idle connection holds none
        const bool is_for_content = is_in_content_ || session_.is_bdat(); // between chunks too
        const auto since = is_for_content ? home_.clock.now() : base::instant{};
        const auto ec = co_await stream_.wait_readable();
        if (is_for_content)
            content_wait_ += home_.clock.now() - since;
        if (!ec)
            continue;
        if (stream_.timed_out()) {
            session_.timed_out();
            co_return true;
        }
        if (stream_.is_interrupted()) {
            stream_.clear_interrupt();
            session_.shut_down();
            co_return true;
        }
        co_return false;
    }
}

/// A sender slower than the minimum rate, once it has had the grace of timeouts.data, holds a session for nothing. What counts
/// is the time in which we waited for it.
bool connection::is_too_slow(std::size_t octets)
{
    content_octets_ += octets;
    if (minimum_rate_ == 0 || content_wait_ <= profile_->timeouts.data)
        return false;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(content_wait_).count();
    return content_octets_ < minimum_rate_ * static_cast<std::uint64_t>(seconds);
}

/// Sends what was said, if the peer takes it within `patience`.
io::task<bool> connection::flush(std::chrono::milliseconds patience)
{
    const auto output = session_.output();
    if (output.empty())
        co_return true;
    has_replied_ = true;
    notes_.said(output);
    stream_.expires_after(is_cut_ ? std::chrono::milliseconds{0} : patience);
    const auto ec = co_await stream_.write(output);
    session_.output_sent();
    co_return !ec;
}

hooks::event connection::make_event(hook_point hook)
{
    hooks::event what;
    what.hook = hook;
    what.connection = &session_.facts();
    what.message = session_.draft();
    what.session = session_.facts().session;
    port_->in_transaction(what.message == nullptr ? base::transaction_id{} : what.message->transaction);
    what.recipient_index = session_.recipient_index();
    return what;
}

const hooks::chain& connection::order_at(hook_point hook) const
{
    return profile_->chain_number(session_.chain_at(hook));
}

/// Asks, and answers the session if nobody answers later; else false: finish_ask() waits. So the common case, plugins that
/// answer at once, costs no coroutine.
bool connection::try_ask(hook_point hook)
{
    note_question(hook);
    const auto& order = order_at(hook);
    if (!order.has(hook)) {
        answer(hook, {});
        return true;
    }
    auto what = make_event(hook);
    what.is_bdat = session_.is_bdat();
    const auto about = session_.question();
    what.command = about.command;
    what.argument = about.argument;
    what.parameter = about.parameter;
    what.login = about.login;
    what.is_rcpt = about.is_rcpt;
    what.chunk = about.chunk;
    what.chunk_offset = about.offset;
    what.is_last_chunk = about.is_last;
    if (hook == hook_point::msg_end || hook == hook_point::msg_end_rcpt) {
        spool_.present(session_.draft());
        what.blob = &spool_;
    }
    hooks::chain_run run{order, hook, session_.draft(), &session_.editable_facts(), about.owner};
    run.limit_octets(about.most_octets);
    if (hook == hook_point::auth_verify && about.login != nullptr)
        run.ask_who_verifies(hooks::declared_as(*about.login));
    if (!hooks_.advance(run, what)) {
        pending_ = std::make_unique<pending_ask>(pending_ask{std::move(run), what});
        return false;
    }
    spool_.present(nullptr);
    answer(hook, run.take_result());
    return true;
}

io::task<void> connection::finish_ask()
{
    // Earlier replies of the batch do not wait for a plugin; a broken peer shows at the next read.
    co_await flush(profile_->timeouts.command);
    co_await hooks_.finish(pending_->run, pending_->what);
    spool_.present(nullptr);
    const auto asked = std::move(pending_);
    answer(asked->what.hook, asked->run.take_result());
}

void connection::answer(hook_point hook, hooks::outcome outcome)
{
    report_decided(hook, outcome);
    if (hook == hook_point::auth_result)
        report_login(outcome);
    if (hook == hook_point::cmd_rcpt && outcome.lets_pass() && !outcome.vouched)
        notes_.fact("refused", "nobody vouches for this recipient");
    session_.answer(std::move(outcome));
}

/// Content that nobody wants to see and that fits into memory: the common case, without a coroutine.
bool connection::try_take_content(const step& what)
{
    if (order_at(hook_point::msg_body).has(hook_point::msg_body))
        return false;
    auto* message = session_.draft();
    spool_.begin(message->id);
    if (!message->discarded && !spool_.keep(what.octets, what.is_ascii))
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
    spool_.begin(message->id);
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
        const bool is_plain = given.is_ascii && !replaced;
        if (!spool_.keep(kept, is_plain)) {
            const auto stored = co_await spool_.append(kept, is_plain);
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
    if (is_replaced)
        spool_.abandon();
    const std::string_view tail = is_replaced ? std::string_view{*message->replaced_body} : spool_.tail();
    const bool has_8bit = is_replaced ? spool::contains_8bit(tail) : spool_.has_8bit();
    const auto body_size = is_replaced ? tail.size() : spool_.body_size();
    auto sealed = home_.messages.seal(*message, session_.facts(), body_size, has_8bit);
    auto start = [&](queue::completion<void> done) {
        home_.messages.store().commit(sealed.id, sealed.envelope, sealed.state, sealed.head, tail, std::move(done));
    };
    co_await flush(profile_->timeouts.command); // replies before it in the batch do not wait for the disk
    const auto stored = co_await await_store<void>(home_.loop, start);
    if (stored) {
        const auto size = sealed.record.envelope.size;
        home_.messages.stored(std::move(sealed)); // before anything that may fail
        spool_.reset();
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

void connection::tell(const step& next)
{
    const bool is_transaction_over = next.hook == hook_point::txn_committed || next.hook == hook_point::txn_aborted;
    const auto report = is_transaction_over ? take_report(next.hook == hook_point::txn_committed) : std::nullopt;
    if (is_transaction_over) {
        body_offset_ = 0;
        content_octets_ = 0; // the rate is that of a message, in however many chunks
        content_wait_ = {};
        note_end(next);
    }
    const auto& order = order_at(next.hook);
    if (hooks_.has(next.hook) || order.has(next.hook)) {
        auto what = make_event(next.hook);
        what.reason = next.reason;
        what.accepted = session_.accepted_count();
        hooks_.notify(what, &order);
    }
    if (report)
        tell_of_report(*report);
    if (is_transaction_over)
        port_->in_transaction({});
}

void connection::finish(std::string_view reason)
{
    notes_.show_fact("disconnected", reason);
    report_disconnected(reason);
    stream_.close();
}

} // namespace postern::runtime
