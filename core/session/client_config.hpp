#pragma once
// What a client session is told before it begins. Plain values; one object serves many connections.

#include <cstddef>
#include <cstdint>
#include <string>

namespace postern::session {

enum class client_tls : std::uint8_t {
    none,          ///< STARTTLS is not used, offered or not (also: the connection is TLS already, or a handshake just failed)
    opportunistic, ///< used where offered; a refused STARTTLS goes on in clear
    required,      ///< nothing of a message is said before TLS
};

struct client_limits {
    std::uint32_t recipients_ahead = 100; ///< RCPTs whose replies may be outstanding (RFC 2920); 1 at least
    std::uint32_t chunks_ahead = 8;       ///< BDAT chunks whose replies may be outstanding; 1 at least
    std::uint32_t reply_text = 1024;      ///< octets kept of a reply's text
    std::size_t reply_line = 2048;        ///< octets of a line of a reply, with its CRLF; while logging in 12300 at least
    /// Octets. Shorter pieces of content are copied, in less time than a further place to send from takes.
    std::size_t lends_from = 8192;
};

struct client_config {
    std::string hostname; ///< the argument of EHLO; a name or an address literal
    client_tls tls = client_tls::opportunistic;
    bool lmtp = false;      ///< RFC 2033: LHLO, and a reply for each recipient at the end of a message
    bool pipelining = true; ///< use PIPELINING where offered
    bool chunking = true;   ///< use BDAT where offered
    client_limits limits;
};

} // namespace postern::session
