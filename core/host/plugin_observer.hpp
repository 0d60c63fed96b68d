#pragma once
// An instance that observes the server: what happens is copied and told on the instance's own thread.

#include "core/hooks/notice.hpp"
#include "core/host/plugin_instance.hpp"

#include <memory>

namespace postern::daemon {

class plugin_observer final : public hooks::observer {
public:
    explicit plugin_observer(std::shared_ptr<plugin_instance> instance) noexcept : instance_{std::move(instance)} {}

    [[nodiscard]] bool wants(hooks::notice_kind kind) const noexcept override;
    void observe(const hooks::notice& what, base::wall_time when) noexcept override;

private:
    std::shared_ptr<plugin_instance> instance_;
    std::atomic<std::uint64_t> missed_{0}; ///< since the last one that was told
};

} // namespace postern::daemon
