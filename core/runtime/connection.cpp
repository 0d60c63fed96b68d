#include "core/runtime/connection.hpp"

#include "core/hooks/login.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace postern::runtime {

namespace {

using hooks::hook_point;
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
                       io::accepted from, connection_counts::place place)
    : place_{std::move(place)}, home_{home}, profile_{std::move(profile)}, minimum_rate_{limits.minimum_rate},
      stream_{home.loop, std::move(from.connection)}, session_{profile_->session,
                                                               facts_of(*profile_, from, base::session_id{home.ids.next()}),
                                                               home.ids},
      port_{std::make_shared<connection_port>(home.loop, session_.facts().session, home.clock)},
      notes_{home.traces, session_.facts()}, hooks_{profile_->chain, port_,      home.log,          home.metrics,
                                                    home.notices,    home.clock, profile_->budgets, hook_runner::usual_timing}
{
    static_assert(sizeof(connection) <= 896 && sizeof(connection_port) <= 320, "an idle connection is small");
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

/// What idle connections wait in: whatever it awaits has a place in its frame, and so in their memory.
io::task<void> connection::run([[maybe_unused]] std::unique_ptr<connection> self)
{
    notes_.show_fact("connected", profile_->name);
    report_connected();
    bool is_over = false;
    try {
        if (profile_->session.tls == session::server_tls::implicit)
            co_await start_tls();
        bool has_waited = true; // so that the session's time is another
        for (unsigned steps = 1; !is_over; ++steps) {
            // A peer that always has octets for us would never let this thread go to another.
            if (steps % steps_at_a_time == 0) {
                co_await give_way();
                has_waited = true;
            }
            if (std::exchange(has_waited, true))
                session_.at(home_.clock.wall());
            const auto next = session_.resume();
            if (next.what == step::kind::read) {
                auto how = begin_to_read(next.waits_for);
                if (how == reading::flush) {
                    const bool flushed = co_await flush(profile_->timeouts.command);
                    how = read_on(next.waits_for, flushed);
                }
                while (how == reading::wait) {
                    const auto ec = co_await stream_.wait_readable();
                    how = waited(ec);
                }
            } else if (try_step(next)) {
                has_waited = false;
            } else {
                co_await take_step(next);
                is_over = next.what == step::kind::close;
            }
        }
    } catch (const std::exception& failure) { // out of memory, most likely
        home_.log.error("session_failed", {{"session", base::to_text(session_.facts().session)}, {"cause", failure.what()}});
    }
    if (!is_over)
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
            drop_body();
    }
}

io::task<void> connection::give_way()
{
    co_await boost::asio::post(home_.loop.context().get_executor(), io::use_task);
}

/// What can be done at once. False: take_step() waits for it.
bool connection::try_step(const step& next)
{
    switch (next.what) {
    case step::kind::ask:
        return try_ask(next.hook);
    case step::kind::tell:
        tell(next);
        return true;
    case step::kind::content:
        return try_take_content(next);
    case step::kind::abandon:
        drop_body();
        return true;
    case step::kind::read:
    case step::kind::pause:
    case step::kind::commit:
    case step::kind::start_tls:
    case step::kind::close:
        break;
    }
    return false;
}

/// A step that waits.
io::task<void> connection::take_step(const step& next)
{
    switch (next.what) {
    case step::kind::ask:
        return finish_ask();
    case step::kind::content:
        return take_content(next);
    case step::kind::commit:
        return commit();
    case step::kind::start_tls:
        return start_tls();
    case step::kind::pause:
        return pause();
    case step::kind::read:
    case step::kind::tell:
    case step::kind::abandon:
    case step::kind::close:
        break;
    }
    return say_goodbye(next.reason);
}

io::task<void> connection::pause()
{
    co_await stream_.pause(profile_->timeouts.pause);
    has_replied_ = true; // the pause is not the peer's fault
}

io::task<void> connection::say_goodbye(std::string_view reason)
{
    close_reason_ = reason;
    stream_.clear_interrupt();
    co_await flush(profile_->timeouts.tls); // a last reply waits for nobody long
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
        auto& all = body();
        all.present(session_.draft());
        what.blob = &all;
    }
    hooks::chain_run run{order, hook, session_.draft(), &session_.editable_facts(), about.owner};
    run.limit_octets(about.most_octets);
    if (hook == hook_point::auth_verify && about.login != nullptr)
        run.ask_who_verifies(hooks::declared_as(*about.login));
    if (!hooks_.advance(run, what)) {
        pending_ = std::make_unique<pending_ask>(pending_ask{std::move(run), what});
        return false;
    }
    if (what.blob != nullptr)
        spool_->present(nullptr);
    answer(hook, run.take_result());
    return true;
}

io::task<void> connection::finish_ask()
{
    // Earlier replies of the batch do not wait for a plugin; a broken peer shows at the next read.
    co_await flush(profile_->timeouts.command);
    co_await hooks_.finish(pending_->run, pending_->what);
    const auto asked = std::move(pending_);
    if (asked->what.blob != nullptr)
        spool_->present(nullptr);
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
