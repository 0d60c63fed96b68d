#pragma once
// A connection that a trusted proxy made, until its PROXY header has said for whom: nothing of it is served before. It must not
// know sessions.
// SECURITY: only connections of trusted proxies come here; one that lies or says nothing is closed, never guessed about.

#include "core/io/listener.hpp"
#include "core/io/loop.hpp"
#include "core/io/stream.hpp"

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace postern::runtime {

/// Threads: its loop's.
class proxied_arrival : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    proxied_arrival(io::loop& home, io::accepted from) noexcept
        : peer_{from.peer}, local_{from.local}, stream_{home, std::move(from.connection)}
    {
    }

    /// Reads the header, and not an octet more, within the time. The connection with the addresses that count: the client's, or
    /// the proxy's own where it speaks for itself. Nothing: it has been closed, and `why`.
    [[nodiscard]] io::task<std::optional<io::accepted>> meet(std::chrono::milliseconds within, std::string& why);
    /// The header named no client: the proxy speaks for itself.
    [[nodiscard]] bool is_proxys_own() const noexcept { return is_proxys_own_; }
    /// Ends meet().
    void interrupt() noexcept { stream_.interrupt(); }

private:
    base::ip_endpoint peer_;
    base::ip_endpoint local_;
    io::stream stream_;
    bool is_proxys_own_ = false;
};

} // namespace postern::runtime
