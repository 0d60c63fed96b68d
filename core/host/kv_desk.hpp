#pragma once
// Requests of postern.kv/1 brought to the plugin that provides postern.kv-store/1. An answer may come inside the call, or on the
// store's own thread while it is in reply: whoever gets it calls no plugin there.

#include "core/host/deadline_timer.hpp"
#include "core/host/plugin_instance.hpp"

#include <postern/abi/kv_store.h>

#include <chrono>
#include <functional>
#include <memory>

namespace postern::daemon {

/// Threads: any.
class kv_desk {
public:
    /// An answer as an event of postern.kv/1, without session and token.
    using handler = std::function<void(owned_event)>;

    kv_desk(std::shared_ptr<plugin_instance> store, std::shared_ptr<deadline_timer> timer, std::chrono::nanoseconds patience)
        : store_{std::move(store)}, timer_{std::move(timer)}, patience_{patience}
    {
    }

    /// `what` is a request or a scan that was checked; its head is filled in here. `done` is called once.
    void ask(postern_ev_kv_store what, std::uint32_t hook, handler done);

    [[nodiscard]] plugin_instance& store() noexcept { return *store_; }

private:
    std::shared_ptr<plugin_instance> store_;
    std::shared_ptr<deadline_timer> timer_;
    std::chrono::nanoseconds patience_;
};

} // namespace postern::daemon
