#include "core/host/plugin_health.hpp"

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace postern::daemon {
namespace {

using state = plugin_health::state;

/// Where answers arrive, on whatever threads. Outlives the question: a plugin may answer when nobody waits any more.
class answers {
public:
    explicit answers(std::size_t count) : all_(count) {}

    void put(std::size_t which, state is, std::string text)
    {
        const std::scoped_lock lock{guard_};
        all_[which].emplace(is, std::move(text));
        changed_.notify_all();
    }
    void wait(std::size_t which, base::instant until)
    {
        std::unique_lock lock{guard_};
        changed_.wait_until(lock, until, [&] { return all_[which].has_value(); });
    }
    [[nodiscard]] std::optional<std::pair<state, std::string>> take(std::size_t which)
    {
        const std::scoped_lock lock{guard_};
        return std::exchange(all_[which], std::nullopt);
    }

private:
    std::mutex guard_;
    std::condition_variable changed_;
    std::vector<std::optional<std::pair<state, std::string>>> all_;
};

class health_answer final : public ticket_owner {
public:
    health_answer(std::shared_ptr<answers> to, std::size_t which) noexcept : to_{std::move(to)}, which_{which} {}

    bool take(const postern_reply* reply) noexcept override
    {
        if (reply == nullptr || reply->size < first_size<postern_reply>)
            return false;
        // A plain postern_reply has no state: zero, OK.
        const auto whole = read_record<postern_health_reply>(reply, reply->size);
        if (whole.base.verdict != POSTERN_CONTINUE || whole.state > POSTERN_HEALTH_DEGRADED || !is_sound(whole.base.text) ||
            whole.base.text.len > most_reply_text)
            return false;
        is_ = whole.state == POSTERN_HEALTH_OK ? state::ok : state::degraded;
        text_ = view(whole.base.text);
        return true;
    }
    void finish() noexcept override { to_->put(which_, is_, std::move(text_)); }

private:
    std::shared_ptr<answers> to_;
    std::size_t which_;
    state is_ = state::silent;
    std::string text_ = "it failed to answer";
};

constexpr postern_reply plain_ok{sizeof(postern_reply), POSTERN_CONTINUE, 0, 0, {}, {}, {}, 0, 0};

/// The ticket; 0: it could not be asked.
std::uint64_t ask(plugin_instance& whom, const std::shared_ptr<answers>& to, std::size_t which, base::instant until)
{
    auto& tickets = whom.tickets();
    auto* slot = tickets.open();
    if (slot == nullptr)
        return 0;
    const auto ticket = ticket_table::number(*slot);
    (void)tickets.leave_pending(*slot, std::make_shared<health_answer>(to, which)); // nobody knows of the ticket yet
    const auto job = [instance = &whom, ticket, until] {
        if (!instance->tickets().is_open(ticket))
            return; // nobody waits any more
        postern_ev_health record{};
        record.ev.size = sizeof record;
        record.ev.hook = POSTERN_HOOK_HEALTH;
        record.ev.ticket = ticket;
        record.ev.deadline_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch()).count();
        const auto status = instance->handle(record.ev);
        if (status == POSTERN_PASS)
            (void)instance->tickets().answer(ticket, &plain_ok);
        else if (status != POSTERN_TAKEN)
            instance->tickets().give_up(ticket);
    };
    if (whom.post_event(job, job_kind::question, 0))
        return ticket;
    (void)tickets.withdraw(ticket);
    return 0;
}

} // namespace

std::string_view name_of(plugin_health::state is) noexcept
{
    switch (is) {
    case state::ok:
        return "ok";
    case state::degraded:
        return "degraded";
    case state::silent:
        return "silent";
    }
    return "silent";
}

std::vector<plugin_health> ask_health(const std::vector<std::shared_ptr<plugin_instance>>& whom,
                                      std::chrono::nanoseconds patience)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    const auto come = std::make_shared<answers>(whom.size());
    std::vector<std::uint64_t> tickets;
    for (std::size_t i = 0; i < whom.size(); ++i)
        tickets.push_back(whom[i]->wants_health() ? ask(*whom[i], come, i, until) : 0);

    std::vector<plugin_health> out;
    for (std::size_t i = 0; i < whom.size(); ++i) {
        if (!whom[i]->wants_health())
            continue;
        if (tickets[i] == 0) {
            out.push_back({whom[i]->name(), state::silent, "it could not be asked"});
            continue;
        }
        come->wait(i, until);
        (void)whom[i]->tickets().withdraw(tickets[i]);
        if (auto answer = come->take(i))
            out.push_back({whom[i]->name(), answer->first, std::move(answer->second)});
        else
            out.push_back({whom[i]->name(), state::silent, "no answer in time"});
    }
    return out;
}

} // namespace postern::daemon
