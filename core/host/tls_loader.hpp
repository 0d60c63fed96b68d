#pragma once
// The TLS contexts of a configuration, made of its files; and the same again when files have changed under a running server.
// It must not know plugins or sessions.

#include "core/base/clock.hpp"
#include "core/host/config.hpp"
#include "core/io/tls.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern::daemon {

/// TLS contexts of a configuration. Read apart from the rest, since a key may be root's while all else belongs to a user.
struct tls_contexts {
    std::shared_ptr<io::tls_context> server; ///< under the rule of [tls] for client certificates; null without [tls]
    std::array<std::shared_ptr<io::tls_context>, 3>
        by_rule;                             ///< by io::client_certificates: of listeners with a rule of their own
    std::shared_ptr<io::tls_context> client; ///< null with delivery.tls = "none"
    std::optional<tls_settings> settings;    ///< what `server` was made by
    /// The pairs in force: the standard one, then those with names. An entry of before, where its files could not be used.
    std::vector<std::shared_ptr<const io::certificate>> certificates;
    std::shared_ptr<io::ticket_keys> tickets; ///< kept for as long as the process lives
    std::vector<std::string> kept;            ///< why entries of `certificates` are those of before: "FILE: reason" each

    /// Null: the listener has no TLS.
    [[nodiscard]] const std::shared_ptr<io::tls_context>& of(const listener_settings& listener) const
    {
        return listener.clients ? by_rule.at(static_cast<std::size_t>(*listener.clients)) : server;
    }
};

/// `before`: what a running server has. A server that gave root up may not be able to read its files again; then, if the
/// configuration names the same ones, it keeps what it read as root. All other failures are problems.
[[nodiscard]] tls_contexts load_tls(const config& from, problems& found, const tls_contexts* before = nullptr);

/// The same for files that have changed under the same configuration: a certificate whose files cannot be used (yet) stays what
/// it is, and the others are replaced. `found`: nothing can be made of it, and all has to stay.
[[nodiscard]] tls_contexts reload_tls(const tls_contexts& before, problems& found);

/// What deliveries use where nobody asks for a verified name. Null: a problem was found.
[[nodiscard]] std::shared_ptr<io::tls_context> unverified_tls(const config& from, problems& found);

/// What is wrong with certificates that can be served all the same: out of their time, not for a name that they are to serve.
[[nodiscard]] problems remarks_on(const tls_contexts& made, base::wall_time now);

/// All files that contexts of these settings are made of.
[[nodiscard]] std::vector<std::filesystem::path> tls_files(const config& from);

} // namespace postern::daemon
