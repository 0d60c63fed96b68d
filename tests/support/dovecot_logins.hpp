#pragma once
// Dovecot as what others ask whether a login is right (Postfix: smtpd_sasl_type = dovecot): names and passwords in a file, and
// tokens that it verifies by itself, with a key of the test's.

#include "tests/support/base64.hpp"
#include "tests/support/dovecot_process.hpp"
#include "tests/support/openssl_library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::test {

/// A JSON Web Token (RFC 7519) by HMAC-SHA-256 with `key`: for `user`, good until `expires` (seconds since 1970).
[[nodiscard]] inline std::string signed_token(std::string_view user, std::string_view key, std::int64_t expires)
{
    const auto base64url = [](std::string_view octets) { // RFC 7515 2
        auto text = base64(octets);
        std::replace(text.begin(), text.end(), '+', '-');
        std::replace(text.begin(), text.end(), '/', '_');
        text.erase(std::min(text.find('='), text.size()));
        return text;
    };
    const auto what = fmt::format("{}.{}", base64url(R"({"typ":"JWT","alg":"HS256"})"),
                                  base64url(fmt::format(R"({{"sub":"{}","exp":{}}})", user, expires)));
    const openssl_library library;
    std::string proof(32, '\0');
    library.hmac(library.sha_256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(what.data()),
                 what.size(), reinterpret_cast<unsigned char*>(proof.data()), nullptr);
    return fmt::format("{}.{}", what, base64url(proof));
}

class dovecot_logins {
public:
    /// One user, by the password or by tokens that are signed with `key`.
    dovecot_logins(std::string_view user, std::string_view password, std::string_view key)
    {
        const auto& files = dovecot_.folder();
        files.write("users", fmt::format("{}:{{PLAIN}}{}::::::\n", user, password));
        files.write("keys/default/HS256/default", base64(key));
        files.write("oauth2", fmt::format("introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={}/keys/\n"
                                          "username_attribute = sub\n",
                                          files.path().string()));
        start();
    }

    [[nodiscard]] std::string socket() const { return (dovecot_.folder() / "logins").string(); }
    [[nodiscard]] std::string log() const { return dovecot_.log(); }
    void end() { dovecot_.end(); }
    void start()
    {
        constexpr std::string_view by_password = "plain login cram-md5 scram-sha-1 scram-sha-256";
        constexpr std::string_view by_token = "xoauth2 oauthbearer";
        dovecot_.start(fmt::format("protocols =\nauth_mechanisms = {1} {2}\nauth_verbose = yes\nauth_failure_delay = 0\n"
                                   "passdb {{\n driver = passwd-file\n mechanisms = {1}\n args = {0}/users\n}}\n"
                                   "passdb {{\n driver = oauth2\n mechanisms = {2}\n args = {0}/oauth2\n}}\n"
                                   "service auth {{\n unix_listener {0}/logins {{\n  mode = 0666\n }}\n}}\n"
                                   // An address that was wrong once is not kept waiting.
                                   "service anvil {{\n unix_listener anvil-auth-penalty {{\n  mode = 0\n }}\n}}\n",
                                   dovecot_.folder().path().string(), by_password, by_token),
                       "logins");
    }

private:
    dovecot_process dovecot_;
};

} // namespace postern::test
