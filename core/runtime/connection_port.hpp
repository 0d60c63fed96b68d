#pragma once
// Where what plugins do later arrives for one session: answers to pending tickets, and wakes. It outlives the session for as
// long as somebody may still call it, and then says that the session is over.

#include "core/hooks/chain.hpp"
#include "core/hooks/plugin.hpp"
#include "core/io/loop.hpp"
#include "core/runtime/session_notes.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace postern::runtime {

/// Threads: answer, wake and post any; the rest on the loop's.
class connection_port final : public hooks::session_port, public std::enable_shared_from_this<connection_port> {
public:
    connection_port(io::loop& home, base::session_id session)
        : home_{home}, session_{session}, alarm_{home.context().get_executor()}
    {
    }

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

    /// Waits for the answer to `ticket`; nothing when `until` passed first, or after cut(). One ticket at a time, and none
    /// is left behind: before the next, one that got nothing is withdrawn, or collected.
    [[nodiscard]] io::task<std::optional<hooks::plugin_reply>> wait(std::uint64_t ticket, base::instant until);
    /// The answer to a ticket that could not be withdrawn: it is on its way.
    [[nodiscard]] io::task<hooks::plugin_reply> collect(std::uint64_t ticket);
    /// The transaction that is under way, or none: notes of another one end.
    void in_transaction(base::transaction_id now) noexcept
    {
        if (now == transaction_)
            return; // every event says so: no lock for that
        transaction_ = now;
        notes_.enter(now);
    }
    [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }

    /// Nothing is waited for any more: an answer that is not here counts as late.
    void cut() noexcept;
    /// The session is over: delivers what wakes are outstanding as cancelled, then session_ended to every plugin of `order`.
    void end(const hooks::chain& order) noexcept;

private:
    struct wake_request {
        std::shared_ptr<hooks::plugin> who;
        std::uint64_t token;
        base::instant due;
    };
    struct armed {
        wake_request request;
        io::timer clock;
    };
    void arrived(std::uint64_t ticket, hooks::plugin_reply reply);
    [[nodiscard]] bool has(std::uint64_t ticket) const noexcept { return answer_ && answer_->first == ticket; }
    [[nodiscard]] io::task<void> listen(std::uint64_t ticket, base::instant until);
    void arm();
    void fire(std::list<armed>::iterator which);

    io::loop& home_;
    base::session_id session_;

    std::uint64_t awaited_ = 0;
    bool is_cut_ = false;
    std::optional<std::pair<std::uint64_t, hooks::plugin_reply>> answer_;
    io::timer alarm_;
    std::list<armed> armed_;
    base::transaction_id transaction_;
    session_notes notes_;

    std::mutex guard_; // of what follows
    bool over_ = false;
    std::vector<wake_request> requested_;
};

} // namespace postern::runtime
