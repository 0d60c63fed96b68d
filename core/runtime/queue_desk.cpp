// The operators' side of the delivery engine: listing, and carrying out wishes. All on the engine's thread.

#include "core/runtime/delivery_engine.hpp"
#include "core/runtime/delivery_insist.hpp"
#include "core/runtime/store_await.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace postern::runtime {

namespace {

constexpr std::string_view status_names[] = {"open", "delivered", "failed", "expired"};

void describe_recipients(const queue::record& record, bool with_results, queue_item& item)
{
    const auto& to = record.envelope.envelope.to;
    for (std::size_t i = 0; i < to.size(); ++i) {
        const auto& what = record.state.recipients[i];
        if (what.status == queue::recipient_status::open)
            item.recipients.push_back(to[i].address);
        if (!what.text.empty())
            item.last_reply = what.text;
        if (!with_results)
            continue;
        auto line = to[i].address + ": " + std::string{status_names[static_cast<std::size_t>(what.status)]};
        if (what.smtp_code != 0)
            line += ", " + std::to_string(what.smtp_code);
        for (const auto* part : {&what.enhanced, &what.text, &what.next_hop})
            if (!part->empty())
                line += " " + *part;
        item.results.push_back(std::move(line));
    }
}

/// "MAIL XTRACEID=one", of a plugin's extension with what a next hop is told of it.
void describe_parameters(const std::string& command, const std::vector<message::parameter>& all, queue_item& item)
{
    for (const auto& each : all) {
        auto line = command + " " + each.keyword;
        if (each.value)
            line += "=" + *each.value;
        if (!each.extension.empty())
            line += each.relay == message::relay_rule::required   ? " (next hops must offer " + each.extension + ")"
                    : each.relay == message::relay_rule::optional ? " (for next hops that offer " + each.extension + ")"
                                                                  : " (not relayed)";
        item.parameters.push_back(std::move(line));
    }
}

} // namespace

/// Runs a task on the engine's thread and waits for what it gives.
template <class T, class Work>
T delivery_engine::on_thread(Work work)
{
    std::promise<T> promise;
    auto future = promise.get_future();
    struct runner {
        static io::task<void> run(Work work, std::promise<T> promise)
        {
            T value = co_await work();
            promise.set_value(std::move(value));
        }
    };
    boost::asio::post(loop_.context(), [this, work = std::move(work), promise = std::move(promise)]() mutable {
        loop_.spawn("operator", runner::run(std::move(work), std::move(promise)));
    });
    return future.get();
}

std::vector<queue_item> delivery_engine::list(base::message_id after, std::size_t limit)
{
    return on_thread<std::vector<queue_item>>([this, after, limit] { return describe_page(after, limit); });
}

std::optional<queue_item> delivery_engine::show(base::message_id id)
{
    auto found = on_thread<std::vector<queue_item>>([this, id] { return describe_one(id); });
    if (found.empty())
        return std::nullopt;
    return std::move(found.front());
}

bool delivery_engine::change(base::message_id id, server::queue_command what)
{
    return on_thread<bool>([this, id, what] { return carry_out(id, what); });
}

std::size_t delivery_engine::flush()
{
    return on_thread<std::size_t>([this] { return flush_all(); });
}

std::vector<destination_item> delivery_engine::destinations(std::string after, std::size_t limit)
{
    return on_thread<std::vector<destination_item>>(
        [this, after = std::move(after), limit] { return describe_destinations(after, limit); });
}

io::task<std::vector<destination_item>> delivery_engine::describe_destinations(std::string after, std::size_t limit)
{
    co_return lines_.list(after, limit, ledger_);
}

void delivery_engine::suspend(delivery::suspensions all)
{
    if (thread_.joinable())
        (void)on_thread<bool>([this, all = std::move(all)] { return suspend_all(all); });
    else
        lines_.suspend(std::move(all));
}

io::task<bool> delivery_engine::suspend_all(delivery::suspensions all)
{
    for (const auto& [name, one] : all)
        admissions_.forget_at(name); // by then their budgets are others'
    lines_.suspend(std::move(all));
    co_return true;
}

io::task<std::size_t> delivery_engine::flush_all()
{
    const auto count = ledger_.flush(clock_.wall());
    lines_.end_rests(); // an operator knows better
    pump();
    co_return count;
}

io::task<std::vector<queue_item>> delivery_engine::describe_page(base::message_id after, std::size_t limit)
{
    std::vector<queue_item> items;
    const auto entries = ledger_.page(after, limit);
    for (const auto& entry : entries) {
        auto item = co_await describe(entry, false);
        items.push_back(std::move(item));
    }
    co_return items;
}

io::task<std::vector<queue_item>> delivery_engine::describe_one(base::message_id id)
{
    std::vector<queue_item> items;
    if (const auto entry = ledger_.find(id)) {
        auto item = co_await describe(*entry, true);
        items.push_back(std::move(item));
    }
    co_return items;
}

