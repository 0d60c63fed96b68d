#pragma once
// A Dovecot of our own that takes mail by LMTP at a Unix socket and keeps it in Maildirs.

#include "tests/support/dovecot_process.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace postern::test {

class dovecot_server {
public:
    explicit dovecot_server(const std::vector<std::string>& users)
    {
        namespace fs = std::filesystem;
        const auto folder = files().path().string();
        fs::create_directory(files() / "mail");
        fs::permissions(files() / "mail", fs::perms{0777});
        std::string lines;
        for (const auto& each : users)
            lines += fmt::format("{}::65534:65534::{}/mail::\n", each, folder);
        files().write("users", lines);
        dovecot_.start(fmt::format("protocols = lmtp\n"
                                   "mail_location = maildir:{0}/mail/%u\nfirst_valid_uid = 1\n"
                                   "passdb {{\n driver = static\n args = nopassword=y\n}}\n"
                                   "userdb {{\n driver = passwd-file\n args = {0}/users\n}}\n"
                                   "service lmtp {{\n unix_listener {0}/lmtp {{\n  mode = 0666\n }}\n}}\n",
                                   folder),
                       "lmtp");
    }

    [[nodiscard]] std::string socket() const { return (files() / "lmtp").string(); }
    [[nodiscard]] std::string log() const { return dovecot_.log(); }
    /// What lies in a user's mailbox.
    [[nodiscard]] std::vector<std::string> mail_of(const std::string& user) const
    {
        std::vector<std::string> all;
        std::error_code none; // of a mailbox that nothing was put into yet
        for (const auto& each : std::filesystem::directory_iterator{files() / "mail" / user / "new", none}) {
            std::ifstream in{each.path(), std::ios::binary};
            all.emplace_back(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
        }
        return all;
    }

private:
    [[nodiscard]] const temporary_folder& files() const noexcept { return dovecot_.folder(); }

    dovecot_process dovecot_;
};

} // namespace postern::test
