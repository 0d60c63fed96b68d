#pragma once
// Serves one page by HTTPS on a thread of its own. It must not know what the page is about. A certificate whose files change is
// read anew; one that cannot be read then leaves the one before in force.
// STANDARDS: RFC 8461 3.3, RFC 8446, RFC 9112. SECURITY: anybody connects: connections, their octets and their time are bounded,
// and of too many the oldest one ends.

#include "web_page.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

namespace mta_sts {

struct web_settings {
    std::string address; ///< "192.0.2.1:443", "[::]:443"; of port 0 the system chooses one
    std::string certificate;
    std::string key;
    std::size_t most_connections = 200;
    std::chrono::milliseconds patience = std::chrono::seconds{10}; ///< for a whole request and its response
};

/// Whether it is an address and a port.
[[nodiscard]] bool is_listen_address(std::string_view text) noexcept;

/// Not copied; the functions below are called in this order, by one thread at a time.
class web_server {
public:
    using note = std::function<void(unsigned code)>;               ///< a response went out; on the server's thread
    using complaint = std::function<void(const std::string& why)>; ///< likewise: a changed certificate cannot be used

    web_server(web_settings how, web_page page, note served, complaint wrong);
    ~web_server();
    web_server(const web_server&) = delete;
    web_server& operator=(const web_server&) = delete;

    /// Reads certificate and key; what is wrong with them, empty: nothing.
    [[nodiscard]] std::string load();
    /// Those of the page's hosts that the certificate is not for; after load().
    [[nodiscard]] std::vector<std::string> uncovered() const;
    /// Binds; why it cannot, empty: it has. Another server at the same place, of this user, goes on until it ends.
    [[nodiscard]] std::string open();
    /// After open().
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Serves until the end of the object.
    void start();

private:
    struct frees_context {
        void operator()(SSL_CTX* what) const noexcept { SSL_CTX_free(what); }
    };
    struct frees_ssl {
        void operator()(SSL* what) const noexcept { SSL_free(what); }
    };
    /// Closes it.
    class descriptor {
    public:
        descriptor() = default;
        explicit descriptor(int number) noexcept : number_{number} {}
        descriptor(descriptor&& other) noexcept;
        descriptor& operator=(descriptor&& other) noexcept;
        ~descriptor();
        [[nodiscard]] int number() const noexcept { return number_; }

    private:
        int number_ = -1;
    };
    struct connection {
        descriptor socket;
        std::unique_ptr<SSL, frees_ssl> tls;
        std::chrono::steady_clock::time_point until;
        short events = 0; ///< that it waits for
        bool is_secure = false;
        std::string in{};
        std::string out{};
        std::size_t sent = 0;
    };
    using context = std::unique_ptr<SSL_CTX, frees_context>;
    /// When a file was changed last, and which one it is.
    using version = std::array<std::int64_t, 4>;

    [[nodiscard]] static version version_of(const std::string& file) noexcept;
    [[nodiscard]] context read(std::string& why) const;
    void look_at_files();
    void run();
    void accept();
    /// False: it is over.
    [[nodiscard]] bool advance(connection& one);
    [[nodiscard]] static bool waits(connection& one, int result);

    const web_settings how_;
    const web_page page_;
    const note served_;
    const complaint wrong_;
    context context_;
    std::array<version, 2> versions_{};
    std::chrono::steady_clock::time_point looked_{};
    descriptor listening_;
    descriptor wake_;
    std::uint16_t port_ = 0;
    std::list<connection> open_; ///< the oldest first
    std::atomic<bool> ends_{false};
    std::thread thread_;
};

} // namespace mta_sts
