#pragma once
// An Exim of our own, unpacked and not installed: two packages of mail servers exclude each other. Configuration, spool and logs
// are in a temporary folder. Its user is one that this machine does not know, so that it is told other users than there are.

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace postern::test {

/// A running Exim. It has to be root: whoever is not, does without.
class exim_server {
public:
    /// `settings`: its configuration beyond where its files are; FOLDER stands for folder(), where cert.pem and key.pem are.
    /// Throws std::runtime_error if it is not there or does not start.
    explicit exim_server(std::string_view settings);

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] const temporary_folder& folder() const noexcept { return folder_; }
    [[nodiscard]] process& child() noexcept { return *child_; }
    [[nodiscard]] std::string log() const { return child_->errors() + file("mainlog"); }
    /// Of its folder; empty: it is not there yet.
    [[nodiscard]] std::string file(std::string_view name) const;

private:
    temporary_folder folder_;
    std::unique_ptr<process> child_;
    std::uint16_t port_ = 0;
};

} // namespace postern::test
