#pragma once
// Configuration and plugins -> runtime::generation: what a running server is given.

#include "core/host/config.hpp"
#include "core/host/deadline_timer.hpp"
#include "core/host/plugin_set.hpp"
#include "core/runtime/server.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern::daemon {

/// TLS contexts of a configuration. Read apart from the rest, since a key may be root's while all else belongs to a user.
struct tls_contexts {
    std::shared_ptr<io::tls_context> server;   ///< null without [tls]
    std::shared_ptr<io::tls_context> client;   ///< null with delivery.tls = "none"
    std::optional<certificate_settings> files; ///< what `server` was read from
    std::string kept;                          ///< set when `server` is the one of before: "FILE: why it cannot be read"
};

/// `before`: what a running server has. A server that gave root up may not be able to read its files again; then, if the
/// configuration names the same ones, it keeps what it read as root. All other failures are problems.
[[nodiscard]] tls_contexts load_tls(const config& from, problems& found, const tls_contexts* before = nullptr);

/// `plugins` may be dropped afterwards: chains and transports hold what they need.
[[nodiscard]] std::shared_ptr<const runtime::generation> build_generation(const config& from, const plugin_set& plugins,
                                                                          const tls_contexts& tls,
                                                                          const std::shared_ptr<deadline_timer>& timer,
                                                                          std::uint32_t number, problems& found);

[[nodiscard]] std::vector<runtime::listener_address> listener_addresses(const config& from);

} // namespace postern::daemon
