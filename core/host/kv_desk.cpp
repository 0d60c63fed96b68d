#include "core/host/kv_desk.hpp"

#include "core/host/kv_rules.hpp"
#include "core/host/record_layout.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <optional>
#include <utility>

namespace postern::daemon {
namespace {

postern_ev_kv_answer blank_answer() noexcept
{
    postern_ev_kv_answer out{};
    out.ev.size = sizeof out;
    out.ev.hook = POSTERN_HOOK_KV_ANSWER;
    out.result = POSTERN_KV_FAILED;
    return out;
}

/// One request under way: failed until a sound reply says otherwise.
class kv_operation final : public ticket_owner {
public:
    kv_operation(plugin_instance& store, const postern_ev_kv_store& what, std::uint32_t hook,
                 std::shared_ptr<deadline_timer> timer, kv_desk::handler done)
        : store_{store}, timer_{std::move(timer)}, done_{std::move(done)}, items_{what.items.count}, limit_{what.limit},
          is_scan_{hook == POSTERN_HOOK_KV_STORE_SCAN}
    {
    }

    bool take(const postern_reply* reply) noexcept override
    {
        why_not_ = read(reply);
        return why_not_ == nullptr;
    }

    void finish() noexcept override
    {
        if (deadline_)
            timer_->cancel(*deadline_);
        if (why_not_ != nullptr)
            store_.log().error("kv.failed", {{"plugin", store_.name()}, {"cause", why_not_}});
        done_(answer_ ? std::move(*answer_) : owned_event{blank_answer().ev});
    }

    /// Before the ticket is pending: finish() reads what this writes.
    void expect_by(base::instant when, std::uint64_t ticket)
    {
        deadline_ = timer_->at(when, [instance = store_.weak_from_this(), ticket] {
            if (const auto still = instance.lock())
                still->tickets().give_up(ticket);
        });
    }
    void fail(const char* why) noexcept
    {
        answer_.reset();
        why_not_ = why_not_ == no_answer ? why : why_not_;
    }

private:
    static constexpr const char* no_answer = "no answer within its deadline, or none at all";

    const char* read(const postern_reply* reply) noexcept
    {
        if (reply == nullptr || reply->size < first_size<postern_kv_store_reply>)
            return "a reply record smaller than version 1 of postern_kv_store_reply";
        const auto from = read_record<postern_kv_store_reply>(reply, reply->size);
        if (from.result == POSTERN_KV_FAILED)
            return "it says that it failed";
        if (from.result != POSTERN_KV_OK)
            return "no such result";
        const char* const wrong = is_scan_ ? fault_of_pairs(from.results, limit_) : fault_of_results(from.results, items_);
        if (wrong != nullptr)
            return wrong;
        auto event = blank_answer();
        event.result = POSTERN_KV_OK;
        event.has_more = is_scan_ && from.has_more != 0 ? 1 : 0;
        event.results = from.results;
        answer_.emplace(event.ev);
        return nullptr;
    }

    plugin_instance& store_;
    std::shared_ptr<deadline_timer> timer_;
    kv_desk::handler done_;
    std::optional<owned_event> answer_;
    std::optional<deadline_timer::handle> deadline_;
    const char* why_not_ = no_answer;
    std::uint32_t items_;
    std::uint32_t limit_;
    bool is_scan_;
};

/// Requests of one namespace are done in their order, also by a store with several threads.
std::uint64_t key_of(const postern_str& space) noexcept
{
    return std::hash<std::string_view>{}(view(space)) | 1U;
}

} // namespace

void kv_desk::ask(postern_ev_kv_store what, std::uint32_t hook, handler done)
{
    auto operation = std::make_shared<kv_operation>(*store_, what, hook, timer_, std::move(done));
    auto& tickets = store_->tickets();
    open_ticket mine{tickets};
    auto* const slot = mine.get();
    if (slot == nullptr)
        return operation->finish();
    const auto ticket = ticket_table::number(*slot);
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    slot->caller = operation.get();
    what.ev.size = sizeof what;
    what.ev.hook = hook;
    what.ev.ticket = ticket;
    what.ev.deadline_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();

    if (store_->is_blocking()) {
        auto copy = std::make_shared<const owned_event>(what.ev);
        const auto octets = copy->octets();
        operation->expect_by(deadline, ticket);
        (void)tickets.leave_pending(*slot, operation); // of which nobody can know yet
        mine.keep();
        const auto job = [instance = store_.get(), own = std::move(copy), ticket] {
            if (instance->tickets().is_open(ticket) && instance->handle(own->get()) != POSTERN_TAKEN)
                instance->tickets().give_up(ticket);
        };
        if (!store_->post(key_of(what.space), job, job_kind::question, octets) || std::chrono::steady_clock::now() >= deadline)
            tickets.give_up(ticket);
        return;
    }
    const auto status = store_->handle(what.ev);
    if (status == POSTERN_TAKEN && !tickets.collect(*slot)) {
        operation->expect_by(deadline, ticket);
        if (tickets.leave_pending(*slot, operation)) {
            mine.keep();
            if (std::chrono::steady_clock::now() >= deadline)
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
