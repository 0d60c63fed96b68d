#pragma once
// delivery::transport over a plugin that provides postern.delivery/1.

#include "core/delivery/transport.hpp"
#include "core/host/deadline_timer.hpp"
#include "core/host/plugin_instance.hpp"

#include <chrono>
#include <memory>

namespace postern::daemon {

/// The tickets of one transport that wait for an answer, so that all can be given up at once. Threads: any.
class open_deliveries;

/// Silence past `patience` is `deferred` for every recipient; a later answer is stale, and counted. So is everything that is
/// open at interrupt(), or asked for afterwards.
class plugin_transport final : public delivery::transport {
public:
    plugin_transport(std::shared_ptr<plugin_instance> instance, std::shared_ptr<deadline_timer> timer,
                     std::chrono::nanoseconds patience);

    void deliver(const delivery::transport_job& what, std::function<void(std::vector<delivery::recipient_result>)> done) override;
    void interrupt() noexcept override;

private:
    [[nodiscard]] std::uint64_t enter(base::session_id job);

    std::shared_ptr<plugin_instance> instance_;
    std::shared_ptr<deadline_timer> timer_;
    std::chrono::nanoseconds patience_;
    std::shared_ptr<open_deliveries> open_;
};

} // namespace postern::daemon
