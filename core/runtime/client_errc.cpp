#include "core/runtime/client_errc.hpp"

#include <string>

namespace postern::runtime {

namespace {

class category final : public base::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "postern.client"; }
    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<client_errc>(value)) {
        case client_errc::refused:
            return "the server refuses the connection";
        case client_errc::not_accepted:
            return "the server takes the message for nobody";
        case client_errc::closing:
            return "the server closes the connection (421)";
        case client_errc::no_tls:
            return "TLS is required and the server does not offer it";
        case client_errc::tls_failed:
            return "the TLS handshake failed";
        case client_errc::injected:
            return "something came in the clear behind the reply to STARTTLS";
        case client_errc::lost:
            return "the connection was lost";
        case client_errc::timed_out:
            return "the server was silent for too long";
        case client_errc::malformed_reply:
            return "the server said something that is no reply of SMTP";
        case client_errc::endless_reply:
            return "the server's reply is too long";
        case client_errc::out_of_place:
            return "the server sent a reply that answers no command of ours";
        case client_errc::no_mechanism:
            return "the server offers no login mechanism that the credentials and the connection allow";
        case client_errc::login_refused:
            return "the server refuses the login";
        case client_errc::login_given_up:
            return "the login could not be gone on with";
        case client_errc::unproved:
            return "the server takes the login without having proved that it knows the password";
        case client_errc::not_connected:
            return "not connected";
        case client_errc::busy:
            return "another operation is under way";
        case client_errc::bad_argument:
            return "a name, address or command that cannot be said";
        case client_errc::content_failed:
            return "the message could not be read, or it has a NUL, or a CR or LF that is not part of a line end";
        case client_errc::unverified:
            return "the message needs a server whose certificate was verified (REQUIRETLS)";
        }
        return "unknown error";
    }
};

} // namespace

base::error_code make_error_code(client_errc code) noexcept
{
    static constexpr category instance;
    return {static_cast<int>(code), instance};
}

base::error_code error_of(session::client_fault fault) noexcept
{
    using enum session::client_fault;
    switch (fault) {
    case none:
        return {};
    case refused:
        return client_errc::refused;
    case closing:
        return client_errc::closing;
    case no_login:
        return client_errc::login_refused;
    case no_tls:
        return client_errc::no_tls;
    case tls_failed:
        return client_errc::tls_failed;
    case injected:
        return client_errc::injected;
    case lost:
        return client_errc::lost;
    case timed_out:
        return client_errc::timed_out;
    case malformed_reply:
        return client_errc::malformed_reply;
    case endless_reply:
        return client_errc::endless_reply;
    case out_of_place:
    case unasked:
        return client_errc::out_of_place;
    case unproved:
        return client_errc::unproved;
    case content_failed:
        return client_errc::content_failed;
    case hostname:
        return client_errc::bad_argument;
    }
    return client_errc::lost;
}

} // namespace postern::runtime
