#pragma once
// An authority for certificates, for as long as a test runs: OpenSSL's own program makes what it issues.

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

enum class named : std::uint8_t {
    by_dns_id,      ///< RFC 6125 6.4.2
    by_common_name, ///< as certificates were long ago
};

class test_authority {
public:
    test_authority()
    {
        must({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
              "/CN=test authority", "-keyout", key(), "-out", file()});
    }

    /// Its own certificate: who trusts it trusts what it issues.
    [[nodiscard]] std::string file() const { return place_ / "ca.pem"; }

    /// cert.pem and key.pem for `name` in `folder`; with `days` below 0 it has ended already.
    void issue(const std::string& name, const std::filesystem::path& folder, int days = 30, named how = named::by_dns_id) const
    {
        const auto request = (place_ / "request.pem").string();
        must({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
              "-keyout", (folder / "key.pem").string(), "-out", request});
        const auto names = place_.write("names", how == named::by_dns_id ? fmt::format("subjectAltName=DNS:{}\n", name)
                                                                         : std::string{"basicConstraints=CA:FALSE\n"});
        must({"openssl", "x509", "-req", "-in", request, "-CA", file(), "-CAkey", key(), "-CAcreateserial", "-days",
              std::to_string(days), "-extfile", names.string(), "-out", (folder / "cert.pem").string()});
        std::filesystem::permissions(folder / "key.pem",
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }

private:
    [[nodiscard]] std::string key() const { return place_ / "ca.key"; }
    static void must(std::vector<std::string> command)
    {
        const auto done = run(std::move(command));
        if (done.status != exit_status{0, 0})
            throw std::runtime_error{"openssl: " + done.errors};
    }

    temporary_folder place_;
};

/// The SHA-256 of the key of a certificate in a file, in hexadecimal, as TLSA records 3 1 1 have it: by OpenSSL's own program.
[[nodiscard]] inline std::string key_digest_of(const std::filesystem::path& certificate)
{
    constexpr std::size_t digits = 64;
    const auto done = run({"bash", "-c",
                           fmt::format("openssl x509 -in {} -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst "
                                       "-sha256 -r",
                                       certificate.string())});
    if (done.output.size() < digits)
        throw std::runtime_error{"openssl: " + done.errors};
    return done.output.substr(0, digits);
}

} // namespace postern::test
