#pragma once
// A certificate with its chain and key, read from PEM files, and the OCSP response that is stapled to it. Never changed: what is
// in the files later is another one. It must not know configuration or SMTP.
// STANDARDS: RFC 5280, 6066 8 (stapling), 6125 (names), 6960 (OCSP). SECURITY: the operator's files; a key with a passphrase asks
// nobody.

#include "core/base/clock.hpp"

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;

namespace postern::io {

/// Where a certificate is.
struct certificate_files {
    std::string certificate; ///< PEM: it and its chain
    std::string key;         ///< PEM
    std::string ocsp;        ///< DER: an OCSP response about it; empty: none

    bool operator==(const certificate_files&) const = default;
};

/// Threads: any.
class certificate {
public:
    /// Null: a file cannot be read or used, or they do not belong together; `why` names it.
    [[nodiscard]] static std::shared_ptr<const certificate> load(const certificate_files& from, std::string& why);
    ~certificate();
    certificate(const certificate&) = delete;
    certificate& operator=(const certificate&) = delete;

    [[nodiscard]] const certificate_files& files() const noexcept { return files_; }
    /// What is wrong with it although it can be served: out of its time, not for one of `names` ("mx.example.org" or
    /// "*.example.org"), a stapled response out of its time. A line each.
    [[nodiscard]] std::vector<std::string> remarks(const std::vector<std::string>& names, base::wall_time now) const;
    /// What is stapled at `now`, DER; empty: nothing, or a response that clients would not take any more.
    [[nodiscard]] std::string_view stapled(std::time_t now) const noexcept
    {
        return now < ocsp_until_ ? std::string_view{ocsp_} : std::string_view{};
    }
    /// SHA-256 of its public key (SubjectPublicKeyInfo, RFC 6698 2.1.3 with selector 1), in hexadecimal digits.
    [[nodiscard]] std::string key_digest() const;
    /// Into a context that is being made.
    [[nodiscard]] bool apply(ssl_ctx_st* to) const;

private:
    certificate(const certificate_files& files, ssl_ctx_st* owner) : files_{files}, owner_{owner} {}
    [[nodiscard]] bool read_ocsp(std::string& why);

    certificate_files files_;
    ssl_ctx_st* owner_; // of certificate, chain and key: OpenSSL reads whole chains into contexts alone
    std::string ocsp_;
    std::time_t ocsp_until_ = 0;
};

/// OpenSSL's reason for its last failure.
[[nodiscard]] std::string openssl_reason();

} // namespace postern::io
