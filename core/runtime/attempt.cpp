#include "core/runtime/attempt.hpp"

#include "core/queue/schedule.hpp"
#include "core/runtime/spool.hpp"
#include "core/runtime/store_await.hpp"

#include <boost/asio/redirect_error.hpp>

#include <utility>

namespace postern::runtime {

namespace {

using namespace std::chrono_literals;
using kind = delivery::recipient_result::kind;

constexpr std::size_t recipients_a_transaction = 100; // RFC 5321 4.5.3.1.8: what every server takes
} // namespace

attempt::attempt(delivery_engine& engine, base::message_id id)
    : engine_{engine}, id_{id}, job_{engine.ids_.next()}, current_{engine.current_.load()},
      port_{std::make_shared<connection_port>(engine.loop_, job_, engine.clock_)}, notes_{engine.traces_, job_.value, id.value},
      hooks_{current_->delivery_chain, port_,         engine.log_, engine.metrics_,
             engine.notices_,          engine.clock_, {},          hook_runner::usual_timing}
{
    hooks_.watched_by(&notes_);
}

/// Whatever is thrown, most likely for want of memory: the message stays in the queue, and is tried again.
io::task<void> attempt::run()
{
    try {
        co_await make();
    } catch (const std::exception& failure) {
        engine_.log_.error("attempt_failed", {{"message", base::to_text(id_)}, {"cause", failure.what()}});
        if (const auto left = engine_.ledger_.find(id_); left && left->state == queue::life::attempting)
            put_back(store_pause);
    }
    hooks_.end();
}

io::task<void> attempt::make()
{
    const bool is_here = co_await fetch();
    if (is_here && is_past_its_end()) {
        give_up();
        co_await settle();
    } else if (is_here) {
        auto routed = co_await route_all();
        co_await deliver_all(delivery::group_by_route(routed, recipients_a_transaction));
        co_await settle();
        notes_.message_ends(record_kind::attempt, id_.value, job_.value);
    }
}

void attempt::cut() noexcept
{
    port_->cut();
    for (auto* talk : talks_)
        talk->cut();
    for (const auto& [name, transport] : current_->transports)
        transport->interrupt();
}

io::task<bool> attempt::fetch()
{
    if (auto fresh = engine_.take_fresh(id_)) {
        record_ = std::move(*fresh);
    } else {
        auto start = [this](queue::completion<queue::stored_message> done) { engine_.store_.fetch(id_, std::move(done)); };
        const auto stored = co_await await_store<queue::stored_message>(engine_.loop_, start);
        base::error_code ec = stored ? base::error_code{} : stored.error();
        if (stored) {
            auto decoded = queue::decode(stored->envelope, stored->state);
            if (decoded)
                record_ = std::move(*decoded);
            else
                ec = decoded.error();
        }
        if (ec) {
            engine_.log_.error("not_readable", {{"message", base::to_text(id_)}, {"cause", ec.message()}});
            const bool is_gone =
                ec == make_error_code(queue::store_errc::missing) || ec == make_error_code(queue::store_errc::corrupt);
            if (is_gone && engine_.ledger_.remove(id_)) // the store has set it aside: nothing is left to try
                put_back(0ms);
            else
                put_back(store_pause);
            co_return false;
        }
    }
    is_urgent_ = engine_.urgent_.erase(id_) > 0;
    draft_.id = id_;
    draft_.envelope = record_.envelope.envelope;
    co_return true;
}

/// A message that came with an end is not delivered after it, be it that the server was down meanwhile.
bool attempt::is_past_its_end() const
{
    const auto& end = record_.envelope.expire_at;
    return end && engine_.clock_.wall() >= *end;
}

/// Its sender is to hear now that it is late, or that it was given up.
bool attempt::is_telling_due() const
{
    const auto now = engine_.clock_.wall();
    const auto policy = queue::own_policy(current_->retry, record_.envelope);
    const auto received = record_.envelope.received;
    return queue::is_expired(policy, received, now) || queue::is_warning_due(policy, received, record_.state.is_warned, now);
}

/// Notes what was last heard as the result of this attempt too, at which the message has expired.
void attempt::give_up()
{
    for (const auto index : delivery::open_recipients(record_.state)) {
        const auto& last = record_.state.recipients[index];
        note(index, {kind::deferred, last.smtp_code, last.enhanced, last.text.empty() ? "not delivered in time" : last.text},
             last.next_hop);
    }
}

std::optional<delivery::route> attempt::default_route(std::uint32_t recipient) const
{
    const auto& settings = current_->delivery;
    if (settings.transport != "smtp")
        return delivery::route{settings.transport, {}, 0};
    if (!settings.relay.empty())
        return delivery::route::from_text(settings.relay, settings.mx_port);
    const std::string_view address = draft_.envelope.to[recipient].address;
    const auto at = address.rfind('@');
    if (at == std::string_view::npos) // "postmaster": where that is, only a plugin can know
        return std::nullopt;
    auto next = delivery::route::to_domain(address.substr(at + 1), settings.mx_port);
    // Who says an address instead of a domain must not reach what trusts this machine.
    const auto literal = next && !next->by_mx ? base::ip_address::from_text(next->host) : std::nullopt;
    if (literal && !settings.mx_loopback && (literal->is_loopback() || literal->is_unspecified()))
        return std::nullopt;
    return next;
}

io::task<std::vector<delivery::routed_recipient>> attempt::route_all()
{
    std::vector<delivery::routed_recipient> routed;
    for (const auto index : delivery::open_recipients(record_.state)) {
        hooks::event what;
        what.hook = hooks::hook_point::queue_route;
        what.message = &draft_;
        what.session = job_;
        what.recipient_index = index;
        what.attempt = record_.state.attempts;
        if (notes_.is_wanted())
            notes_.fact("recipient", draft_.envelope.to[index].address);
        hooks::chain_run run{hooks_.order(), hooks::hook_point::queue_route, &draft_};
        const bool is_answered = hooks_.advance(run, what);
        if (!is_answered)
            co_await hooks_.finish(run, what);
        take_route(index, run, routed);
    }
    co_return routed;
}

void attempt::take_route(std::uint32_t recipient, const hooks::chain_run& run, std::vector<delivery::routed_recipient>& routed)
{
    const auto& outcome = run.result();
    if (outcome.verdict == hooks::verdict_kind::reject) {
        note(recipient, {kind::failed, outcome.smtp_code, outcome.enhanced, outcome.text}, {});
        return;
    }
    if (outcome.verdict == hooks::verdict_kind::hold) {
        hold_ = outcome.text;
        return;
    }
    if (!outcome.lets_pass() && outcome.verdict != hooks::verdict_kind::score) { // never a deletion: what is unclear waits
        note(recipient, {kind::deferred, outcome.smtp_code, outcome.enhanced, outcome.text}, {});
        return;
    }
    if (run.route() && notes_.is_wanted())
        notes_.fact("route", run.route()->name.empty() ? run.route()->value : run.route()->name + " " + run.route()->value);
    const auto* const said = run.route() ? &*run.route() : nullptr;
    auto next = said != nullptr ? delivery::route::from_edit(said->name, said->value, current_->delivery.mx_port)
                                : default_route(recipient);
    if (next)
        routed.push_back({recipient, std::move(*next)});
    else if (run.route()) // of the plugin, which may be mended
        note(recipient, {kind::deferred, 0, "4.3.5", "a plugin's route leads nowhere"}, {});
    else
        note(recipient, {kind::failed, 0, "5.1.2", "the address has no domain where mail could be sent to"}, {});
}

/// All next hops at the same time: a slow one holds up no other.
io::task<void> attempt::deliver_all(std::vector<delivery::route_group> groups)
{
    if (groups.empty() || hold_)
        co_return;
    groups_ = groups.size();
    if (groups_ == 1) {
        co_await deliver(groups.front());
        co_return;
    }
    io::timer all_done{engine_.loop_.context().get_executor(), base::instant::max()};
    std::size_t left = groups.size();
    for (const auto& group : groups)
        engine_.loop_.spawn("deliver", deliver_one_of(group, left, all_done));
    while (left != 0) {
        const auto known = results_.size();
        base::error_code ec; // cancelled: one group is done
        co_await all_done.async_wait(io::asio::redirect_error(io::use_task, ec));
        all_done.expires_at(base::instant::max());
        if (left != 0 && results_.size() > known)
            co_await keep_progress();
    }
}

/// The other groups may take long: who has the message by now is stored, for the case that this process does not live to
/// see them end. Never throws, since the others are still at it.
io::task<void> attempt::keep_progress()
{
    std::string why;
    try {
        const auto state = queue::encode(delivery::progress(record_, results_));
        auto start = [this, &state](queue::completion<void> done) { engine_.store_.update(id_, state, std::move(done)); };
        const auto kept = co_await await_store<void>(engine_.loop_, start);
        if (!kept)
            why = kept.error().message();
    } catch (const std::exception& failure) {
        why = failure.what();
    }
    if (!why.empty()) // settle() insists
        engine_.log_.warning("not_updated", {{"message", base::to_text(id_)}, {"cause", why}});
}

io::task<void> attempt::deliver_one_of(const delivery::route_group& group, std::size_t& left, io::timer& all_done)
{
    try {
        co_await deliver(group);
    } catch (const std::exception& failure) { // of its recipients nothing is known: they are tried again
        has_thrown_ = true;
        engine_.log_.error("attempt_failed", {{"message", base::to_text(id_)}, {"cause", failure.what()}});
    }
    --left;
    all_done.cancel();
}

io::task<void> attempt::deliver(const delivery::route_group& group)
{
    const auto name = group.next.text();
    if (hooks_.has(hooks::hook_point::queue_policy)) {
        const bool is_known = co_await engine_.rules_.learn(name);
        if (!is_known)
            co_return;
    }
    if (waits_for_rest(group, name))
        co_return;
    const bool has_others = hooks_.has(hooks::hook_point::queue_route) || current_->delivery.relay.empty();
    const bool may_be_full = has_others && !is_telling_due(); // else it would come again and again
    if (hooks_.has(hooks::hook_point::queue_admit)) {
        if (may_be_full && engine_.lines_.has_no_room(name)) { // nobody pays for a line in which there is no room
            outside_of_ = name;
            co_return;
        }
        const bool may_stand = co_await is_admitted(group, name);
        if (!may_stand)
            co_return;
    }
    auto entered = co_await engine_.lines_.enter(name, {may_be_full, group.next.is_by_plugin()});
    if (!entered.at) {
        if (entered.is_full)
            outside_of_ = name;
        co_return;
    }
    if (waits_for_rest(group, name)) // whoever was before it in line has found that
        co_return;
    has_tried_ = true;
    engine_.admissions_.forget(id_, name, group.recipients);
    auto& place = *entered.at;
    if (place.is_scout())
        walk_off();
    struct walk { // back from it, be it that nobody was found
        attempt& one;
        const delivery_lines::place& place;
        ~walk()
        {
            if (place.is_scout())
                one.come_back();
        }
    } const back{*this, place};
    if (conversation::is_wanted(*current_)) {
        const conversation::surroundings here{engine_.loop_,  engine_.log_,   engine_.metrics_, engine_.notices_,
                                              engine_.clock_, engine_.store_, &notes_};
        conversation talk{here, current_, draft_, record_, base::session_id{engine_.ids_.next()}};
        struct talking { // as long as cut() may find it
            std::set<conversation*>& all;
            conversation& one;
            ~talking()
            {
                all.erase(&one);
                one.end();
            }
        } const now{talks_, talk};
        talks_.insert(&talk);
        co_await deliver_in_turn(group, &talk, place);
    } else {
        co_await deliver_in_turn(group, nullptr, place);
    }
}

/// True: nobody is to go there now. The message waits outside, unless its sender is to hear that it does, or a plugin that routes
/// by what came of others, and has another way.
bool attempt::waits_for_rest(const delivery::route_group& group, const std::string& name)
{
    auto why = engine_.rules_.why_not(name);
    if (why) // for long
        engine_.admissions_.forget_at(name);
    else
        why = engine_.lines_.why_not(name, is_urgent_ || group.next.is_by_plugin());
    if (!why)
        return false;
    if (notes_.is_wanted())
        notes_.fact("waits", name + ": " + *why);
    const bool may_be_routed =
        record_.state.attempts == 0 && hooks_.has(hooks::hook_point::queue_route) && hooks_.has(hooks::hook_point::delivery_done);
    if (may_be_routed || is_telling_due()) { // an attempt, though nobody went there
        engine_.admissions_.forget(id_, name, group.recipients);
        defer_all(group.recipients, "4.4.1", *why, name);
    } else {
        outside_of_ = name;
    }
    return true;
}

/// One of its groups only looks for a way: where all do, another attempt has the room of this one.
void attempt::walk_off()
{
    ++groups_away_;
    if (groups_away_ == groups_) {
        --engine_.attempts_running_;
        engine_.pump_soon();
    }
}

void attempt::come_back() noexcept
{
    if (groups_away_ == groups_)
        ++engine_.attempts_running_;
    --groups_away_;
}

/// One transaction after the other until nobody is left: those whom a plugin put off, or the next hop had no room for, come in
/// the next one.
io::task<void> attempt::deliver_in_turn(const delivery::route_group& group, conversation* talk, delivery_lines::place& place)
{
    auto open = group.recipients;
    const auto name = group.next.text();
    while (!open.empty() && !hold_) {
        delivery::route_group now{group.next, std::exchange(open, {})};
        if (talk != nullptr) {
            const auto ruling = co_await talk->begin(now.next, now.recipients);
            if (talk->is_cut()) // not tried
                co_return;
            now.recipients = talk->recipients();
            open = talk->later();
            if (!may_go_on(ruling, now.recipients, name))
                continue;
        }
        const auto again = co_await carry(std::move(now), talk, place);
        open.insert(open.begin(), again.begin(), again.end());
        if (engine_.stopping_ && again.empty())
            co_return;
        if (!open.empty() && engine_.lines_.is_let_alone(name)) { // since what was said just now
            (void)waits_for_rest({group.next, open}, name);
            co_return;
        }
    }
}

/// By whatever way; those who want another transaction at once.
io::task<std::vector<std::uint32_t>> attempt::carry(delivery::route_group group, conversation* talk, delivery_lines::place& place)
{
    std::vector<std::uint32_t> again;
    if (!group.next.is_by_plugin())
        again = co_await deliver_smtp(group, talk, place);
    else if (const auto found = current_->transports.find(group.next.transport); found != current_->transports.end())
        co_await deliver_by(*found->second, group);
    else
        defer_all(group.recipients, "4.3.5", "no transport \"" + group.next.transport + "\" is configured", group.next.text());
    co_return again;
}

/// What a plugin's word means for the recipients of a transaction. True: it takes place.
bool attempt::may_go_on(const hooks::outcome& ruling, const std::vector<std::uint32_t>& recipients, const std::string& next_hop)
{
    if (ruling.lets_pass())
        return true;
    if (ruling.verdict == hooks::verdict_kind::hold) {
        hold_ = ruling.text;
        return false;
    }
    const auto result = ruling.verdict == hooks::verdict_kind::reject ? kind::failed : kind::deferred;
    for (const auto index : recipients) // never a deletion: what is unclear waits
        note(index, {result, ruling.smtp_code, ruling.enhanced, ruling.text}, next_hop);
    return false;
}

io::task<void> attempt::deliver_by(delivery::transport& how, const delivery::route_group& group)
{
    stored_content content{engine_.store_, id_, record_.envelope.size};
    std::vector<std::string> addresses;
    for (const auto index : group.recipients)
        addresses.push_back(draft_.envelope.to[index].address);
    const delivery::transport_job job{job_, id_, draft_.envelope.from.address, addresses, &content};

    using outcome = std::vector<delivery::recipient_result>;
    auto start = [&how, &job](queue::completion<outcome> done) {
        how.deliver(job, [done = std::move(done)](outcome results) { done(std::move(results)); });
    };
    auto results = co_await await_store<outcome>(engine_.loop_, start);
    const auto name = group.next.text();
    if (!results || results->size() != group.recipients.size()) {
        defer_all(group.recipients, "4.3.0", "the transport gave no result", name);
        co_return;
    }
    for (std::size_t i = 0; i < group.recipients.size(); ++i)
        note(group.recipients[i], std::move((*results)[i]), name);
}

void attempt::defer_all(const std::vector<std::uint32_t>& recipients, std::string enhanced, std::string text,
                        const std::string& next_hop)
{
    for (const auto index : recipients)
        note(index, {kind::deferred, 0, enhanced, text}, next_hop);
}

void attempt::note(std::uint32_t recipient, delivery::recipient_result what, const std::string& next_hop, delivery::taker by,
                   bool lacks_keyword)
{
    results_.push_back({recipient, std::move(what), next_hop, by, lacks_keyword});
}

} // namespace postern::runtime
