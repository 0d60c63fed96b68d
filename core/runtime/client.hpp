#pragma once
// Sending mail from a program: what there is to say, what comes of it, and one message sent while the caller waits. Operations
// for programs with an io_context of their own are in smtp_client.hpp, many connections in client_pool.hpp, loads in load.hpp.
// STANDARDS: RFC 5321, 2033, 4954, 8314. SECURITY: servers may be hostile; what cannot be said in a command is refused.

#include "core/base/result.hpp"
#include "core/delivery/settings.hpp"
#include "core/message/envelope.hpp"
#include "core/protocol/reply.hpp"
#include "core/sasl/client_mechanism.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::io {
class tls_context;
}

namespace postern::runtime {

/// How a connection comes under TLS.
enum class client_tls_use : std::uint8_t {
    none,          ///< STARTTLS is not used
    starttls,      ///< required: without it nothing is said of a message
    implicit,      ///< from the first octet
    opportunistic, ///< STARTTLS where it is offered
};

/// What goes over a connection, for whoever wants to see it.
struct client_traffic {
    enum class kind : std::uint8_t { said, heard, secured };
    kind what = kind::said;
    std::string_view octets; ///< as they are, in whatever portions; of `secured`: version and cipher
    bool is_secret = false;  ///< part of a login: not to be written down
};

/// How to reach a server and who to be there. One object serves many connections.
struct client_options {
    std::string host; ///< name or address text, for SNI and checking the certificate too; "unix:/PATH": a Unix socket
    std::uint16_t port = 25;
    std::string hostname = "localhost"; ///< for EHLO or LHLO
    bool lmtp = false;                  ///< RFC 2033
    client_tls_use tls = client_tls_use::none;
    std::shared_ptr<io::tls_context> tls_context; ///< needed unless tls is none
    std::string tls_name;                         ///< in place of `host` for SNI and the certificate; empty: `host`

    sasl::credentials login;     ///< all empty: no login
    std::string mechanism;       ///< the only one that will do; empty: the best that is offered
    bool login_in_clear = false; ///< PLAIN, LOGIN and tokens outside TLS too
    /// Makes a mechanism of the caller's own, which is used whatever is offered; empty: one of ours.
    std::function<std::unique_ptr<sasl::client_mechanism>(const sasl::channel_facts&)> own_mechanism;

    bool pipelining = true;
    bool chunking = true;                  ///< BDAT where it is offered
    delivery::timeouts timeout;            ///< of each phase (RFC 5321 4.5.3.2)
    std::chrono::milliseconds deadline{0}; ///< of each whole operation; 0: none
    std::size_t reply_line = 2048;         ///< octets of a line of a reply; a longer one ends the connection
    /// Is shown all traffic, on the thread of the connection; empty: nobody is.
    std::function<void(const client_traffic&)> watch;

    [[nodiscard]] bool wants_login() const noexcept;
};

/// A message for blocking calls.
struct outgoing {
    message::envelope envelope;
    std::string content; ///< header section, empty line, body; canonical octets (CRLF), not dot-stuffed
};

/// What became of a message for one recipient.
struct sent_recipient {
    std::string address;
    bool accepted = false;
    bool temporary = false;      ///< not accepted, but may be later
    std::uint16_t smtp_code = 0; ///< 0: there was no reply, and `text` says why
    std::string enhanced;        ///< "5.7.1"; empty: the reply had none
    std::string text;
};

/// What became of a message.
struct send_result {
    base::error_code error;                 ///< none: the server has taken the message for somebody
    std::string failure;                    ///< why no transaction took place, in words; empty: see the recipients
    protocol::reply reply;                  ///< that refused connection or login; code 0: none did
    std::vector<sent_recipient> recipients; ///< in the envelope's order; empty: no transaction took place
    bool may_be_duplicate = false;          ///< all was sent and no reply came: the server may have the message (RFC 1047)
    [[nodiscard]] bool all_accepted() const noexcept;
};

/// AUTH= of MAIL (RFC 4954 5): who submitted it first, said where AUTH is offered. `identity` empty: "<>".
[[nodiscard]] message::parameter auth_parameter(std::string_view identity);
/// REQUIRETLS (RFC 8689): the message goes only inside TLS, to a server that offers this and whose certificate was verified:
/// a `tls_context` that verifies.
[[nodiscard]] message::parameter require_tls();
/// "KEY" or "KEY=VALUE", as any extension has it. `extension`: the keyword of EHLO without which the message does not go; empty:
/// it is said whatever is offered.
[[nodiscard]] message::parameter any_parameter(std::string_view text, std::string extension = {});

/// `text` with the line ends of mail: LF and CRLF become CRLF, and the last line is ended.
[[nodiscard]] std::string canonical(std::string_view text);

/// Sends one message on a connection of its own: connects, logs in, sends, says QUIT. Blocks, for as long as the timeouts allow.
[[nodiscard]] send_result send_message(const client_options& options, const outgoing& what);

} // namespace postern::runtime
