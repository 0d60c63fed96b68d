#pragma once
// Walks a chain for one session: calls the plugins, waits for those that answer later, applies deadlines. The rules of what
// answers mean are hooks::chain_run's.

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/metrics.hpp"
#include "core/hooks/chain.hpp"
#include "core/runtime/connection_port.hpp"
#include "core/runtime/notice_board.hpp"
#include "core/runtime/trace_notes.hpp"

#include <memory>
#include <optional>

namespace postern::runtime {

/// Threads: the session's loop.
class hook_runner {
public:
    hook_runner(std::shared_ptr<const hooks::chain> order, std::shared_ptr<connection_port> port, base::log log,
                base::metrics& metrics, const notice_board& notices, const base::clock& clock)
        : order_{std::move(order)}, port_{std::move(port)}, log_{log}, metrics_{metrics}, notices_{notices}, clock_{clock}
    {
    }

    /// A call whose answer is still to come.
    struct waiting {
        const hooks::link* whom;
        std::uint64_t ticket;
        base::instant until;
        base::instant since;
    };

    /// Tells `who` of every call from now on; null: nobody.
    void watched_by(trace_notes* who) noexcept { notes_ = who; }

    [[nodiscard]] const hooks::chain& order() const noexcept { return *order_; }
    [[nodiscard]] bool has(hooks::hook_point hook) const noexcept { return order_->has(hook); }

    /// Asks on, until the outcome stands (nothing) or somebody answers later.
    [[nodiscard]] std::optional<waiting> advance(hooks::chain_run& run, hooks::event& what);
    /// Waits for that somebody, and asks on to the end.
    [[nodiscard]] io::task<void> finish(hooks::chain_run& run, hooks::event& what, waiting first);
    /// Tells all subscribers; nobody answers.
    void notify(const hooks::event& what);

private:
    void report(const hooks::chain_run& run, const hooks::link& whom, const hooks::event& what) const;
    void report(std::string_view why, const hooks::link& whom, const hooks::event& what) const;
    void settle(hooks::chain_run& run, hooks::plugin_reply reply, const hooks::link& whom, const hooks::event& what,
                base::instant since);
    void note(const hooks::chain_run& run, hooks::call_note what, const hooks::link& whom, const hooks::event& about,
              base::instant since) const;

    std::shared_ptr<const hooks::chain> order_;
    std::shared_ptr<connection_port> port_;
    base::log log_;
    base::metrics& metrics_;
    const notice_board& notices_;
    const base::clock& clock_;
    trace_notes* notes_ = nullptr;
};

} // namespace postern::runtime
