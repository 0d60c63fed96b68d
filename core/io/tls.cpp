#include "core/io/tls.hpp"

#include "core/io/tls_rules.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <utility>

namespace postern::io {

namespace {

constexpr std::size_t most_sessions = 1000; // of a client; each is some KiB

/// What it is under in SSL: whose session a new one is.
const std::string* server_of(const SSL* session) noexcept
{
    return static_cast<const std::string*>(SSL_get_app_data(session));
}

} // namespace

bool apply_common_rules(SSL_CTX* context, tls_version lowest)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    // RFC 8996: nothing below TLS 1.2.
    return SSL_CTX_set_min_proto_version(context, lowest == tls_version::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1;
}

void tls_context::freed::operator()(ssl_session_st* session) const noexcept
{
    SSL_SESSION_free(session);
}

tls_context::~tls_context()
{
    for (const auto& each : entries_)
        SSL_CTX_free(each.context);
    SSL_CTX_free(context_);
}

std::shared_ptr<tls_context> tls_context::client(bool verify, const std::string& trust_file, std::string& why)
{
    return client({.verify = verify, .trust_file = trust_file}, why);
}

struct tls_context::client_callbacks {
    /// RFC 8446 4.6.1: tickets of TLS 1.3 come behind the handshake, so they are caught where they come.
    static int keep(SSL* session, SSL_SESSION* made)
    {
        auto& self = *static_cast<tls_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
        const auto* const name = server_of(session);
        if (name == nullptr)
            return 0;
        const std::lock_guard lock{self.guard_};
        if (self.sessions_.size() >= most_sessions && !self.sessions_.contains(*name))
            self.sessions_.erase(self.sessions_.begin());
        self.sessions_[*name].reset(made);
        return 1; // it is ours now
    }
};

std::shared_ptr<tls_context> tls_context::client(const client_tls_options& options, std::string& why)
{
    ERR_clear_error();
    std::shared_ptr<tls_context> made{new tls_context{SSL_CTX_new(TLS_client_method())}};
    auto* const context = made->context_;
    if (context == nullptr || !apply_common_rules(context, tls_version::v1_2)) {
        why = openssl_reason();
        return nullptr;
    }
    if (!options.certificate.empty()) {
        const auto own = certificate::load({options.certificate, options.key, {}}, why);
        if (own == nullptr)
            return nullptr;
        if (!own->apply(context)) {
            why = options.certificate + ": " + openssl_reason();
            return nullptr;
        }
    }
    if (options.verify) {
        if (SSL_CTX_dane_enable(context) != 1) { // for sessions that bring TLSA records
            why = openssl_reason();
            return nullptr;
        }
        const int loaded = options.trust_file.empty()
                               ? SSL_CTX_set_default_verify_paths(context)
                               : SSL_CTX_load_verify_locations(context, options.trust_file.c_str(), nullptr);
        if (loaded != 1) {
            why = (options.trust_file.empty() ? std::string{"the system's certificates"} : options.trust_file) + ": " +
                  openssl_reason();
            return nullptr;
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    } else {
        // Opportunistic TLS (RFC 7435): any certificate is better than none; SSL_set1_host is not enforced without VERIFY_PEER.
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    }
    if (options.resumes) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_set_app_data(context, made.get());
        SSL_CTX_sess_set_new_cb(context, client_callbacks::keep);
    }
    return made;
}

void tls_context::offer_session(ssl_st* session, const std::string& name)
{
    if (name.empty() || (SSL_CTX_get_session_cache_mode(context_) & SSL_SESS_CACHE_CLIENT) == 0)
        return;
    SSL_set_app_data(session, const_cast<std::string*>(&name));
    kept_session earlier;
    {
        const std::lock_guard lock{guard_};
        if (const auto found = sessions_.find(name); found != sessions_.end()) {
            earlier = std::move(found->second);
            sessions_.erase(found); // RFC 8446 C.4: a ticket is shown once
            if (SSL_SESSION_get_protocol_version(earlier.get()) < TLS1_3_VERSION && SSL_SESSION_up_ref(earlier.get()) == 1)
                sessions_[name].reset(earlier.get()); // a TLS 1.2 server gives no new one each time
        }
    }
    if (earlier != nullptr && SSL_SESSION_is_resumable(earlier.get()) == 1)
        SSL_set_session(session, earlier.get()); // which counts a reference
}

void tls_context::forget_session(const std::string& name)
{
    const std::lock_guard lock{guard_};
    if (const auto found = sessions_.find(name); found != sessions_.end())
        sessions_.erase(found);
}

} // namespace postern::io
