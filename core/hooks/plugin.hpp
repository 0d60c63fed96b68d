#pragma once
// One plugin instance as a chain sees it. host/ implements it over the C ABI, an embedder or a test with its own class.

#include "core/base/clock.hpp"
#include "core/hooks/event.hpp"
#include "core/hooks/notes.hpp"
#include "core/hooks/verdict.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postern::hooks {

class plugin;

/// Where what a plugin does later arrives. One a session; it lives at least until withdraw() of its last ticket returned.
/// Threads: any; an implementation posts to the session's thread.
class session_port {
public:
    virtual ~session_port() = default;
    /// The answer to a call that was `pending`. Exactly once a ticket, unless the ticket was withdrawn.
    virtual void answer(std::uint64_t ticket, plugin_reply reply) noexcept = 0;
    /// The plugin wants to be called (plugin::wake) on the session's thread in `delay`. False: the session is over.
    [[nodiscard]] virtual bool wake(std::shared_ptr<plugin> who, std::uint64_t token,
                                    std::chrono::nanoseconds delay) noexcept = 0;
    /// Runs `job` on the session's thread; never inside this call, and never once the session is over. False: it is over.
    [[nodiscard]] virtual bool post(std::function<void()> job) noexcept = 0;

    // Notes that plugins leave each other; a port that keeps none says that it is over.

    [[nodiscard]] virtual note_status set_note(base::transaction_id, std::string_view /*name*/, std::string_view /*value*/)
    {
        return note_status::stale;
    }
    /// Its length, and as much of it as fits into `to`; negative: absent.
    [[nodiscard]] virtual std::int64_t copy_note(std::string_view /*name*/, char* /*to*/, std::size_t /*room*/) const
    {
        return -1;
    }
};

enum class call_status : std::uint8_t {
    answered, ///< `answer` holds the reply, or why there is none
    passed,   ///< no opinion
    pending,  ///< `ticket` will be answered through the port, or is to be withdrawn
    failed,   ///< the plugin failed, and nothing more is known; on_error applies
};

struct call_result {
    call_status status;
    std::uint64_t ticket = 0; ///< when pending
};

/// Threads: call and wake are [session]: serialized per session, concurrent across sessions.
class plugin {
public:
    virtual ~plugin() = default;
    [[nodiscard]] virtual const std::string& name() const noexcept = 0;
    [[nodiscard]] virtual bool wants(hook_point hook) const noexcept = 0;
    /// Whether it only watches `hook`: what it is called for is then told to it, and it passes.
    [[nodiscard]] virtual bool observes(hook_point) const noexcept { return false; }
    /// Whether it may vouch for recipients: it declares that it provides "postern.recipients/1".
    [[nodiscard]] virtual bool may_vouch() const noexcept = 0;
    /// Asks. `until` is the deadline that the plugin is told. Never throws.
    [[nodiscard]] virtual call_result call(const event& what, base::instant until, const std::shared_ptr<session_port>& port,
                                           plugin_reply& answer) noexcept = 0;
    /// Takes a pending ticket back (deadline, session gone). True: no answer to it will come. False: it was answered just
    /// before, and the port has that answer or is about to.
    [[nodiscard]] virtual bool withdraw(std::uint64_t ticket) noexcept = 0;
    /// Delivers an accepted wake; `cancelled` when the session ends first.
    virtual void wake(base::session_id session, std::uint64_t token, bool cancelled) noexcept = 0;
    /// Nothing comes for that session any more. Sent once, after all tickets are closed and all wakes are delivered.
    virtual void session_ended(base::session_id session) noexcept = 0;
};

} // namespace postern::hooks
