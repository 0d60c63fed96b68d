#pragma once
// How the plugins say that they are. Each is asked on its own thread, all of them at once, and waited for a while.

#include "core/host/plugin_instance.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace postern::daemon {

struct plugin_health {
    enum class state : std::uint8_t {
        ok,
        degraded,
        silent, ///< no answer in time, or none that is sound: `text` says which
    };
    std::string plugin;
    state is = state::silent;
    std::string text;
};

[[nodiscard]] std::string_view name_of(plugin_health::state state) noexcept;

/// Of those that subscribed to it, in the given order. Blocks for `patience` at most.
[[nodiscard]] std::vector<plugin_health> ask_health(const std::vector<std::shared_ptr<plugin_instance>>& whom,
                                                    std::chrono::nanoseconds patience);

} // namespace postern::daemon
