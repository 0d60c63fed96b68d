// A generator of connections that come back: STARTTLS with the session of an earlier connection, one message, QUIT. `postern
// load` resumes nothing. Threads with blocking sockets: what is measured is the server. Ends with 1, and says why, if a
// connection was not resumed that could have been.
//
//     tls_sender PORT CONNECTIONS THREADS SIZE

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <openssl/ssl.h>
#include <unistd.h>

namespace {

template <auto Free>
struct freed_by {
    template <typename T>
    void operator()(T* what) const noexcept
    {
        Free(what);
    }
};
using session_ptr = std::unique_ptr<SSL_SESSION, freed_by<::SSL_SESSION_free>>;
using ssl_ptr = std::unique_ptr<SSL, freed_by<::SSL_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed_by<::SSL_CTX_free>>;

/// Where a ticket of this thread's last connection goes.
thread_local session_ptr earlier;

int keep(SSL*, SSL_SESSION* session)
{
    earlier.reset(session);
    return 1; // it is ours now
}

class connection {
public:
    explicit connection(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
            ::close(socket_);
            throw std::runtime_error{"the server does not take a connection"};
        }
    }
    ~connection()
    {
        if (ssl_)
            ::SSL_shutdown(ssl_.get());
        ssl_.reset();
        ::close(socket_);
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Says it, if there is something to say, and insists on that reply.
    void asks(std::string_view words, std::string_view wanted)
    {
        if (!words.empty() && !writes(words))
            throw std::runtime_error{"the server takes nothing"};
        std::string text;
        std::array<char, 4096> octets{};
        // A reply is whole when its last line has no hyphen behind the code.
        for (std::size_t line = 0;;) {
            if (const auto end = text.find('\n', line); end != std::string::npos) {
                if (text[line + 3] != '-')
                    break;
                line = end + 1;
                continue;
            }
            const auto got = ssl_ ? ::SSL_read(ssl_.get(), octets.data(), static_cast<int>(octets.size()))
                                  : static_cast<int>(::recv(socket_, octets.data(), octets.size(), 0));
            if (got <= 0)
                throw std::runtime_error{"the server went away"};
            text.append(octets.data(), static_cast<std::size_t>(got));
        }
        if (!text.starts_with(wanted))
            throw std::runtime_error{"the server says " + text};
    }
    /// Whether the session was resumed.
    [[nodiscard]] bool secures(SSL_CTX* context)
    {
        ssl_.reset(::SSL_new(context));
        ::SSL_set_fd(ssl_.get(), socket_);
        // A copy: OpenSSL lets a session of TLS 1.3 be used once, and Postfix gives no new ticket to who has one.
        if (const session_ptr copy{earlier ? ::SSL_SESSION_dup(earlier.get()) : nullptr})
            ::SSL_set_session(ssl_.get(), copy.get());
        if (::SSL_connect(ssl_.get()) != 1)
            throw std::runtime_error{"no handshake"};
        return ::SSL_session_reused(ssl_.get()) == 1;
    }

private:
    [[nodiscard]] bool writes(std::string_view words)
    {
        if (ssl_)
            return ::SSL_write(ssl_.get(), words.data(), static_cast<int>(words.size())) == static_cast<int>(words.size());
        return ::send(socket_, words.data(), words.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(words.size());
    }

    int socket_;
    ssl_ptr ssl_;
};

[[nodiscard]] std::string content_of(std::size_t size)
{
    std::string text = "Subject: load\r\n\r\n";
    while (text.size() + 80 <= size)
        text += std::string(78, 'X') + "\r\n";
    return text + ".\r\n";
}

/// Whether it was resumed.
[[nodiscard]] bool send_one(SSL_CTX* context, std::uint16_t port, std::string_view content)
{
    connection peer{port};
    peer.asks({}, "220");
    peer.asks("EHLO client.example\r\n", "250");
    peer.asks("STARTTLS\r\n", "220");
    const bool is_resumed = peer.secures(context);
    peer.asks("EHLO client.example\r\n", "250");
    peer.asks("MAIL FROM:<sender@client.example>\r\n", "250");
    peer.asks("RCPT TO:<user@example.com>\r\n", "250");
    peer.asks("DATA\r\n", "354");
    peer.asks(content, "250");
    peer.asks("QUIT\r\n", "221");
    return is_resumed;
}

int run(std::uint16_t port, unsigned connections, unsigned threads, std::size_t size)
{
    const context_ptr context{::SSL_CTX_new(::TLS_client_method())};
    ::SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    ::SSL_CTX_sess_set_new_cb(context.get(), keep);
    const auto content = content_of(size);
    std::atomic<unsigned> left{connections};
    std::atomic<unsigned> fresh{0};
    std::atomic<bool> has_failed{false};
    {
        std::vector<std::jthread> all;
        for (unsigned i = 0; i < threads; ++i)
            all.emplace_back([&] {
                try {
                    for (auto mine = left.load(); mine > 0 && !has_failed;)
                        if (left.compare_exchange_strong(mine, mine - 1) && !send_one(context.get(), port, content))
                            ++fresh;
                } catch (const std::exception& error) {
                    has_failed = true;
                    std::fprintf(stderr, "tls_sender: %s\n", error.what());
                }
                earlier.reset();
            });
    }
    if (has_failed)
        return 1;
    if (fresh > threads) {
        std::fprintf(stderr, "tls_sender: %u of %u connections were not resumed\n", fresh.load(), connections);
        return 1;
    }
    return 0;
}

} // namespace

int main(int count, char** words)
{
    constexpr int expected = 5;
    if (count != expected) {
        std::fprintf(stderr, "usage: tls_sender PORT CONNECTIONS THREADS SIZE\n");
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes with write(2)
    const auto number = [&](int which) { return std::strtoul(words[which], nullptr, 10); };
    return run(static_cast<std::uint16_t>(number(1)), static_cast<unsigned>(number(2)), static_cast<unsigned>(number(3)),
               number(4));
}
