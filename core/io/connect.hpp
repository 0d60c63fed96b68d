#pragma once
// Outgoing connections: a host name or address and a port, or the path of a Unix socket, to a connected socket; or one that
// somebody else has connected. SECURITY: of such a one nothing is believed.

#include "core/base/descriptor.hpp"
#include "core/base/ip_address.hpp"
#include "core/base/result.hpp"
#include "core/io/asio.hpp"
#include "core/io/loop.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::io {

/// A connection and whom it really leads to.
struct connected {
    socket connection;
    base::ip_endpoint peer;
    base::ip_endpoint own; ///< our end of it
};

/// The addresses of `host` by the system's resolver (an address text is its own), in the resolver's order; never empty.
[[nodiscard]] task<base::result<std::vector<base::ip_endpoint>>> resolve(loop& home, std::string host, std::uint16_t port);

/// Ends a connect that is under way, from anywhere on its loop. Outlives it.
class interruption {
public:
    void interrupt() noexcept;
    [[nodiscard]] bool has_come() const noexcept { return has_come_; }
    void clear() noexcept { has_come_ = false; }

private:
    friend class connect_deadline;
    socket* target_ = nullptr;
    bool has_come_ = false;
};

/// Connects; an error when refused, unreachable or not done `within` the time. `by` may be null. `from`: our address, of the
/// family of `to`; nothing: as the system chooses.
[[nodiscard]] task<base::result<connected>> connect(loop& home, base::ip_endpoint to, std::chrono::milliseconds within,
                                                    interruption* by = nullptr,
                                                    std::optional<base::ip_address> from = std::nullopt);
/// Likewise, to the Unix socket at `path`.
[[nodiscard]] task<base::result<socket>> connect_unix(loop& home, std::string path, std::chrono::milliseconds within,
                                                      interruption* by = nullptr);

/// Takes `made` for a connection; an error unless it is a stream that is connected and that nobody here uses. From then on it
/// blocks nobody, and no child process inherits it. Whatever comes of it, `made` has none any more.
[[nodiscard]] base::result<socket> adopt(loop& home, base::descriptor& made);

} // namespace postern::io
