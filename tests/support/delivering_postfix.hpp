#pragma once
// A Postfix that delivers everything for example.com into one file, and offers STARTTLS with a certificate for 127.0.0.1. Its
// master process has to be root: whoever is not, does without.

#include "tests/support/occurrences.hpp"
#include "tests/support/postfix_server.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace postern::test {

class delivering_postfix {
public:
    /// `more`: further lines of main.cf.
    explicit delivering_postfix(std::string_view more = {}) : server_{main_cf(certificates_.path(), more), services}
    {
        mail_ = server_.folder() / "mail";
        std::filesystem::create_directory(mail_);
        std::filesystem::permissions(mail_, std::filesystem::perms::all);
    }
    [[nodiscard]] std::string address() const { return server_.address(); }
    [[nodiscard]] std::string certificate() const { return (certificates_ / "cert.pem").string(); }
    /// What its processes said on standard error.
    [[nodiscard]] std::string log() const { return server_.errors(); }
    /// The file, once `text` is in it `count` times; empty: it has not come.
    [[nodiscard]] std::string delivered(std::string_view text, std::size_t count = 1) const
    {
        const auto box = mail_ / "box";
        const auto came = [&] { return std::filesystem::exists(box) && occurrences(read_file(box), text) >= count; };
        return eventually(came) ? read_file(box) : "";
    }

private:
    [[nodiscard]] static std::string main_cf(const std::filesystem::path& certificates, std::string_view more)
    {
        make_certificate(certificates); // before a server looks for it
        return fmt::format("smtputf8_enable = yes\n"
                           "smtpd_recipient_restrictions = reject_non_fqdn_recipient\n"
                           "smtpd_tls_security_level = may\n"
                           "smtpd_tls_cert_file = {0}/cert.pem\n"
                           "smtpd_tls_key_file = {0}/key.pem\n"
                           "virtual_mailbox_domains = example.com\n"
                           "virtual_mailbox_base = {{folder}}/mail\n"
                           "virtual_mailbox_maps = static:box\n"
                           "virtual_uid_maps = static:65534\n"
                           "virtual_gid_maps = static:65534\n"
                           "{1}",
                           certificates.string(), more);
    }
    static constexpr std::string_view services = "qmgr unix n - n 300 1 qmgr\n"
                                                 "virtual unix - n n - - virtual\n"
                                                 "error unix - - n - - error\n"
                                                 "retry unix - - n - - error\n"
                                                 "proxymap unix - - n - - proxymap\n"
                                                 "tlsmgr unix - - n 1000? 1 tlsmgr\n";

    temporary_folder certificates_;
    postfix_server server_;
    std::filesystem::path mail_;
};

} // namespace postern::test
