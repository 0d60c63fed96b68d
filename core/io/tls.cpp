#include "core/io/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>

namespace postern::io {

namespace {

std::string openssl_reason()
{
    std::array<char, 256> text{};
    const auto code = ERR_peek_last_error();
    if (code == 0)
        return "unknown reason";
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

/// What both sides share. RFC 8996: nothing below TLS 1.2.
bool apply_common_rules(SSL_CTX* context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

} // namespace

tls_context::~tls_context()
{
    SSL_CTX_free(context_);
}

std::shared_ptr<tls_context> tls_context::server(const std::string& certificate, const std::string& key, std::string& why)
{
    ERR_clear_error();
    std::shared_ptr<tls_context> made{new tls_context{SSL_CTX_new(TLS_server_method())}};
    if (made->context_ == nullptr || !apply_common_rules(made->context_)) {
        why = openssl_reason();
        return nullptr;
    }
    if (SSL_CTX_use_certificate_chain_file(made->context_, certificate.c_str()) != 1) {
        why = certificate + ": " + openssl_reason();
        return nullptr;
    }
    if (SSL_CTX_use_PrivateKey_file(made->context_, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        why = key + ": " + openssl_reason();
        return nullptr;
    }
    if (SSL_CTX_check_private_key(made->context_) != 1) {
        why = key + ": does not belong to " + certificate;
        return nullptr;
    }
    // A session of one context is not valid in another: each has its own ticket keys. Services that share one tell them apart by
    // their session id context (stream::handshake).
    SSL_CTX_set_session_cache_mode(made->context_, SSL_SESS_CACHE_OFF); // tickets: the client keeps the state
    return made;
}

std::shared_ptr<tls_context> tls_context::client(bool verify, const std::string& trust_file, std::string& why)
{
    ERR_clear_error();
    std::shared_ptr<tls_context> made{new tls_context{SSL_CTX_new(TLS_client_method())}};
    if (made->context_ == nullptr || !apply_common_rules(made->context_)) {
        why = openssl_reason();
        return nullptr;
    }
    if (verify) {
        const int loaded = trust_file.empty() ? SSL_CTX_set_default_verify_paths(made->context_)
                                              : SSL_CTX_load_verify_locations(made->context_, trust_file.c_str(), nullptr);
        if (loaded != 1) {
            why = (trust_file.empty() ? std::string{"the system's certificates"} : trust_file) + ": " + openssl_reason();
            return nullptr;
        }
        SSL_CTX_set_verify(made->context_, SSL_VERIFY_PEER, nullptr);
    } else {
        // Opportunistic TLS (RFC 7435): any certificate is better than none; SSL_set1_host is not enforced without VERIFY_PEER.
        SSL_CTX_set_verify(made->context_, SSL_VERIFY_NONE, nullptr);
    }
    return made;
}

} // namespace postern::io
