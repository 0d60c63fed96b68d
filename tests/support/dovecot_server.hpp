#pragma once
// A Dovecot of our own that takes mail by LMTP at a Unix socket and keeps it in Maildirs: all in a temporary folder, and ended
// with it. Its master has to be root: whoever is not, does without.

#include "tests/support/process.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace postern::test {

class dovecot_server {
public:
    explicit dovecot_server(const std::vector<std::string>& users)
    {
        namespace fs = std::filesystem;
        fs::permissions(folder_.path(), fs::perms{0755}); // its processes are nobody, and pass through here
        for (const auto* name : {"run", "state", "mail"})
            fs::create_directory(folder_ / name);
        fs::permissions(folder_ / "mail", fs::perms{0777});
        std::string lines;
        for (const auto& each : users)
            lines += fmt::format("{}::65534:65534::{}/mail::\n", each, folder_.path().string());
        folder_.write("users", lines);
        folder_.write(
            "dovecot.conf",
            fmt::format("protocols = lmtp\n"
                        "base_dir = {0}/run\nstate_dir = {0}/state\nlog_path = /dev/stderr\nssl = no\n"
                        "default_login_user = nobody\ndefault_internal_user = nobody\ndefault_internal_group = nogroup\n"
                        "mail_location = maildir:{0}/mail/%u\nfirst_valid_uid = 1\n"
                        "passdb {{\n driver = static\n args = nopassword=y\n}}\n"
                        "userdb {{\n driver = passwd-file\n args = {0}/users\n}}\n"
                        "service lmtp {{\n unix_listener {0}/lmtp {{\n  mode = 0666\n }}\n}}\n",
                        folder_.path().string()));
        child_ = std::make_unique<process>(std::vector<std::string>{"dovecot", "-F", "-c", (folder_ / "dovecot.conf").string()});
        if (!eventually([this] { return std::filesystem::exists(socket()); }))
            throw std::runtime_error{"Dovecot does not start: " + child_->errors()};
    }
    ~dovecot_server()
    {
        child_->signal(SIGTERM); // its master ends the others
        if (!child_->wait(std::chrono::seconds{10}))
            child_->kill();
    }
    dovecot_server(const dovecot_server&) = delete;
    dovecot_server& operator=(const dovecot_server&) = delete;

    [[nodiscard]] std::string socket() const { return (folder_ / "lmtp").string(); }
    [[nodiscard]] std::string log() const { return child_->errors(); }
    /// What lies in a user's mailbox.
    [[nodiscard]] std::vector<std::string> mail_of(const std::string& user) const
    {
        std::vector<std::string> all;
        std::error_code none; // of a mailbox that nothing was put into yet
        for (const auto& each : std::filesystem::directory_iterator{folder_ / "mail" / user / "new", none}) {
            std::ifstream in{each.path(), std::ios::binary};
            all.emplace_back(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
        }
        return all;
    }

private:
    temporary_folder folder_;
    std::unique_ptr<process> child_;
};

} // namespace postern::test
