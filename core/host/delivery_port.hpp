#pragma once
// How a transport is woken for a delivery job: a session without a connection. Its wakes come on a thread of the instance; that
// they and the job's other events come one at a time is the instance's doing.

#include "core/base/ids.hpp"
#include "core/hooks/plugin.hpp"
#include "core/host/deadline_timer.hpp"
#include "core/runtime/session_notes.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace postern::daemon {

class plugin_instance;

/// Threads: any.
class delivery_port final : public hooks::session_port, public std::enable_shared_from_this<delivery_port> {
public:
    delivery_port(std::weak_ptr<plugin_instance> instance, base::session_id job, std::shared_ptr<deadline_timer> timer) noexcept
        : instance_{std::move(instance)}, job_{job}, timer_{std::move(timer)}
    {
    }

    /// Never called: a ticket of a hook has the port of who asks.
    void answer(std::uint64_t ticket, hooks::plugin_reply reply) noexcept override;
    [[nodiscard]] bool wake(std::shared_ptr<hooks::plugin> who, std::uint64_t token,
                            std::chrono::nanoseconds delay) noexcept override;
    [[nodiscard]] bool post(std::function<void()> job) noexcept override;
    [[nodiscard]] hooks::note_status set_note(base::transaction_id of, std::string_view name, std::string_view value) override
    {
        return notes_.set(of, name, value);
    }
    [[nodiscard]] std::int64_t copy_note(std::string_view name, char* to, std::size_t room) const override
    {
        return notes_.copy(name, to, room);
    }
    /// The job is over: wakes that are outstanding come now, as cancelled; afterwards none is accepted and none comes. Not from
    /// inside a call of the plugin.
    void end() noexcept;

private:
    struct outstanding {
        std::uint64_t token;
        deadline_timer::handle alarm;
    };

    void due(std::uint64_t number);
    void deliver(plugin_instance& to, std::uint64_t number);

    std::weak_ptr<plugin_instance> instance_;
    base::session_id job_;
    std::shared_ptr<deadline_timer> timer_;
    runtime::session_notes notes_;
    std::mutex delivering_; ///< of an instance that does not block: end() waits for the wake that is being delivered
    std::mutex guard_;      ///< of what follows
    bool is_over_ = false;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, outstanding> waiting_;
};

} // namespace postern::daemon
