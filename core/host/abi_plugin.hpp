#pragma once
// hooks::plugin over the C contract: a plugin file in a chain.

#include "core/hooks/plugin.hpp"
#include "core/host/plugin_instance.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace postern::daemon {

/// A plugin that does not answer inside handle costs one allocation; one that does costs none.
class abi_plugin final : public hooks::plugin, public std::enable_shared_from_this<abi_plugin> {
public:
    [[nodiscard]] static std::shared_ptr<abi_plugin> over(std::shared_ptr<plugin_instance> instance);

    [[nodiscard]] const std::string& name() const noexcept override { return instance_->name(); }
    [[nodiscard]] bool wants(hooks::hook_point hook) const noexcept override { return instance_->wants(hook); }
    [[nodiscard]] bool observes(hooks::hook_point hook) const noexcept override
    {
        return hooks::is_notification(hook) || instance_->observes(hook);
    }
    [[nodiscard]] bool may_vouch() const noexcept override { return may_vouch_; }
    [[nodiscard]] hooks::call_result call(const hooks::event& what, base::instant until,
                                          const std::shared_ptr<hooks::session_port>& port,
                                          hooks::plugin_reply& answer) noexcept override;
    [[nodiscard]] bool withdraw(std::uint64_t ticket) noexcept override;
    void wake(base::session_id session, std::uint64_t token, bool cancelled) noexcept override;
    void session_ended(base::session_id session) noexcept override;

    [[nodiscard]] plugin_instance& instance() noexcept { return *instance_; }
    /// Where it wants to stand, and what others call it who say so.
    [[nodiscard]] const order_wishes& order() const noexcept { return instance_->order(); }
    [[nodiscard]] const common_services& services() const noexcept { return instance_->services(); }
    [[nodiscard]] std::string_view id() const noexcept { return instance_->library().table().id; }
    [[nodiscard]] const plugin_instance& instance() const noexcept { return *instance_; }

private:
    explicit abi_plugin(std::shared_ptr<plugin_instance> instance);
    [[nodiscard]] std::uint64_t cookie_of(const hooks::event& what, const std::shared_ptr<hooks::session_port>& port);
    [[nodiscard]] hooks::call_result ask(const hooks::event& what, std::uint64_t cookie, std::int64_t deadline_ns,
                                         const std::shared_ptr<hooks::session_port>& port, hooks::plugin_reply& answer);
    [[nodiscard]] hooks::call_result ask_later(const hooks::event& what, std::uint64_t cookie, std::int64_t deadline_ns,
                                               const std::shared_ptr<hooks::session_port>& port, hooks::plugin_reply& answer);

    std::shared_ptr<plugin_instance> instance_;
    bool may_vouch_;
};

} // namespace postern::daemon
