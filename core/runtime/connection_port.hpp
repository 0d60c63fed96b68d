#pragma once
// Where what plugins do later arrives for one session: answers to pending tickets, and wakes. It outlives the session for as
// long as somebody may still call it, and then says that the session is over.

#include "core/base/clock.hpp"
#include "core/base/rare.hpp"
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
#include <span>
#include <vector>

namespace postern::runtime {

/// An answer, and when it came: whoever takes it may have been busy with something else.
struct arrival {
    std::uint64_t ticket;
    hooks::plugin_reply reply;
    base::instant when;
};

/// Plugins that are asked at the same time have a lane each: tickets of two of them may have the same number.
/// Threads: answer, wake and post any; the rest on the loop's.
class connection_port final : public hooks::session_port, public std::enable_shared_from_this<connection_port> {
public:
    /// `clock`: of those who time the answers.
    connection_port(io::loop& home, base::session_id session, const base::clock& clock)
        : home_{home}, session_{session}, clock_{clock}
    {
    }

    void answer(std::uint64_t ticket, hooks::plugin_reply reply) noexcept override; ///< on the first lane
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

    /// What the plugin that is asked on lane `index` answers through.
    [[nodiscard]] std::shared_ptr<hooks::session_port> lane(std::size_t index);
    /// The answer to `ticket`, if it has come. One ticket at a time a lane, and none is left behind: before the next, one that
    /// got nothing is withdrawn, or listened for until it comes.
    [[nodiscard]] base::rare<arrival> take(std::size_t index, std::uint64_t ticket);
    /// Until an answer comes on some lane, `until` passed, or cut(). Look what has come before calling it, and afterwards; true:
    /// `until` passed.
    [[nodiscard]] io::task<bool> listen(base::instant until);
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
    /// The session is over: delivers what wakes are outstanding as cancelled, then session_ended to every plugin of `order`, and
    /// of `more` who is not in it.
    void end(const hooks::chain& order, std::span<const std::shared_ptr<const hooks::chain>> more = {}) noexcept;

private:
    class side final : public hooks::session_port {
    public:
        explicit side(connection_port& whole) noexcept : whole_{whole} {}
        void answer(std::uint64_t ticket, hooks::plugin_reply reply) noexcept override;
        [[nodiscard]] bool wake(std::shared_ptr<hooks::plugin> who, std::uint64_t token,
                                std::chrono::nanoseconds delay) noexcept override
        {
            return whole_.wake(std::move(who), token, delay);
        }
        [[nodiscard]] bool post(std::function<void()> job) noexcept override { return whole_.post(std::move(job)); }
        [[nodiscard]] hooks::note_status set_note(base::transaction_id of, std::string_view name, std::string_view value) override
        {
            return whole_.set_note(of, name, value);
        }
        [[nodiscard]] std::int64_t copy_note(std::string_view name, char* to, std::size_t room) const override
        {
            return whole_.copy_note(name, to, room);
        }

        base::rare<arrival> came; ///< on the loop's thread

    private:
        connection_port& whole_;
    };
    [[nodiscard]] side& at(std::size_t index) { return index == 0 ? first_ : *others_[index - 1]; }
    struct wake_request {
        std::shared_ptr<hooks::plugin> who;
        std::uint64_t token;
        base::instant due;
    };
    struct armed {
        wake_request request;
        io::timer clock;
    };
    void ring();
    void arm();
    void fire(std::list<armed>::iterator which);

    io::loop& home_;
    base::session_id session_;
    const base::clock& clock_;

    bool is_cut_ = false;
    side first_{*this};
    std::vector<std::unique_ptr<side>> others_; // made when they are first needed; those who answer hold addresses of them
    std::unique_ptr<io::timer> alarm_;          // made when somebody first answers later
    std::list<armed> armed_;
    base::transaction_id transaction_;
    session_notes notes_;

    std::mutex guard_; // of what follows
    bool over_ = false;
    std::vector<wake_request> requested_;
};

} // namespace postern::runtime
