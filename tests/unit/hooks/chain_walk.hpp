#pragma once
// Chains of plugins that answer what a test says, walked as runtime/ walks them.

#include "core/hooks/chain.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::hooks {

/// Answers the same to every question of the hooks that it wants. Without an answer it fails.
class answering final : public plugin {
public:
    answering(std::string name, std::optional<plugin_reply> answer, bool may_vouch = true)
        : name_{std::move(name)}, answer_{std::move(answer)}, may_vouch_{may_vouch}
    {
    }

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] bool wants(hook_point hook) const noexcept override { return !only || *only == hook; }
    [[nodiscard]] bool may_vouch() const noexcept override { return may_vouch_; }
    [[nodiscard]] call_result call(const event&, base::instant, const std::shared_ptr<session_port>&,
                                   plugin_reply& answer) noexcept override
    {
        ++calls;
        if (!answer_)
            return {call_status::failed};
        answer = *answer_;
        return {call_status::answered};
    }
    bool withdraw(std::uint64_t) noexcept override { return true; }
    void wake(base::session_id, std::uint64_t, bool) noexcept override {}
    void session_ended(base::session_id) noexcept override {}

    std::optional<hook_point> only; ///< the one hook that it wants; none: all
    int calls = 0;

private:
    std::string name_;
    std::optional<plugin_reply> answer_;
    bool may_vouch_;
};

inline constexpr permissions everything{true, true, true, true, true, true, true, true, true, true};

/// Links in the order in which they were added.
class links {
public:
    std::shared_ptr<answering> add(std::string name, std::optional<plugin_reply> answer, permissions may = everything,
                                   failure_policy on_error = failure_policy::tempfail, bool may_vouch = true)
    {
        auto who = std::make_shared<answering>(std::move(name), std::move(answer), may_vouch);
        links_.push_back({who, on_error, std::chrono::seconds{5}, may});
        return who;
    }
    [[nodiscard]] std::vector<link> take() { return std::move(links_); }

private:
    std::vector<link> links_;
};

/// All that a walk comes to.
struct walked {
    outcome result;
    std::vector<std::string> failures;
    std::optional<std::string> chunk;
    std::optional<edit> route;
};

[[nodiscard]] inline walked walk(links& order, hook_point hook, draft* target, connection_facts* facts = nullptr,
                                 std::string_view only = {}, outgoing* out = nullptr, dsn_making* dsn = nullptr)
{
    const chain all{order.take()};
    chain_run run{all, hook, target, facts, only, out};
    if (dsn != nullptr)
        run.make(*dsn);
    event what{};
    what.hook = hook;
    walked seen;
    while (const auto* next = run.next()) {
        plugin_reply reply;
        if (next->who->call(what, {}, nullptr, reply).status == call_status::failed)
            run.failed("it threw");
        else
            run.answered(std::move(reply));
        if (!run.failure().empty())
            seen.failures.push_back(run.failure());
    }
    seen.chunk = run.chunk();
    seen.route = run.route();
    seen.result = run.take_result();
    return seen;
}

/// A verdict with a text.
[[nodiscard]] inline plugin_reply says(verdict_kind verdict, std::string text = {})
{
    plugin_reply reply;
    reply.verdict = verdict;
    reply.text = std::move(text);
    return reply;
}

[[nodiscard]] inline plugin_reply edits(std::vector<edit> batch)
{
    plugin_reply reply;
    reply.edits = std::move(batch);
    return reply;
}

} // namespace postern::hooks
