#pragma once
// TLS contexts: certificate and rules for one side, made from files and never changed; a new certificate is a new context.
// STANDARDS: RFC 8446, 5246, 8996 (nothing below 1.2). SECURITY: no renegotiation, no compression.

#include "core/base/result.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace postern::io {

class tls_context {
public:
    ~tls_context();
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    /// A server's, from PEM files (the chain in `certificate`). On failure `why` names the file and OpenSSL's reason.
    [[nodiscard]] static std::shared_ptr<tls_context> server(const std::string& certificate, const std::string& key,
                                                             std::string& why);
    /// A client's. `verify`: the peer's chain and name must be good against the system's or `trust_file`'s anchors.
    [[nodiscard]] static std::shared_ptr<tls_context> client(bool verify, const std::string& trust_file, std::string& why);

    [[nodiscard]] ssl_ctx_st* native() const noexcept { return context_; }

private:
    explicit tls_context(ssl_ctx_st* context) noexcept : context_{context} {}
    ssl_ctx_st* context_;
};

} // namespace postern::io
