#pragma once
// A plugin of a chain as a function: for tests of what asks plugins.

#include "core/hooks/plugin.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace postern::test {

/// What a lambda_plugin's function may use.
struct asked {
    const hooks::event& what;
    const std::shared_ptr<hooks::session_port>& port;
    hooks::plugin_reply& answer;
};

/// Threads: as hooks::plugin; the records of what happened are locked.
class lambda_plugin final : public hooks::plugin, public std::enable_shared_from_this<lambda_plugin> {
public:
    using function = std::function<hooks::call_result(const asked&)>;

    lambda_plugin(std::string name, std::set<hooks::hook_point> hooks, function on, bool vouches = false)
        : name_{std::move(name)}, hooks_{std::move(hooks)}, on_{std::move(on)}, vouches_{vouches}
    {
    }

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] bool wants(hooks::hook_point hook) const noexcept override { return hooks_.contains(hook); }
    [[nodiscard]] bool observes(hooks::hook_point hook) const noexcept override { return observed.contains(hook); }
    [[nodiscard]] bool may_vouch() const noexcept override { return vouches_; }
    [[nodiscard]] hooks::call_result call(const hooks::event& what, base::instant,
                                          const std::shared_ptr<hooks::session_port>& port,
                                          hooks::plugin_reply& answer) noexcept override
    {
        ++calls;
        return on_({what, port, answer});
    }
    bool withdraw(std::uint64_t ticket) noexcept override
    {
        const std::lock_guard lock{guard_};
        withdrawn_.push_back(ticket);
        return !on_withdraw || on_withdraw();
    }
    void wake(base::session_id, std::uint64_t token, bool cancelled) noexcept override
    {
        const std::lock_guard lock{guard_};
        wakes_.emplace_back(token, cancelled);
    }
    void session_ended(base::session_id) noexcept override { ++ended; }

    [[nodiscard]] std::vector<std::pair<std::uint64_t, bool>> wakes() const
    {
        const std::lock_guard lock{guard_};
        return wakes_;
    }
    [[nodiscard]] std::vector<std::uint64_t> withdrawn() const
    {
        const std::lock_guard lock{guard_};
        return withdrawn_;
    }

    std::set<hooks::hook_point> observed; ///< at which it only watches; set before it is in a chain
    std::function<bool()> on_withdraw;    ///< false: the answer was given just before; set before use
    std::atomic<int> calls{0};
    std::atomic<int> ended{0};

private:
    std::string name_;
    std::set<hooks::hook_point> hooks_;
    function on_;
    bool vouches_;
    mutable std::mutex guard_;
    std::vector<std::pair<std::uint64_t, bool>> wakes_;
    std::vector<std::uint64_t> withdrawn_;
};

/// The answer that a relay policy gives: this recipient is ours.
inline hooks::call_result vouch(const asked& about)
{
    about.answer.vouches = true;
    return {hooks::call_status::answered};
}

} // namespace postern::test
