#pragma once
// The functions of OpenSSL that a TLS client of tests needs, found at run time: the programs that start whole servers are
// not linked with it, so that nothing of the server's own libraries is shared with them.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#include <stdexcept>
#include <string>

#include <dlfcn.h>

namespace postern::test {

/// Each member is OpenSSL's function of that name. Throws std::runtime_error if one is not there.
class openssl_library {
    void* const handle_ = [] {
        auto* const found = ::dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
        if (found == nullptr)
            throw std::runtime_error{::dlerror()};
        return found; // never closed: OpenSSL stays for as long as the process does
    }();

    template <class Function>
    [[nodiscard]] Function find(const char* name) const
    {
        auto* const found = ::dlsym(handle_, name); // in libcrypto too, which libssl needs
        if (found == nullptr)
            throw std::runtime_error{std::string{"no function "} + name};
        return reinterpret_cast<Function>(found);
    }

public:
    decltype(&::BIO_ctrl_pending) const bio_ctrl_pending = find<decltype(&::BIO_ctrl_pending)>("BIO_ctrl_pending");
    decltype(&::BIO_new) const bio_new = find<decltype(&::BIO_new)>("BIO_new");
    decltype(&::BIO_read) const bio_read = find<decltype(&::BIO_read)>("BIO_read");
    decltype(&::BIO_s_mem) const bio_s_mem = find<decltype(&::BIO_s_mem)>("BIO_s_mem");
    decltype(&::BIO_write) const bio_write = find<decltype(&::BIO_write)>("BIO_write");
    decltype(&::ERR_clear_error) const err_clear_error = find<decltype(&::ERR_clear_error)>("ERR_clear_error");
    decltype(&::EVP_sha256) const sha_256 = find<decltype(&::EVP_sha256)>("EVP_sha256");
    decltype(&::HMAC) const hmac = find<decltype(&::HMAC)>("HMAC");
    decltype(&::SSL_CTX_ctrl) const ctx_ctrl = find<decltype(&::SSL_CTX_ctrl)>("SSL_CTX_ctrl");
    decltype(&::SSL_CTX_free) const ctx_free = find<decltype(&::SSL_CTX_free)>("SSL_CTX_free");
    decltype(&::SSL_CTX_new) const ctx_new = find<decltype(&::SSL_CTX_new)>("SSL_CTX_new");
    decltype(&::SSL_CTX_set_security_level) const ctx_set_security_level =
        find<decltype(&::SSL_CTX_set_security_level)>("SSL_CTX_set_security_level");
    decltype(&::SSL_ctrl) const ctrl = find<decltype(&::SSL_ctrl)>("SSL_ctrl");
    decltype(&::SSL_do_handshake) const do_handshake = find<decltype(&::SSL_do_handshake)>("SSL_do_handshake");
    decltype(&::SSL_export_keying_material) const export_keying_material =
        find<decltype(&::SSL_export_keying_material)>("SSL_export_keying_material");
    decltype(&::SSL_free) const free = find<decltype(&::SSL_free)>("SSL_free");
    decltype(&::SSL_get1_session) const get1_session = find<decltype(&::SSL_get1_session)>("SSL_get1_session");
    decltype(&::SSL_get_error) const get_error = find<decltype(&::SSL_get_error)>("SSL_get_error");
    decltype(&::SSL_get_version) const get_version = find<decltype(&::SSL_get_version)>("SSL_get_version");
    decltype(&::SSL_new) const new_ssl = find<decltype(&::SSL_new)>("SSL_new");
    decltype(&::SSL_read) const read = find<decltype(&::SSL_read)>("SSL_read");
    decltype(&::SSL_renegotiate) const renegotiate = find<decltype(&::SSL_renegotiate)>("SSL_renegotiate");
    decltype(&::SSL_SESSION_free) const session_free = find<decltype(&::SSL_SESSION_free)>("SSL_SESSION_free");
    decltype(&::SSL_session_reused) const session_reused = find<decltype(&::SSL_session_reused)>("SSL_session_reused");
    decltype(&::SSL_set_bio) const set_bio = find<decltype(&::SSL_set_bio)>("SSL_set_bio");
    decltype(&::SSL_set_connect_state) const set_connect_state =
        find<decltype(&::SSL_set_connect_state)>("SSL_set_connect_state");
    decltype(&::SSL_set_session) const set_session = find<decltype(&::SSL_set_session)>("SSL_set_session");
    decltype(&::SSL_set_shutdown) const set_shutdown = find<decltype(&::SSL_set_shutdown)>("SSL_set_shutdown");
    decltype(&::SSL_shutdown) const shutdown = find<decltype(&::SSL_shutdown)>("SSL_shutdown");
    decltype(&::SSL_write) const write = find<decltype(&::SSL_write)>("SSL_write");
    decltype(&::TLS_client_method) const client_method = find<decltype(&::TLS_client_method)>("TLS_client_method");
};

} // namespace postern::test
