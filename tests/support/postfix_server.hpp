#pragma once
// A Postfix of our own: configuration, queue and data in a temporary folder, a port on loopback, ended with its folder.

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace postern::test {

/// A running Postfix. Its master process has to be root: whoever is not, does without.
class postfix_server {
public:
    /// `main_cf`: lines beyond those that keep it to itself, `{folder}` stands for folder(). `services`: lines of master.cf
    /// beyond its smtpd, cleanup and what these two need; a queue manager and transports among them, or messages stay in the
    /// queue. `smtpd_limit`: processes that serve at a time. Throws std::runtime_error if it does not start.
    postfix_server(std::string_view main_cf, std::string_view services, unsigned smtpd_limit = 20);
    ~postfix_server();
    postfix_server(const postfix_server&) = delete;
    postfix_server& operator=(const postfix_server&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_.path(); }
    [[nodiscard]] const process& child() const noexcept { return *child_; }
    [[nodiscard]] std::string errors() const { return child_->errors(); }

    /// Services of one that relays by SMTP.
    static constexpr std::string_view relaying = "qmgr unix n - n 300 1 qmgr\n"
                                                 "smtp unix - - n - - smtp\n"
                                                 "scache unix - - n - 1 scache\n"
                                                 "error unix - - n - - error\n"
                                                 "retry unix - - n - - error\n"
                                                 "proxymap unix - - n - - proxymap\n";

private:
    void write_master(std::string_view services, unsigned smtpd_limit);
    [[nodiscard]] bool starts();
    [[nodiscard]] std::string etc() const { return (folder_ / "etc").string(); }

    temporary_folder folder_;
    std::unique_ptr<process> child_;
    std::uint16_t port_ = 0;
};

} // namespace postern::test
