#pragma once
// TLS contexts: certificates and rules for one side, never changed once made; a new certificate is a new context, and sessions
// of the old one end with it.
// STANDARDS: RFC 8446, 5246, 8996 (nothing below 1.2), 6066 3 (names). SECURITY: no renegotiation, no compression; peers choose
// the name that they ask for.

#include "core/base/result.hpp"
#include "core/io/certificate.hpp"
#include "core/io/ticket_keys.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace postern::io {

/// The versions there are; older ones are never spoken (RFC 8996).
enum class tls_version : std::uint8_t { v1_2, v1_3 };

/// What a server asks its clients for.
enum class client_certificates : std::uint8_t {
    none,
    request, ///< one that cannot be verified counts as none
    require, ///< no handshake without one that is verified
};

/// A certificate for those who ask for one of the names: "mx.example.org", or "*.example.org" for one more label in front.
struct named_certificate {
    std::vector<std::string> names;
    std::shared_ptr<const certificate> what;
};

/// What a server shows and asks for.
struct server_tls_options {
    std::shared_ptr<const certificate> standard; ///< for whoever asks for no name that is known
    std::vector<named_certificate> named;
    std::vector<std::string>
        groups;          ///< of known_groups(), the best first; those that this OpenSSL lacks are left out. Empty: its own
    std::string ciphers; ///< of TLS 1.2, in OpenSSL's words; empty: its own
    tls_version lowest = tls_version::v1_2;
    client_certificates clients = client_certificates::none;
    std::string client_ca;                ///< a PEM file: whose client certificates are verified
    std::shared_ptr<ticket_keys> tickets; ///< null: the context has keys of its own, which go with it
};

/// Whom a client trusts, and what it shows.
struct client_tls_options {
    bool verify = false;          ///< the peer's chain and name must be good
    std::string trust_file = {};  ///< PEM: anchors; empty: the system's
    std::string certificate = {}; ///< PEM: what is shown to servers that ask for it, with its chain; empty: none
    std::string key = {};
    bool resumes = false; ///< keeps sessions and offers them to servers of the same name
};

/// Groups for key exchange that we have names for, whether or not the OpenSSL at hand has them.
[[nodiscard]] std::span<const std::string_view> known_groups() noexcept;

/// Threads: any.
class tls_context {
public:
    ~tls_context();
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    /// A server's. On failure `why` names the file or the rule, and OpenSSL's reason.
    [[nodiscard]] static std::shared_ptr<tls_context> server(const server_tls_options& options, std::string& why);
    /// The same from PEM files (the chain in `certificate`), with the usual rules.
    [[nodiscard]] static std::shared_ptr<tls_context> server(const std::string& certificate, const std::string& key,
                                                             std::string& why);
    /// A client's.
    [[nodiscard]] static std::shared_ptr<tls_context> client(const client_tls_options& options, std::string& why);
    [[nodiscard]] static std::shared_ptr<tls_context> client(bool verify, const std::string& trust_file, std::string& why);

    [[nodiscard]] ssl_ctx_st* native() const noexcept { return context_; }
    /// Groups that it takes part with, as OpenSSL calls them, joined by ":"; empty: OpenSSL's own.
    [[nodiscard]] const std::string& groups() const noexcept { return groups_; }

    /// A server's, before its handshake: tickets of another `service`, certificate or rule for client certificates are not
    /// taken. `service` lives until the handshake is over.
    void bind(ssl_st* session, const std::string& service) const;
    /// A client's, before its handshake with a server called `name`: offers the session that was kept of it. `name` lives as long
    /// as the session.
    void offer_session(ssl_st* session, const std::string& name);
    /// A handshake with it failed: none is offered the next time.
    void forget_session(const std::string& name);

private:
    struct client_callbacks; // what OpenSSL calls
    struct server_callbacks;
    struct freed {
        void operator()(ssl_session_st* session) const noexcept;
    };
    using kept_session = std::unique_ptr<ssl_session_st, freed>;
    struct entry {
        std::string scope; ///< the first of its names
        ssl_ctx_st* context;
        std::shared_ptr<const certificate> what; // which the context staples
    };

    explicit tls_context(ssl_ctx_st* context) noexcept : context_{context} {}
    [[nodiscard]] bool prepare(ssl_ctx_st* context, const certificate& what, const server_tls_options& options, std::string& why);
    [[nodiscard]] const entry* find(std::string_view name) const;
    void set_scope(ssl_st* session, std::string_view service, std::string_view certificate) const;

    ssl_ctx_st* context_;
    std::string groups_;
    std::shared_ptr<const certificate> standard_;
    std::vector<entry> entries_;
    std::map<std::string, std::size_t, std::less<>> by_name_; ///< lower case
    std::string rule_;                                        ///< for client certificates
    std::shared_ptr<ticket_keys> tickets_;
    std::mutex guard_; // of the sessions of a client
    std::map<std::string, kept_session, std::less<>> sessions_;
};

} // namespace postern::io
