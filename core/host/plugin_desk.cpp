#include "core/host/plugin_desk.hpp"

#include "core/host/record_layout.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <postern/abi/admin.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::size_t most_output = std::size_t{1} << 20U;

class conversation final : public ticket_owner {
public:
    bool take(const postern_reply* reply) noexcept override
    {
        try {
            said_ = read(reply);
        } catch (const std::exception&) { // no memory
            said_ = {};
        }
        return said_.done || !said_.text.empty();
    }
    void finish() noexcept override
    {
        const std::scoped_lock lock{mutex_};
        is_over_ = true;
        over_.notify_all();
    }
    /// What could not be withdrawn any more is on its way.
    void wait()
    {
        std::unique_lock lock{mutex_};
        over_.wait(lock, [this] { return is_over_; });
    }
    /// False: nothing was said in time.
    [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point until)
    {
        std::unique_lock lock{mutex_};
        return over_.wait_until(lock, until, [this] { return is_over_; });
    }
    /// After finish, or where the caller has collected the answer.
    [[nodiscard]] told said()
    {
        if (!said_.done && said_.text.empty())
            said_.text = "it failed; the server's log may say why";
        return said_;
    }

private:
    static told read(const postern_reply* from)
    {
        if (from == nullptr || from->size < first_size<postern_reply>)
            return {};
        const auto base = read_record<postern_reply>(from, from->size);
        if (!is_sound(base.text) || base.text.len > most_reply_text)
            return {};
        if (base.verdict == POSTERN_REJECT || base.verdict == POSTERN_TEMPFAIL)
            return {false, base.text.len == 0 ? "it refused" : std::string{view(base.text)}};
        if (base.verdict != POSTERN_CONTINUE)
            return {};
        if (from->size < first_size<postern_admin_reply>)
            return {true, std::string{view(base.text)}};
        const auto whole = read_record<postern_admin_reply>(from, from->size);
        if (!is_sound(whole.output) || whole.output.len > most_output)
            return {};
        return {true, std::string{view(whole.output)}};
    }

    std::mutex mutex_;
    std::condition_variable over_;
    bool is_over_ = false;
    told said_;
};

told nobody_listens()
{
    return {false, "it takes no such words"};
}

/// The answer to a call on this thread.
told ask(plugin_instance& whom, ticket_slot& slot, const postern_ev_admin& event, const std::shared_ptr<conversation>& talk,
         std::chrono::steady_clock::time_point until)
{
    auto& tickets = whom.tickets();
    slot.caller = talk.get();
    const auto status = whom.handle(event.ev);
    if (status == POSTERN_TAKEN && !tickets.collect(slot) && tickets.leave_pending(slot, talk)) {
        if (!talk->wait_until(until) && tickets.withdraw(event.ev.ticket))
            return {false, "it gave no answer in time"};
        talk->wait();
        return talk->said();
    }
    const bool is_answered = tickets.close(slot);
    if (status < 0 || status > POSTERN_TAKEN)
        return {false, "it failed; the server's log may say why"};
    return is_answered ? talk->said() : nobody_listens();
}

/// The same on the threads of a BLOCKING instance.
told ask_later(plugin_instance& whom, ticket_slot& slot, const postern_ev_admin& event, const std::shared_ptr<conversation>& talk,
               std::chrono::steady_clock::time_point until)
{
    auto& tickets = whom.tickets();
    auto copy = std::make_shared<const owned_event>(event.ev);
    const auto octets = copy->octets();
    const auto ticket = event.ev.ticket;
    (void)tickets.leave_pending(slot, talk);
    const auto has_passed = std::make_shared<std::atomic<bool>>(false);
    const auto job = [instance = &whom, own = std::move(copy), ticket, has_passed] {
        if (!instance->tickets().is_open(ticket))
            return;
        const auto status = instance->handle(own->get());
        *has_passed = status == POSTERN_PASS;
        if (status != POSTERN_TAKEN)
            instance->tickets().give_up(ticket);
    };
    if (!whom.post(0, job, job_kind::question, octets)) {
        tickets.withdraw(ticket);
        return {false, "too much waits for its threads"};
    }
    if (!talk->wait_until(until) && tickets.withdraw(ticket))
        return {false, "it gave no answer in time"};
    talk->wait();
    return *has_passed ? nobody_listens() : talk->said();
}

} // namespace

plugin_desk::instances plugin_desk::of(const plugin_set& plugins)
{
    instances all;
    for (const auto& each : plugins.plugins())
        all.emplace(each->name(), each->instance().weak_from_this());
    return all;
}

void plugin_desk::seat(instances now)
{
    const std::scoped_lock lock{mutex_};
    instances_ = std::move(now);
}

told plugin_desk::tell(std::string_view name, const std::vector<std::string>& words, const std::string* input,
                       std::chrono::nanoseconds patience)
{
    const std::scoped_lock one_at_a_time{talking_};
    std::shared_ptr<plugin_instance> whom;
    {
        const std::scoped_lock lock{mutex_};
        const auto found = instances_.find(name);
        if (found != instances_.end())
            whom = found->second.lock();
    }
    if (whom == nullptr)
        return {false, "there is no plugin instance of that name"};
    auto* slot = whom->tickets().open();
    if (slot == nullptr)
        return {false, "too many of its tickets are open"};
    std::vector<postern_str> records;
    records.reserve(words.size());
    for (const auto& each : words)
        records.push_back(borrowed(each));
    const auto until = std::chrono::steady_clock::now() + patience;
    postern_ev_admin event{};
    event.ev.size = sizeof event;
    event.ev.hook = POSTERN_HOOK_ADMIN;
    event.ev.ticket = ticket_table::number(*slot);
    event.ev.deadline_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch()).count();
    event.words = {records.data(), static_cast<std::uint32_t>(records.size()), sizeof(postern_str)};
    if (input != nullptr) {
        event.input = borrowed(*input);
        event.has_input = 1;
    }
    const auto talk = std::make_shared<conversation>();
    return whom->is_blocking() ? ask_later(*whom, *slot, event, talk, until) : ask(*whom, *slot, event, talk, until);
}

} // namespace postern::daemon
