#pragma once
// Postfix's smtp-sink and smtp-source, the well-worn peers: one counts what it is sent, the other sends.

#include "tests/support/process.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postern::test {

/// A running smtp-sink. It cannot choose a port by itself, so the constructor tries unused ones until one stays ours.
class smtp_sink {
public:
    /// `options`: further options of smtp-sink(1).
    explicit smtp_sink(std::vector<std::string> options = {});

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    /// Messages counted so far.
    [[nodiscard]] std::size_t messages() const;
    [[nodiscard]] bool wait_for(std::size_t messages, std::chrono::milliseconds limit = patience);
    [[nodiscard]] process& child() noexcept { return *child_; }

private:
    std::uint16_t port_ = 0;
    std::unique_ptr<process> child_;
};

/// What smtp-source is told; see smtp-source(1).
struct smtp_source_options {
    std::uint16_t port = 0;
    unsigned sessions = 20;
    unsigned messages = 1;
    unsigned size = 50000; ///< octets of content
    bool reuse = false;    ///< many messages on a connection
    std::string from = "sender@client.example";
    std::string to = "user@example.com";
};

[[nodiscard]] std::vector<std::string> smtp_source_command(const smtp_source_options& options);

} // namespace postern::test