io::task<queue_item> delivery_engine::describe(queue::ledger_entry entry, bool with_results)
{
    queue_item item;
    item.id = entry.id;
    item.state = queue::name_of(entry.state);
    item.size = entry.size;
    item.attempts = entry.attempts;
    item.received = entry.received;
    if (entry.state == queue::life::queued || entry.state == queue::life::deferred)
        item.next_attempt = entry.next_attempt;
    item.waits_for = ledger_.waits_for(entry.id);
    if (!item.waits_for.empty())
        item.waits = waits_at(item.waits_for);

    auto start = [this, id = entry.id](queue::completion<queue::stored_message> done) { store_.fetch(id, std::move(done)); };
    const auto stored = co_await await_store<queue::stored_message>(loop_, start);
    if (!stored) { // it has just left, or the store is in trouble: what the ledger knows is still worth a line
        item.last_reply = stored.error().message();
        co_return item;
    }
    const auto record = queue::decode(stored->envelope, stored->state);
    if (!record) {
        item.last_reply = record.error().message();
        co_return item;
    }
    item.sender = record->envelope.envelope.from.address;
    describe_recipients(*record, with_results, item);
    item.priority = record->envelope.priority;
    item.expire_at = record->envelope.expire_at;
    if (with_results) {
        describe_parameters("MAIL", record->envelope.envelope.from.parameters, item);
        for (const auto& to : record->envelope.envelope.to)
            describe_parameters("RCPT " + to.address, to.parameters, item);
    }
    tell_why_it_waits(item, *record);
    if (record->state.held)
        item.last_reply = "held: " + *record->state.held;
    co_return item;
}

/// "mx.example.org:25: suspended by an operator: they mend it".
std::string delivery_engine::waits_at(const std::string& destination) const
{
    return destination + ": " + lines_.why_not(destination).value_or("waits for its turn");
}

/// Of one that waits for its next attempt, where it was tried before.
void delivery_engine::tell_why_it_waits(queue_item& item, const queue::record& record) const
{
    if (!item.next_attempt || !item.waits.empty())
        return;
    for (const auto& each : record.state.recipients)
        if (each.status == queue::recipient_status::open && !each.next_hop.empty() && lines_.why_not(each.next_hop)) {
            item.waits = waits_at(each.next_hop);
            return;
        }
}

/// A record of its own: who asks what became of a message hears of that too, also when it has left.
void delivery_engine::note_wish(base::message_id id, std::string_view what, bool done)
{
    auto* const keeper = traces_.keeper;
    if (keeper == nullptr || !keeper->is_keeping())
        return;
    std::string notes;
    hooks::append_fact(notes, "operator", std::string{what} + (done ? "" : ", which could not be done"));
    keeper->keep({clock_.wall(), record_kind::wish, id.value, 0, notes});
}

io::task<bool> delivery_engine::carry_out(base::message_id id, server::queue_command what)
{
    const auto entry = ledger_.find(id);
    if (!entry)
        co_return false;
    const bool is_attempting = entry->state == queue::life::attempting;
    const auto now = clock_.wall();
    bool done = false;
    if (what != server::queue_command::retry) // it does not go for long: by then its budget is another's
        admissions_.forget(id);
    switch (what) {
    case server::queue_command::retry:
        done = entry->state != queue::life::held && try_urgently(id);
        break;
    case server::queue_command::hold:
        done = ledger_.hold(id);
        if (done && !is_attempting)
            done = co_await store_hold(id, "by an operator");
        break;
    case server::queue_command::release:
        // Stored first: once released, an attempt may write the state at any moment.
        done = is_attempting || co_await store_hold(id, std::nullopt);
        done = done && ledger_.release(id, now);
        break;
    case server::queue_command::remove:
        done = ledger_.remove(id);
        if (done && !is_attempting)
            co_await honour(id, queue::wish::remove);
        break;
    }
    const std::string_view wish = what == server::queue_command::retry     ? "retry"
                                  : what == server::queue_command::hold    ? "hold"
                                  : what == server::queue_command::release ? "release"
                                                                           : "delete";
    log_.info("operator", {{"message", base::to_text(id)}, {"wish", wish}, {"done", done ? "yes" : "no"}});
    note_wish(id, wish, done);
    finished(id);
    co_return done;
}

/// Writes into the stored state whether the message is held.
io::task<bool> delivery_engine::store_hold(base::message_id id, std::optional<std::string> reason)
{
    auto fetch = [this, id](queue::completion<queue::stored_message> done) { store_.fetch(id, std::move(done)); };
    const auto stored = co_await await_store<queue::stored_message>(loop_, fetch);
    if (!stored)
        co_return false;
    auto state = queue::decode_state(stored->state);
    if (!state)
        co_return false;
    state->held = std::move(reason);
    const auto octets = queue::encode(*state);
    auto update = [this, id, &octets](queue::completion<void> done) { store_.update(id, octets, std::move(done)); };
    const auto updated = co_await await_store<void>(loop_, update);
    co_return updated.has_value();
}

/// Carries out what an operator, or a plugin, wished while an attempt ran.
io::task<void> delivery_engine::honour(base::message_id id, queue::wish wanted)
{
    switch (wanted) {
    case queue::wish::none:
        break;
    case queue::wish::hold: {
        const bool stored = co_await store_hold(id, "by an operator");
        if (!stored)
            log_.error("not_held", {{"message", base::to_text(id)}, {"cause", "the store failed: held until a restart only"}});
        break;
    }
    case queue::wish::remove: {
        auto start = [this, id](queue::completion<void> done) { store_.remove(id, std::move(done)); };
        (void)co_await insist("not_removed", id, start); // false: the next start finds it
        break;
    }
    }
}

} // namespace postern::runtime
