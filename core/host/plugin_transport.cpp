#include "core/host/plugin_transport.hpp"

#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "core/host/reply_reader.hpp"

#include <postern/abi/delivery.h>

#include <cstring>
#include <optional>
#include <utility>

namespace postern::daemon {
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

/// One result for all from `base`, or one a recipient. False: nonsense.
bool read_results(const postern_reply& base, std::vector<recipient_result>& to)
{
    postern_list results{};
    if (base.size >= sizeof(postern_deliver_reply))
        results = reinterpret_cast<const postern_deliver_reply&>(base).results;
    if (results.count == 0) {
        const postern_delivery_result all{base.verdict, base.smtp_code, base.enhanced, base.text};
        for (auto& each : to)
            if (!read_result(all, each))
                return false;
        return true;
    }
    if (results.count != to.size() || !is_sound(results, sizeof(postern_delivery_result)))
        return false;
    const auto* at = static_cast<const char*>(results.at);
    for (auto& each : to) {
        postern_delivery_result one;
        std::memcpy(&one, at, sizeof one); // a stride need not keep records aligned
        if (!read_result(one, each))
            return false;
        at += results.stride;
    }
    return true;
}

class delivery_operation final : public ticket_owner {
public:
    delivery_operation(plugin_instance& instance, std::size_t recipients, std::shared_ptr<deadline_timer> timer,
                       std::function<void(std::vector<recipient_result>)> done)
        : instance_{instance}, timer_{std::move(timer)}, done_{std::move(done)}, results_(recipients)
    {
    }

    bool take(const postern_reply* reply) noexcept override
    {
        auto results = results_;
        if (reply == nullptr || reply->size < sizeof(postern_reply) || !read_results(*reply, results))
            return false;
        results_ = std::move(results);
        taken_ = true;
        return true;
    }

    void finish() noexcept override
    {
        if (deadline_)
            timer_->cancel(*deadline_);
        if (!taken_) {
            instance_.log().warning("transport.failed", {{"plugin", instance_.name()}});
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
        deadline_ = timer_->at(when, [instance = instance_.weak_from_this(), ticket] {
            if (const auto still = instance.lock())
                still->tickets().give_up(ticket);
        });
    }

private:
    plugin_instance& instance_;
    std::shared_ptr<deadline_timer> timer_;
    std::function<void(std::vector<recipient_result>)> done_;
    std::vector<recipient_result> results_; // deferred, until the plugin says otherwise
    std::optional<deadline_timer::handle> deadline_;
    bool taken_ = false;
};

} // namespace

void plugin_transport::deliver(const delivery::transport_job& what, std::function<void(std::vector<recipient_result>)> done)
{
    auto operation = std::make_shared<delivery_operation>(*instance_, what.recipients.size(), timer_, std::move(done));
    auto& tickets = instance_->tickets();
    auto* slot = tickets.open();
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
    event.ev.deadline_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
    event.message = {message, sizeof message};
    event.sender = borrowed(what.sender);
    event.recipients = {recipients.data(), static_cast<std::uint32_t>(recipients.size()), sizeof(postern_str)};
    event.blob = what.content == nullptr ? 0 : ticket;
    event.size_octets = what.content == nullptr ? 0 : what.content->size();

    if (instance_->is_blocking()) {
        auto copy = std::make_shared<const owned_event>(event.ev);
        operation->expect_by(deadline, ticket);
        (void)tickets.leave_pending(*slot, operation);
        const auto job = [instance = instance_.get(), own = std::move(copy), ticket] {
            if (instance->tickets().is_open(ticket) && instance->handle(own->get()) != POSTERN_TAKEN)
                instance->tickets().give_up(ticket);
        };
        if (!instance_->post(0, job) || std::chrono::steady_clock::now() >= deadline)
            tickets.give_up(ticket);
        return;
    }
    const auto status = instance_->handle(event.ev);
    if (status == POSTERN_TAKEN && !tickets.collect(*slot)) {
        operation->expect_by(deadline, ticket);
        if (tickets.leave_pending(*slot, operation)) {
            // The timer has no power over a ticket that is not pending yet; if it fired before, that is made good here.
            if (std::chrono::steady_clock::now() >= deadline)
                tickets.give_up(ticket);
            return;
        }
    }
    tickets.close(*slot);
    operation->finish();
}

} // namespace postern::daemon
