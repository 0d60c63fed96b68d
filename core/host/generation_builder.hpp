#pragma once
// Configuration and plugins -> runtime::generation: what a running server is given.

#include "core/host/config.hpp"
#include "core/host/deadline_timer.hpp"
#include "core/host/login_key.hpp"
#include "core/host/plugin_set.hpp"
#include "core/host/tls_loader.hpp"
#include "core/runtime/server.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace postern::daemon {

/// `plugins` may be dropped afterwards: chains and transports hold what they need.
[[nodiscard]] std::shared_ptr<const runtime::generation>
build_generation(const config& from, const plugin_set& plugins, const tls_contexts& tls,
                 const std::shared_ptr<deadline_timer>& timer, std::uint32_t number, login_key_source& key, problems& found);

/// The same with the contexts of `after` where it has those of `before`: other certificates, and nothing else.
[[nodiscard]] std::shared_ptr<const runtime::generation> with_tls(const runtime::generation& current, const tls_contexts& before,
                                                                  const tls_contexts& after);

[[nodiscard]] std::vector<runtime::listener_address> listener_addresses(const config& from);

} // namespace postern::daemon
