#pragma once
// An issuer for tests: a small server for HTTP on 127.0.0.1, port 0, with or without TLS, on a thread of its own. One connection
// at a time; it notes what it was asked.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

namespace auth_oauth2::test {

struct asked {
    std::string head; ///< request line and header section
    std::string body;
};

/// A whole response for a body.
[[nodiscard]] std::string ok(const std::string& body);

/// A certificate that signed itself.
struct certificate {
    /// `names`: as OpenSSL writes a subjectAltName, "IP:127.0.0.1".
    explicit certificate(const std::string& names);
    certificate(const certificate&) = delete;
    certificate& operator=(const certificate&) = delete;
    ~certificate();
    void write(const std::string& file) const;

    EVP_PKEY* key;
    X509* cert;
};

class issuer {
public:
    /// `answer` gives whole responses; an empty one closes the connection, and "..." says nothing until the issuer ends.
    explicit issuer(std::function<std::string(const asked&)> answer, const certificate* shows = nullptr);
    issuer(const issuer&) = delete;
    issuer& operator=(const issuer&) = delete;
    ~issuer();

    [[nodiscard]] std::string address() const; ///< "127.0.0.1:PORT"
    [[nodiscard]] std::vector<asked> requests() const;
    [[nodiscard]] std::size_t connections() const;

private:
    void run();
    void serve(int connection);

    std::function<std::string(const asked&)> answer_;
    SSL_CTX* tls_ = nullptr;
    int listener_;
    int stop_; ///< an eventfd
    unsigned port_ = 0;
    mutable std::mutex mutex_;
    std::vector<asked> requests_;
    std::size_t connections_ = 0;
    std::thread thread_;
};

} // namespace auth_oauth2::test
