#pragma once
// Asks the issuer, by libcurl. It must not know what an answer means. One connection for each caller at a time, kept open for the
// next. STANDARDS: RFC 7662 2.1, RFC 6749 2.3.1. SECURITY: tokens and the secret go to the endpoint alone: no redirects, and over
// HTTP only to this machine; answers are bounded in octets and time.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace auth_oauth2 {

/// Why that can be no endpoint; empty: it can.
[[nodiscard]] std::string why_no_endpoint(const std::string& url);

struct http_settings {
    std::string endpoint;
    std::string client_id;
    std::string client_secret;
    std::string ca_file; ///< empty: the system's
    std::chrono::milliseconds timeout{3000};
};

struct http_answer {
    std::string body; ///< of a 200
    std::string why;  ///< not empty: there is none, for the log
};

/// Threads: any; a call blocks for `timeout` at most.
class http_client {
public:
    /// Throws std::runtime_error where libcurl cannot be used.
    explicit http_client(http_settings how);
    http_client(const http_client&) = delete;
    http_client& operator=(const http_client&) = delete;
    ~http_client();

    [[nodiscard]] http_answer ask_about(std::string_view token);

private:
    struct connection;

    [[nodiscard]] std::unique_ptr<connection> take();
    void give_back(std::unique_ptr<connection> done);

    const http_settings how_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<connection>> idle_;
};

} // namespace auth_oauth2
