#include "core/host/plugin_transport.hpp"

#include "core/host/delivery_port.hpp"
#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <postern/abi/delivery.h>

#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

namespace postern::daemon {

class open_deliveries {
public:
    void add(std::uint64_t ticket)
    {
        const std::scoped_lock lock{mutex_};
        tickets_.insert(ticket);
    }
    void remove(std::uint64_t ticket) noexcept
    {
        const std::scoped_lock lock{mutex_};
        tickets_.erase(ticket);
    }
    [[nodiscard]] std::unordered_set<std::uint64_t> interrupt() noexcept
    {
        const std::scoped_lock lock{mutex_};
        interrupted_ = true;
        return std::exchange(tickets_, {});
    }
    [[nodiscard]] bool is_interrupted() const noexcept
    {
        const std::scoped_lock lock{mutex_};
        return interrupted_;
    }

private:
    mutable std::mutex mutex_;
    std::unordered_set<std::uint64_t> tickets_;
    bool interrupted_ = false;
};

namespace {

using delivery::recipient_result;

std::optional<recipient_result::kind> kind_of(std::uint32_t verdict) noexcept
{
    switch (verdict) {
    case POSTERN_CONTINUE:
        return recipient_result::kind::delivered;
    case POSTERN_TEMPFAIL:
        return recipient_result::kind::deferred;
    case POSTERN_REJECT:
        return recipient_result::kind::failed;
    default:
        return std::nullopt;
    }
}

bool read_result(const postern_delivery_result& from, recipient_result& to)
{
    const auto kind = kind_of(from.verdict);
    if (!kind || from.smtp_code > 999 || !is_sound(from.enhanced) || !is_sound(from.text) || from.enhanced.len > 16 ||
        from.text.len > most_reply_text)
        return false;
    to.result = *kind;
    to.smtp_code = static_cast<std::uint16_t>(from.smtp_code);
    to.enhanced.assign(view(from.enhanced));
    to.text.assign(view(from.text));
    return true;
}

/// One result for all from `base`, or one a recipient. Null, or what is wrong with it.
const char* read_results(const postern_reply* reply, std::vector<recipient_result>& to)
{
    if (reply == nullptr)
        return "a NULL reply";
    // Shorter than at its first release it has no place for results: their absence must not be taken for "delivered to all".
    if (reply->size < first_size<postern_deliver_reply>)
        return "a reply record smaller than version 1 of postern_deliver_reply";
    const auto from = read_record<postern_deliver_reply>(reply, reply->size);
    constexpr const char* nonsense = "a result with an unknown verdict, a wrong code or a text that is too long";
    if (from.results.count == 0) {
        const postern_delivery_result all{from.base.verdict, from.base.smtp_code, from.base.enhanced, from.base.text};
        for (auto& each : to)
            if (!read_result(all, each))
                return nonsense;
        return nullptr;
    }
    if (from.results.count != to.size())
        return "not one result a recipient";
    if (!is_sound(from.results, first_size<postern_delivery_result>))
        return "a list of results without records, or with a stride smaller than a record";
    const auto* at = static_cast<const char*>(from.results.at);
    for (auto& each : to) {
        if (!read_result(read_record<postern_delivery_result>(at, from.results.stride), each))
            return nonsense;
        at += from.results.stride;
    }
    return nullptr;
}

class delivery_operation final : public ticket_owner {
public:
    delivery_operation(plugin_instance& instance, std::size_t recipients, std::shared_ptr<deadline_timer> timer,
                       std::shared_ptr<open_deliveries> open, std::function<void(std::vector<recipient_result>)> done)
        : instance_{instance}, timer_{std::move(timer)}, open_{std::move(open)}, done_{std::move(done)}, results_(recipients)
    {
    }

    bool take(const postern_reply* reply) noexcept override
    {
        if (says_it_failed(reply)) {
            said_ = failure_in(*reply);
            why_not_ = said_.c_str();
            return true;
        }
        auto results = results_;
        why_not_ = read_results(reply, results);
        if (why_not_ == nullptr)
            results_ = std::move(results);
        return why_not_ == nullptr;
    }

    /// After an answer too: a plugin that failed has delivered nothing that one could rely on.
    void fail(const char* why) noexcept
    {
        why_not_ = why_not_ != nullptr && why_not_ != no_answer ? why_not_ : why;
        for (auto& each : results_)
            each = {};
    }

    void finish() noexcept override
    {
        if (deadline_)
            timer_->cancel(*deadline_);
        open_->remove(ticket_);
        if (why_not_ != nullptr) {
            instance_.log().warning("transport.failed", {{"plugin", instance_.name()}, {"cause", why_not_}});
            for (auto& each : results_) {
                each.enhanced = "4.3.0";
                each.text = "the transport " + instance_.name() + " gave no usable answer";
            }
        }
        done_(std::move(results_));
    }

