#pragma once
// A proxy that says what a test wrote down, to one connection: plain sockets and a thread.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace socks::test {

/// `script`: what it reads (so many octets) and says, in turn; at the end it keeps the connection until the test is over, or
/// closes it.
class scripted_proxy {
public:
    struct turn {
        std::size_t reads = 0;
        std::string says = {};
    };
    explicit scripted_proxy(std::vector<turn> script, bool closes = false)
    {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        (void)::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at);
        (void)::listen(listener_, 5);
        socklen_t size = sizeof at;
        (void)::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread{[this, all = std::move(script), closes] { play(all, closes); }};
    }
    ~scripted_proxy()
    {
        (void)::shutdown(listener_, SHUT_RDWR);
        {
            const std::lock_guard lock{mutex_};
            if (connection_ >= 0)
                (void)::shutdown(connection_, SHUT_RDWR);
        }
        thread_.join();
        ::close(listener_);
        if (connection_ >= 0)
            ::close(connection_);
    }
    scripted_proxy(const scripted_proxy&) = delete;
    scripted_proxy& operator=(const scripted_proxy&) = delete;

    [[nodiscard]] std::string text() const { return "127.0.0.1:" + std::to_string(port_); }
    /// All that it was told so far.
    [[nodiscard]] std::string heard()
    {
        const std::lock_guard lock{mutex_};
        return heard_;
    }

private:
    void play(const std::vector<turn>& script, bool closes)
    {
        const int made = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (made < 0)
            return;
        {
            const std::lock_guard lock{mutex_};
            connection_ = made;
        }
        for (const auto& [reads, says] : script) {
            std::string octets(reads, '\0');
            for (std::size_t at = 0; at < reads;) {
                const auto count = ::recv(made, octets.data() + at, reads - at, 0);
                if (count <= 0)
                    return;
                at += static_cast<std::size_t>(count);
            }
            {
                const std::lock_guard lock{mutex_};
                heard_ += octets;
            }
            (void)::send(made, says.data(), says.size(), MSG_NOSIGNAL);
        }
        if (closes)
            (void)::shutdown(made, SHUT_RDWR);
    }

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    int connection_ = -1;
    std::string heard_;
    std::thread thread_;
};

} // namespace socks::test
