// The part of an attempt that tells the sender: asks plugins about the DSN that are due, makes them and puts them into the queue,
// before the new state says that they were sent.

#include "core/delivery/report.hpp"
#include "core/hooks/report.hpp"
#include "core/message/xtext.hpp"
#include "core/runtime/attempt.hpp"
#include "core/runtime/store_await.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace postern::runtime {

namespace {

constexpr std::size_t header_limit = std::size_t{64} << 10U; // octets of the original's header section that a DSN returns
constexpr std::string_view kind_names[] = {"failure", "delay", "success"};

} // namespace

/// Stores the DSN that are due. False: not all of them could be, and `decided.state` says which are still due.
io::task<bool> attempt::report(delivery::decision& decided)
{
    bool are_stored = true;
    for (const auto kind : {message::dsn_kind::failure, message::dsn_kind::delay, message::dsn_kind::success}) {
        if (decided.named_in(kind).empty())
            continue;
        const bool is_stored = co_await report_one(kind, decided.named_in(kind), decided.state);
        if (!is_stored)
            decided.take_back(kind);
        are_stored = are_stored && is_stored;
    }
    if (!decided.stranded.empty()) {
        const bool is_stored = co_await report_one(message::dsn_kind::failure, decided.stranded, decided.state);
        if (!is_stored)
            decided.take_back_stranded();
        are_stored = are_stored && is_stored;
    }
    co_return are_stored;
}

/// To the sender; where there is none, to the postmaster, which is nobody else's business.
io::task<bool> attempt::report_one(message::dsn_kind kind, const std::vector<std::uint32_t>& who,
                                   const queue::message_state& state)
{
    const queue::record about{record_.envelope, state};
    const bool is_notice = about.envelope.envelope.from.address.empty();
    const auto queue_id = base::to_text(id_);
    const auto original = co_await original_for_report(delivery::returns_full(about.envelope, kind));
    delivery::report_facts facts;
    facts.kind = kind;
    facts.id = base::message_id{engine_.ids_.next()};
    facts.queue_id = queue_id;
    facts.now = engine_.clock_.wall();
    facts.hostname = current_->delivery.hostname;
    facts.original = original;
    auto due = is_notice ? delivery::make_notice(about, who, current_->retry, facts, current_->delivery.postmaster)
                         : delivery::make_report(about, who, current_->retry, facts);
    auto ruling = report_ruling::go;
    if (!is_notice)
        ruling = co_await ask_about_report(due);
    if (ruling != report_ruling::go)
        co_return ruling == report_ruling::suppressed;
    const auto made = message::make_dsn(due);
    auto record = delivery::record_of(made, about, facts.now, due.wording.recipient);

    const auto envelope = queue::encode(record.envelope);
    const auto fresh = queue::encode(record.state);
    const auto head = made.headers + "\r\n";
    auto start = [&](queue::completion<void> done) {
        engine_.store_.commit(facts.id, envelope, fresh, head, made.body, std::move(done));
    };
    const auto stored = co_await await_store<void>(engine_.loop_, start);
    if (!stored) {
        engine_.log_.error("dsn_not_stored", {{"message", queue_id}, {"cause", stored.error().message()}});
        co_return false;
    }
    engine_.log_.info("dsn", {{"message", base::to_text(facts.id)},
                              {"about", queue_id},
                              {"kind", kind_names[static_cast<std::size_t>(kind)]},
                              {"recipient", record.envelope.envelope.to.front().address}});
    note_report(kind_names[static_cast<std::size_t>(kind)], facts.id, record.envelope.envelope.to.front().address);
    engine_.add(facts.id, std::move(record));
    co_return true;
}

/// What plugins say of it, of which the wording goes into it. Whatever fails, it goes.
io::task<attempt::report_ruling> attempt::ask_about_report(message::dsn_report& due)
{
    if (!hooks_.has(hooks::hook_point::dsn_make))
        co_return report_ruling::go;
    hooks::dsn_making making;
    making.kind = due.kind;
    making.envid = message::decode_xtext(due.envid).value_or(std::string{});
    making.recipients = message::reported_in(due);
    making.received = record_.envelope.received;
    making.is_smtputf8 = due.smtputf8;
    making.returns_all = due.is_full;
    hooks::event what;
    what.hook = hooks::hook_point::dsn_make;
    what.message = &draft_;
    what.session = job_;
    what.attempt = record_.state.attempts;
    what.dsn = &making;
    hooks::chain_run run{hooks_.order(), hooks::hook_point::dsn_make, nullptr};
    run.make(making);
    const bool is_answered = hooks_.advance(run, what);
    if (!is_answered)
        co_await hooks_.finish(run, what);
    const auto& outcome = run.result();
    if (outcome.verdict == hooks::verdict_kind::discard) {
        const std::string_view kind = kind_names[static_cast<std::size_t>(due.kind)];
        engine_.log_.info("dsn_suppressed", {{"about", due.queue_id},
                                             {"kind", kind},
                                             {"recipient", due.sender},
                                             {"plugin", outcome.plugin},
                                             {"reason", outcome.text}});
        if (notes_.is_wanted())
            notes_.fact("report", std::string{kind} + " suppressed by " + outcome.plugin + ": " + outcome.text);
        co_return report_ruling::suppressed;
    }
    if (!outcome.lets_pass()) // it was not waited for: the server is going away, and asks again
        co_return report_ruling::put_off;
    due.wording = std::move(making.wording);
    co_return report_ruling::go;
}

/// The whole message, or its header section; empty if the store cannot give it (the DSN goes out all the same).
io::task<std::string> attempt::original_for_report(bool is_full)
{
    const auto wanted =
        static_cast<std::size_t>(is_full ? record_.envelope.size : std::min<std::uint64_t>(record_.envelope.size, header_limit));
    std::string octets;
    while (octets.size() < wanted) {
        const auto offset = octets.size();
        auto start = [this, offset, wanted](queue::completion<std::string> done) {
            engine_.store_.read(id_, offset, wanted - offset, std::move(done));
        };
        const auto part = co_await await_store<std::string>(engine_.loop_, start);
        if (!part || part->empty()) {
            engine_.log_.error("not_readable",
                               {{"message", base::to_text(id_)}, {"cause", part ? "too short" : part.error().message()}});
            co_return std::string{};
        }
        octets += *part;
    }
    if (is_full)
        co_return octets;
    if (octets.starts_with("\r\n"))
        co_return std::string{};
    if (const auto end = octets.find("\r\n\r\n"); end != std::string::npos)
        octets.resize(end + 2);
    else
        octets.resize(octets.rfind("\r\n") == std::string::npos ? 0 : octets.rfind("\r\n") + 2);
    co_return octets;
}

} // namespace postern::runtime
