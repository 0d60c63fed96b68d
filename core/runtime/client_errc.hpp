#pragma once
// Why a client's operation failed, as error codes; the server's reply, where there is one, comes as a value beside them.

#include "core/base/result.hpp"
#include "core/session/client_session.hpp"

#include <type_traits>

namespace postern::runtime {

/// Conditions that a caller may want to tell apart. Errors of sockets and names are the system's and Asio's, and a cancelled
/// operation ends with boost::asio::error::operation_aborted.
enum class client_errc {
    refused = 1,     ///< greeting, EHLO, LHLO or RSET: see the reply
    not_accepted,    ///< the server took the message for nobody: see the recipients
    closing,         ///< 421: see the reply
    no_tls,          ///< TLS is required and is not offered, or was refused
    tls_failed,      ///< the handshake failed, or the certificate is not to be trusted
    injected,        ///< octets in the clear behind the reply to STARTTLS
    lost,            ///< the server went away without a word
    timed_out,       ///< the server was silent for too long, or the operation's deadline has passed
    malformed_reply, ///< what is no reply of SMTP
    endless_reply,   ///< a line, or a reply, over its limit
    out_of_place,    ///< a reply that cannot answer the command, or one that nobody asked for
    no_mechanism,    ///< the server offers no mechanism that the credentials and the channel allow
    login_refused,   ///< 4yz or 5yz to AUTH: see the reply
    login_given_up,  ///< the mechanism could not go on: what the server said is wrong, or the credentials cannot be said
    unproved,        ///< the server takes a login without having proved that it knows the password
    not_connected,   ///< connect first
    busy,            ///< an operation is under way: one at a time
    bad_argument,    ///< a host name, address or command that is empty, too long, or holds CR, LF or another control
    content_failed,  ///< the source of the message gave an error, or octets that are not lines of text with CRLF
    unverified,      ///< the message asks for REQUIRETLS, and nobody verified the server's certificate
};

/// Lets a client_errc stand where an error_code is wanted. The category is "postern.client".
[[nodiscard]] base::error_code make_error_code(client_errc code) noexcept;

/// What a session's end means to its caller; no error: it has not ended, or politely.
[[nodiscard]] base::error_code error_of(session::client_fault fault) noexcept;

} // namespace postern::runtime

template <>
struct boost::system::is_error_code_enum<postern::runtime::client_errc> : std::true_type {
};