    /// Before the ticket is pending: finish() reads what this writes.
    void expect_by(base::instant when, std::uint64_t ticket)
    {
        ticket_ = ticket;
        deadline_ = timer_->at(when, [instance = instance_.weak_from_this(), ticket] {
            if (const auto still = instance.lock())
                still->tickets().give_up(ticket);
        });
        open_->add(ticket);
    }

private:
    static constexpr const char* no_answer = "no answer within its deadline, or none at all";

    plugin_instance& instance_;
    std::shared_ptr<deadline_timer> timer_;
    std::shared_ptr<open_deliveries> open_;
    std::function<void(std::vector<recipient_result>)> done_;
    std::vector<recipient_result> results_; // deferred, until the plugin says otherwise
    std::optional<deadline_timer::handle> deadline_;
    std::uint64_t ticket_ = 0; // never the number of one: until it is expected
    const char* why_not_ = no_answer;
    std::string said_; ///< of its own failure
};

} // namespace

plugin_transport::plugin_transport(std::shared_ptr<plugin_instance> instance, std::shared_ptr<deadline_timer> timer,
                                   std::chrono::nanoseconds patience)
    : instance_{std::move(instance)}, timer_{std::move(timer)}, patience_{patience}, open_{std::make_shared<open_deliveries>()}
{
}

void plugin_transport::interrupt() noexcept
{
    for (const auto ticket : open_->interrupt())
        instance_->tickets().give_up(ticket);
}

/// The job is a session: known here, so that the plugin can be woken for it; ended by the chain of the delivery, as others are.
std::uint64_t plugin_transport::enter(base::session_id job)
{
    if (!instance_->has_face()) // in no chain: nobody would end it
        return 0;
    return instance_->sessions().enter(job.value, std::make_shared<delivery_port>(instance_, job, timer_));
}

void plugin_transport::deliver(const delivery::transport_job& what, std::function<void(std::vector<recipient_result>)> done)
{
    auto operation = std::make_shared<delivery_operation>(*instance_, what.recipients.size(), timer_, open_, std::move(done));
    auto& tickets = instance_->tickets();
    open_ticket mine{tickets};
    auto* const slot = mine.get();
    if (slot == nullptr)
        return operation->finish();
    const auto ticket = ticket_table::number(*slot);
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    slot->caller = operation.get();
    slot->blob = what.content;

    std::vector<postern_str> recipients;
    recipients.reserve(what.recipients.size());
    for (const auto& each : what.recipients)
        recipients.push_back(borrowed(each));
    char message[13];
    write_id(what.message.value, message);
    postern_ev_deliver event{};
    event.ev.size = sizeof event;
    event.ev.hook = POSTERN_HOOK_DELIVER;
    event.ev.ticket = ticket;
    event.ev.session = what.job.value;
    event.ev.cookie = enter(what.job);
    event.ev.deadline_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
    event.message = {message, sizeof message};
    event.sender = borrowed(what.sender);
    event.recipients = {recipients.data(), static_cast<std::uint32_t>(recipients.size()), sizeof(postern_str)};
    event.blob = what.content == nullptr ? 0 : ticket;
    event.size_octets = what.content == nullptr ? 0 : what.content->size();

    // Nothing can give up a ticket before it is pending: what came too early is made good then.
    const auto is_over = [&] { return open_->is_interrupted() || std::chrono::steady_clock::now() >= deadline; };
    if (instance_->is_blocking()) {
        auto copy = std::make_shared<const owned_event>(event.ev);
        const auto octets = copy->octets();
        operation->expect_by(deadline, ticket);
        (void)tickets.leave_pending(*slot, operation); // of which nobody can know yet
        mine.keep();
        const auto job = [instance = instance_.get(), own = std::move(copy), ticket] {
            if (instance->tickets().is_open(ticket) && instance->handle(own->get()) != POSTERN_TAKEN)
                instance->tickets().give_up(ticket);
        };
        if (!instance_->post(what.job.value, job, job_kind::question, octets) || is_over())
            tickets.give_up(ticket);
        return;
    }
    const auto status = instance_->handle(event.ev);
    if (status == POSTERN_TAKEN && !tickets.collect(*slot)) {
        operation->expect_by(deadline, ticket);
        if (tickets.leave_pending(*slot, operation)) {
            mine.keep();
            if (is_over())
                tickets.give_up(ticket);
            return;
        }
    }
    mine.close();
    if (status < 0 || status > POSTERN_TAKEN)
        operation->fail("handle returned an error");
    operation->finish();
}

} // namespace postern::daemon
