#pragma once
// Walks a chain for one session: calls the plugins, waits for those that answer later, applies deadlines, budgets and breakers,
// and times every answer. The rules of what answers mean are hooks::chain_run's.

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/metrics.hpp"
#include "core/hooks/budget.hpp"
#include "core/hooks/chain.hpp"
#include "core/runtime/connection_port.hpp"
#include "core/runtime/notice_board.hpp"
#include "core/runtime/trace_notes.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace postern::runtime {

/// One ask at a time. Threads: the session's loop.
///
/// Looking at the clock and counting costs as much as asking a plugin that passes. So of the walks that a thread makes of a chain
/// at a hook only one each `time_every` is timed (0: all are), and counts for those before it; who answers later is always timed.
class hook_runner {
public:
    static constexpr std::chrono::nanoseconds usual_timing = std::chrono::milliseconds{10};

    hook_runner(std::shared_ptr<const hooks::chain> order, std::shared_ptr<connection_port> port, base::log log,
                base::metrics& metrics, const notice_board& notices, const base::clock& clock,
                const hooks::budget_limits& limits = {}, std::chrono::nanoseconds time_every = {})
        : order_{std::move(order)}, port_{std::move(port)}, first_lane_{port_}, log_{log}, metrics_{metrics}, notices_{notices},
          clock_{clock}, budget_{limits}, time_every_{time_every}
    {
    }
    ~hook_runner() { forget(); }
    hook_runner(const hook_runner&) = delete;
    hook_runner& operator=(const hook_runner&) = delete;

    /// Tells `who` of every call from now on; null: nobody.
    void watched_by(trace_notes* who) noexcept { notes_ = who; }

    [[nodiscard]] const hooks::chain& order() const noexcept { return *order_; }
    [[nodiscard]] bool has(hooks::hook_point hook) const noexcept { return order_->has(hook); }

    /// Asks on. True: the outcome stands. False: somebody answers later, so finish() is to follow.
    [[nodiscard]] bool advance(hooks::chain_run& run, hooks::event& what);
    /// Waits for that somebody, and asks on to the end.
    [[nodiscard]] io::task<void> finish(hooks::chain_run& run, hooks::event& what);
    /// The session is over: all plugins of the chain and of `more` are told. Nothing is asked afterwards.
    void end(std::span<const std::shared_ptr<const hooks::chain>> more = {}) noexcept;
    /// Nobody waits for the answers of those who were asked: takes their tickets back. What they read may be freed afterwards.
    void forget() noexcept;
    /// Tells all subscribers, and those of `also` who are not among them; nobody answers.
    void notify(const hooks::event& what, const hooks::chain* also = nullptr);

private:
    /// Somebody who was asked.
    struct asked {
        enum class state : std::uint8_t { pending, answered, passed, failed, late, refused, cut };

        asked() noexcept {} // leaves the room of a reply as it is: to clear it costs as much as to ask
        asked(const hooks::link& who, base::instant now) noexcept : whom{&who}, since{now}, done{now} {}

        const hooks::link* whom = nullptr;
        base::instant since; ///< it was asked
        base::instant until; ///< its answer counts
        base::instant done;  ///< it was known how it stands
        std::uint64_t ticket = 0;
        std::size_t lane = 0;
        state is = state::pending;
        hooks::breaker::passage passage = hooks::breaker::passage::call;
        std::uint32_t counts = 1;                 ///< in its times: so often; 0: it was not timed
        bool is_hurried = false;                  ///< the phase's budget ends before its deadline
        std::int32_t score = 0;                   ///< of the message when it was asked
        std::optional<hooks::plugin_reply> reply; ///< when answered
    };

    [[nodiscard]] std::uint32_t weight_of_walk(const hooks::chain& order, hooks::hook_point hook, base::instant now) const;
    [[nodiscard]] void** seat_of(const hooks::link& whom);
    void show(const hooks::chain_run& run, hooks::event& what) const;
    void tell(const hooks::chain& order, const hooks::event& what, const hooks::chain* but);
    [[nodiscard]] asked ask(const hooks::link& whom, hooks::event& what, base::instant now, std::uint32_t counts);
    void ask_along(const hooks::chain_run& run, hooks::event& what);
    [[nodiscard]] std::size_t free_lane() const noexcept;
    [[nodiscard]] bool walk(hooks::chain_run& run, hooks::event& what, const hooks::link* from, base::instant now);
    [[nodiscard]] const hooks::link* next_behind(hooks::chain_run& run, hooks::event& what);
    void settle(hooks::chain_run& run, asked& one, const hooks::event& what);
    void look_what_came(hooks::hook_point hook);
    void learn(asked& from, hooks::hook_point hook);
    void count(const asked& from, hooks::hook_point hook) const;
    void report(std::string_view why, const hooks::link& whom, const hooks::event& what, base::log_level as) const;
    void tell_breaker(const hooks::link& whom, hooks::hook_point hook, bool is_open) const;
    [[nodiscard]] io::task<void> await_first(hooks::hook_point hook);
    [[nodiscard]] io::task<void> take_back(asked& whom, asked::state as, hooks::hook_point hook);
    [[nodiscard]] io::task<void> drop_the_rest(hooks::hook_point hook);
    void note(const hooks::chain_run& run, hooks::call_note said, const asked& of, const hooks::event& about) const;

    std::shared_ptr<const hooks::chain> order_;
    std::shared_ptr<connection_port> port_;
    std::shared_ptr<hooks::session_port> first_lane_; ///< the same; to make one of it for each call costs two locked instructions
    base::log log_;
    base::metrics& metrics_;
    const notice_board& notices_;
    const base::clock& clock_;
    hooks::budget budget_;
    base::transaction_id transaction_; ///< whose budgets they are
    base::instant waiting_since_;
    std::chrono::nanoseconds time_every_;
    std::vector<void*> seats_;       ///< of the chain's plugins; made with the first call
    std::vector<asked> outstanding_; ///< in the order of the chain; the first is the one whose turn it is
    trace_notes* notes_ = nullptr;
};

} // namespace postern::runtime
