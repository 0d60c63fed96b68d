#pragma once
// What OpenSSL takes for the system's certificates in programs that are started meanwhile.

#include <cstdlib>
#include <filesystem>

namespace postern::test {

class trusting {
public:
    explicit trusting(const std::filesystem::path& certificates) { ::setenv("SSL_CERT_FILE", certificates.c_str(), 1); }
    ~trusting() { ::unsetenv("SSL_CERT_FILE"); }
    trusting(const trusting&) = delete;
    trusting& operator=(const trusting&) = delete;
};

} // namespace postern::test
