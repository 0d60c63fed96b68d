#pragma once
// What the configuration tells a server session. Plain values; one object a listener and generation.

#include "core/hooks/domain_map.hpp"
#include "core/session/auth_offer.hpp"
#include "core/session/extensions.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace postern::session {

/// A bare CR, bare LF or NUL in content: refuse the message after its real end, or (for old clients in trusted networks)
/// make a bare LF a CRLF before anything sees it. Bare CR and NUL are refused either way.
enum class bare_line_end : std::uint8_t { refuse, normalize };

/// When a listener speaks TLS.
enum class server_tls : std::uint8_t {
    none,     ///< not offered
    offered,  ///< STARTTLS offered
    required, ///< STARTTLS must come before MAIL (530 5.7.0)
    implicit, ///< the connection is TLS from its first octet
};

/// What a session takes at most. See docs/reference/configuration.md.
struct server_limits {
    std::uint64_t message_size = std::uint64_t{50} << 20U; ///< octets of content; 0: none
    std::uint32_t recipients = 1000;                       ///< a transaction; RFC 5321 4.5.3.1.8 asks for 100 at least
    std::uint32_t received = 100;                          ///< Received fields: more is a loop (RFC 5321 6.3)
    std::uint32_t line = 2048;   ///< octets of a command line with its CRLF; RFC 5321 4.5.3.1.4 asks for 512, extensions add
    std::uint32_t text_line = 0; ///< octets of a content line with its CRLF; 0: no limit; RFC 5321 4.5.3.1.6 asks for 1000
    std::uint32_t header_size = 256U << 10U; ///< octets of the header section, which is kept in memory
    std::uint32_t errors = 20;               ///< erroneous commands a connection, the second half with pauses, then 421
    std::uint32_t idle_commands = 1000;      ///< NOOP, RSET, VRFY, refused MAIL and RCPT between two messages, likewise
};

/// How the sessions of a listener behave.
struct server_config {
    std::string hostname;
    std::string software = "Postern"; ///< in the greeting and in Received
    server_limits limits;
    server_tls tls = server_tls::none;
    bare_line_end bare = bare_line_end::refuse;
    bool lmtp = false;         ///< LMTP in place of SMTP (RFC 2033)
    bool fills_fields = false; ///< submission: Date and Message-ID are added where they are missing (RFC 6409 8.2, 8.3)
    bool pipelining = true;
    bool chunking = true;
    bool binarymime = true;
    bool smtputf8 = true;
    bool dsn = true;
    std::shared_ptr<const auth_offer> auth;                ///< null: nobody can log in
    std::shared_ptr<const session::extensions> extensions; ///< of plugins; null: none
    std::shared_ptr<const hooks::domain_map> domains;      ///< with chains of their own; null: none
};

} // namespace postern::session
