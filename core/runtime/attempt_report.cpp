// The part of an attempt that tells the sender: makes the DSN that are due and puts them into the queue, before the new state
// says that they were sent.

#include "core/message/dsn.hpp"
#include "core/runtime/attempt.hpp"
#include "core/runtime/store_await.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

constexpr std::size_t header_limit = std::size_t{64} << 10U; // octets of the original's header section that a DSN returns

std::vector<message::dsn_recipient> reported(const queue::message_state& state, const message::envelope& envelope,
                                             const std::vector<std::uint32_t>& indices, base::wall_time now)
{
    std::vector<message::dsn_recipient> recipients;
    for (const auto index : indices) {
        const auto& to = envelope.to[index];
        const auto& what = state.recipients[index];
        message::dsn_recipient one;
        one.address = to.address;
        one.orcpt = to.orcpt;
        one.status = what.enhanced;
        one.remote_mta = what.next_hop;
        one.smtp_code = what.smtp_code;
        one.text = what.text;
        one.last_attempt = now;
        recipients.push_back(one);
    }
    return recipients;
}

} // namespace

io::task<bool> attempt::report(const delivery::decision& decided)
{
    const auto& envelope = draft_.envelope;
    const auto now = engine_.clock_.wall();
    for (const auto which : {message::dsn_kind::failure, message::dsn_kind::delay}) {
        const auto& indices = which == message::dsn_kind::failure ? decided.failed : decided.delayed;
        if (indices.empty())
            continue;
        message::dsn_report report;
        report.kind = which;
        report.id = base::message_id{engine_.ids_.next()};
        report.date = now;
        report.hostname = current_->delivery.hostname;
        report.sender = envelope.from.address;
        report.envid = envelope.from.envid;
        const auto queue_id = base::to_text(id_);
        report.queue_id = queue_id;
        report.arrival = record_.envelope.received;
        if (which == message::dsn_kind::delay)
            report.retry_until = record_.envelope.received + current_->retry.expire;
        report.smtputf8 = envelope.from.smtputf8;
        report.recipients = reported(decided.state, envelope, indices, now);
        // RFC 3461 4.3: RET applies to failures; of a message too large to give back, the header section is returned.
        report.is_full = which == message::dsn_kind::failure && envelope.from.ret == message::dsn_return::full &&
                         record_.envelope.size <= full_return_limit;
        const auto original = co_await original_for_report(report.is_full);
        report.original = original;
        const auto made = message::make_dsn(report);

        queue::record record;
        record.envelope.envelope.to.push_back({envelope.from.address, {}, {}, {}});
        record.envelope.envelope.from.smtputf8 = made.needs_smtputf8;
        record.envelope.envelope.from.body = made.has_8bit ? message::body_type::eight_bit_mime : message::body_type::seven_bit;
        record.envelope.received = now;
        record.envelope.has_8bit = made.has_8bit;
        record.envelope.needs_smtputf8 = made.needs_smtputf8;
        record.envelope.session = record_.envelope.session;
        record.envelope.origin = "dsn " + queue_id;
        const auto head = made.headers + "\r\n";
        record.envelope.size = head.size() + made.body.size();
        record.state = queue::fresh_state(1);
        const auto stored_envelope = queue::encode(record.envelope);
        const auto stored_state = queue::encode(record.state);
        auto start = [&](queue::completion<void> done) {
            engine_.store_.commit(report.id, stored_envelope, stored_state, head, made.body, std::move(done));
        };
        const auto stored = co_await await_store<void>(engine_.loop_, start);
        if (!stored) {
            engine_.log_.error("dsn_not_stored", {{"message", queue_id}, {"cause", stored.error().message()}});
            co_return false;
        }
        engine_.log_.info("dsn", {{"message", base::to_text(report.id)},
                                  {"about", queue_id},
                                  {"kind", which == message::dsn_kind::failure ? "failure" : "delay"},
                                  {"recipient", envelope.from.address}});
        engine_.add(report.id, std::move(record));
    }
    co_return true;
}

/// The whole message, or its header section; empty if the store cannot give it (the DSN goes out all the same).
io::task<std::string> attempt::original_for_report(bool is_full)
{
    const auto wanted = static_cast<std::size_t>(is_full ? record_.envelope.size : std::min<std::uint64_t>(record_.envelope.size, header_limit));
    std::string octets;
    while (octets.size() < wanted) {
        const auto offset = octets.size();
        auto start = [this, offset, wanted](queue::completion<std::string> done) {
            engine_.store_.read(id_, offset, wanted - offset, std::move(done));
        };
        const auto part = co_await await_store<std::string>(engine_.loop_, start);
        if (!part || part->empty()) {
            engine_.log_.error("not_readable", {{"message", base::to_text(id_)}, {"cause", part ? "too short" : part.error().message()}});
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
