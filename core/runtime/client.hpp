#pragma once
// Sending mail from a program: one message, or a load of them. What `postern send` and `postern load` are made of.

#include "core/base/result.hpp"
#include "core/delivery/settings.hpp"
#include "core/message/envelope.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postern::io {
class tls_context;
}

namespace postern::runtime {

enum class client_tls_use : std::uint8_t { none, starttls, implicit };

struct client_options {
    std::string host; ///< name or address text
    std::uint16_t port = 25;
    std::string hostname = "localhost"; ///< for EHLO
    client_tls_use tls = client_tls_use::none;
    std::shared_ptr<io::tls_context> tls_context; ///< needed unless tls is none
    bool pipelining = true;
    bool chunking = true;
    delivery::timeouts timeout;
};

struct outgoing {
    message::envelope envelope;
    std::string content; ///< header section, empty line, body; canonical octets (CRLF), not dot-stuffed
};

struct sent_recipient {
    std::string address;
    bool accepted = false;
    bool temporary = false;      ///< not accepted, but may be later
    std::uint16_t smtp_code = 0; ///< 0: there was no reply, and `text` says why
    std::string enhanced;        ///< "5.7.1"; empty: the reply had none
    std::string text;
};

struct send_result {
    std::string failure; ///< why no transaction took place; empty: see the recipients
    std::vector<sent_recipient> recipients;
    [[nodiscard]] bool all_accepted() const noexcept;
};

/// Sends one message on a connection of its own. Blocks.
[[nodiscard]] send_result send_message(const client_options& options, const outgoing& what);

struct load_options {
    client_options client;
    std::uint64_t messages = 1000;
    std::uint64_t size = 4096; ///< octets of each message
    std::uint32_t sessions = 20;
    bool reuse = false; ///< many messages on a connection
    std::string from = "load@localhost";
    std::string to = "load@localhost";
};

struct load_report {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0; ///< messages not accepted, whatever the reason
    std::string first_failure;
    double seconds = 0;
    double cpu_seconds = 0; ///< of this process
    /// From the start of a message's transaction (or connection, without reuse) to its last reply.
    std::chrono::microseconds p50{}, p99{}, p999{};
};

/// Sends `messages` over `sessions` connections at a time. Blocks.
[[nodiscard]] load_report run_load(const load_options& options);

} // namespace postern::runtime
