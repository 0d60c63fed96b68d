// The yardstick of the measurements: an SMTP server that does as little as one can and still be one. One thread, epoll, no
// checks of any kind: it believes every line, answers 250, and throws content away. What a real server costs above this is
// what its checks, its plugins and its durability cost.
// Prints "listening PORT", at SIGUSR2 "counted N DIGEST", and at SIGTERM "messages N".
//
//     epoll_sink [--tls CERT KEY] [--hold N] [--expect N] [--delay MS] [--digest] [--extensions]
//
// --tls: offers STARTTLS, done by OpenSSL as it comes. --hold: never answers content; prints "holding" once it has that of N
// messages, all of which are then in flight for their sender. --expect: prints "complete" when it has taken N messages. --delay:
// all that it says comes so much later, as it would over a network; without TLS. --extensions: offers PIPELINING and CHUNKING,
// and takes BDAT whether or not. --digest: keeps each content until it is whole, and sums the hashes of their bodies up; else
// DIGEST is 0.

#include "tests/bench/content_digest.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <openssl/ssl.h>
#include <unistd.h>

namespace {

using std::string_view_literals::operator""sv;

/// What a connection is in the middle of. 56 octets, so that an idle one costs next to nothing.
struct connection {
    int socket = -1;
    bool in_content = false;
    unsigned char tail_size = 0;                ///< of `tail`
    std::array<char, 4> tail{'\r', '\n', 0, 0}; ///< the last octets of content, for an end of data cut in two
    char verb = 0; ///< first letter of a command line whose rest is still to come; R is RCPT or RSET, all one here
    bool in_handshake = false;
    bool in_tls = false;
    bool is_over = false;
    unsigned waiting = 0; ///< replies on their way, which it outlives
    SSL* tls = nullptr;
    std::unique_ptr<std::string> kept; ///< of the content (--digest)
    std::uint64_t chunk = 0;           ///< octets of BDAT that are still to come
    bool is_last_chunk = false;

    connection() = default;
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection()
    {
        if (in_tls)
            ::SSL_shutdown(tls); // close_notify, as a server owes it
        ::SSL_free(tls);
        ::close(socket);
    }
};

class sink {
public:
    bool configure(int count, char** words);
    int run();

private:
    void accept_all();
    /// false: the connection is over.
    [[nodiscard]] bool serve(connection& peer);
    [[nodiscard]] bool serve_once(connection& peer);
    [[nodiscard]] bool shake(connection& peer) const;
    [[nodiscard]] ssize_t receive(connection& peer); ///< octets; 0: none are there; -1: the connection is over
    [[nodiscard]] bool send(connection& peer, std::string_view octets);
    [[nodiscard]] int send_what_is_due();
    void end(connection& peer);
    [[nodiscard]] std::string_view take_commands(connection& peer, std::string_view octets);
    [[nodiscard]] std::string_view take_content(connection& peer, std::string_view octets);
    void end_chunk(connection& peer);
    void say(std::string_view reply)
    {
        std::memcpy(out_.data() + out_size_, reply.data(), reply.size());
        out_size_ += reply.size();
    }

    int listener_ = -1;
    int epoll_ = -1;
    SSL_CTX* tls_ = nullptr;
    std::size_t hold_ = 0;   ///< 0: content is answered
    std::size_t expect_ = 0; ///< 0: nobody waits for so many
    std::size_t messages_ = 0;
    struct late_reply {
        std::chrono::steady_clock::time_point due;
        connection* to;
        std::string octets;
    };
    std::chrono::milliseconds delay_{0};
    std::deque<late_reply> on_their_way_;
    bool has_digest_ = false;
    bool has_extensions_ = false;
    std::uint64_t digest_ = 0;
    bool quit_ = false;
    bool start_tls_ = false;
    std::array<char, 65536> in_{};
    std::array<char, 65536 * 8> out_{}; ///< the shortest line has two octets, the longest reply fourteen
    std::size_t out_size_ = 0;
};

std::string_view sink::take_commands(connection& peer, std::string_view octets)
{
    while (!octets.empty()) {
        if (peer.verb == 0)
            peer.verb = octets.front();
        const auto end = octets.find('\n');
        if ((peer.verb | 0x20) == 'b')
            for (const char octet : octets.substr(0, end)) {
                if (octet >= '0' && octet <= '9')
                    peer.chunk = peer.chunk * 10 + static_cast<std::uint64_t>(octet - '0');
                peer.is_last_chunk |= (octet | 0x20) == 'l';
            }
        if (end == std::string_view::npos)
            return {};
        octets.remove_prefix(end + 1);
        const char verb = static_cast<char>(peer.verb | 0x20);
        peer.verb = 0;
        if (verb == 'd') {
            say("354 go on\r\n"sv);
            peer.in_content = true;
            peer.tail = {'\r', '\n', 0, 0};
            peer.tail_size = 2;
            if (has_digest_)
                peer.kept = std::make_unique<std::string>();
            return octets;
        }
        if (verb == 'b') {
            if (has_digest_ && !peer.kept)
                peer.kept = std::make_unique<std::string>();
            if (peer.chunk > 0) {
                peer.in_content = true;
                return octets;
            }
            end_chunk(peer);
            continue;
        }
        if (has_extensions_ && verb == 'e') {
            say("250-sink\r\n250-PIPELINING\r\n250 CHUNKING\r\n"sv);
            continue;
        }
        if (tls_ != nullptr && verb == 'e' && !peer.in_tls) {
            say("250-sink\r\n250 STARTTLS\r\n"sv);
            continue;
        }
        if (tls_ != nullptr && verb == 's') {
            say("220 go on\r\n"sv);
            start_tls_ = true;
            return {};
        }
        if (verb == 'q') {
            say("221 bye\r\n"sv);
            quit_ = true;
            return {};
        }
        say("250 ok\r\n"sv);
    }
    return octets;
}

void sink::end_chunk(connection& peer)
{
    peer.in_content = false;
    say("250 ok\r\n"sv);
    if (!std::exchange(peer.is_last_chunk, false))
        return;
    ++messages_;
    if (has_digest_)
        digest_ += postern::bench::body_hash(*std::exchange(peer.kept, nullptr), false);
}

std::string_view sink::take_content(connection& peer, std::string_view octets)
{
    if (peer.chunk > 0) {
        const auto mine = octets.substr(0, peer.chunk);
        if (has_digest_)
            peer.kept->append(mine);
        peer.chunk -= mine.size();
        if (peer.chunk == 0)
            end_chunk(peer);
        return octets.substr(mine.size());
    }
    constexpr auto mark = "\r\n.\r\n"sv;
    constexpr auto end_line = ".\r\n"sv;
    const auto whole = [&](std::size_t behind) {
        ++messages_;
        if (has_digest_) {
            peer.kept->append(octets.substr(0, behind));
            digest_ += postern::bench::body_hash(peer.kept->substr(0, peer.kept->size() - end_line.size()), true);
            peer.kept = nullptr;
        }
        peer.in_content = false;
        if (hold_ == 0) {
            say("250 ok\r\n"sv);
        } else if (messages_ == hold_) {
            std::printf("holding\n");
            std::fflush(stdout);
        }
        if (messages_ == expect_) {
            std::printf("complete\n");
            std::fflush(stdout);
        }
        return octets.substr(behind);
    };
    // The mark over the border of two reads: the tail and the first octets of these.
    std::array<char, 8> border{};
    std::memcpy(border.data(), peer.tail.data(), peer.tail_size);
    const auto head = std::min<std::size_t>(4, octets.size());
    std::memcpy(border.data() + peer.tail_size, octets.data(), head);
    const std::string_view seam{border.data(), peer.tail_size + head};
    if (const auto at = seam.find(mark); at != std::string_view::npos && at < peer.tail_size)
        return whole(at + mark.size() - peer.tail_size);
    for (auto dot = octets.find('.'); dot != std::string_view::npos; dot = octets.find('.', dot + 1))
        if (dot >= 2 && octets.substr(dot - 2, mark.size()) == mark)
            return whole(dot + 3);
    if (has_digest_)
        peer.kept->append(octets);
    if (octets.size() >= 4) {
        std::memcpy(peer.tail.data(), octets.data() + octets.size() - 4, 4);
        peer.tail_size = 4;
    } else {
        const auto keep = std::min<std::size_t>(4, seam.size());
        std::memcpy(peer.tail.data(), seam.data() + seam.size() - keep, keep);
        peer.tail_size = static_cast<unsigned char>(keep);
    }
    return {};
}

ssize_t sink::receive(connection& peer)
{
    if (peer.in_tls) {
        const int got = ::SSL_read(peer.tls, in_.data(), static_cast<int>(in_.size()));
        return got > 0 ? got : ::SSL_get_error(peer.tls, got) == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    const auto got = ::recv(peer.socket, in_.data(), in_.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return got == 0 ? -1 : got;
}

bool sink::send(connection& peer, std::string_view octets)
{
    if (delay_.count() != 0) {
        on_their_way_.push_back({std::chrono::steady_clock::now() + delay_, &peer, std::string{octets}});
        ++peer.waiting;
        return true;
    }
    if (peer.in_tls)
        return ::SSL_write(peer.tls, octets.data(), static_cast<int>(octets.size())) > 0;
    return ::send(peer.socket, octets.data(), octets.size(), MSG_NOSIGNAL) >= 0;
}

/// Milliseconds until the next reply is due; -1: there is none.
int sink::send_what_is_due()
{
    const auto now = std::chrono::steady_clock::now();
    for (; !on_their_way_.empty(); on_their_way_.pop_front()) {
        const auto& [due, to, octets] = on_their_way_.front();
        if (due > now)
            return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(due - now).count());
        (void)::send(to->socket, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (--to->waiting == 0 && to->is_over)
            delete to;
    }
    return -1;
}

void sink::end(connection& peer)
{
    if (peer.waiting == 0) {
        delete &peer;
        return;
    }
    peer.is_over = true;
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, peer.socket, nullptr);
}

/// A step of the handshake.
bool sink::shake(connection& peer) const
{
    if (peer.tls == nullptr) {
        peer.tls = ::SSL_new(tls_);
        ::SSL_set_fd(peer.tls, peer.socket);
        peer.in_handshake = true;
        return true;
    }
    const int done = ::SSL_accept(peer.tls);
    if (done == 1) {
        peer.in_handshake = false;
        peer.in_tls = true;
        return true;
    }
    return ::SSL_get_error(peer.tls, done) == SSL_ERROR_WANT_READ;
}

bool sink::serve_once(connection& peer)
{
    const auto got = receive(peer);
    if (got <= 0)
        return got == 0;
    out_size_ = 0;
    quit_ = false;
    start_tls_ = false;
    for (std::string_view octets{in_.data(), static_cast<std::size_t>(got)}; !octets.empty();)
        octets = peer.in_content ? take_content(peer, octets) : take_commands(peer, octets);
    if (out_size_ > 0 && !send(peer, {out_.data(), out_size_}))
        return false;
    return !quit_ && (!start_tls_ || shake(peer));
}

bool sink::serve(connection& peer)
{
    if (peer.in_handshake && !shake(peer))
        return false;
    if (peer.in_handshake)
        return true;
    do {
        if (!serve_once(peer))
            return false;
    } while (peer.in_tls && ::SSL_pending(peer.tls) > 0); // of which epoll knows nothing
    return true;
}

void sink::accept_all()
{
    for (;;) {
        // Only OpenSSL needs to be told that it must not wait.
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | (tls_ != nullptr ? SOCK_NONBLOCK : 0));
        if (socket < 0)
            return;
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto* peer = new connection; // owned by the epoll set; freed when it is over
        peer->socket = socket;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = peer;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
        (void)send(*peer, "220 sink\r\n"sv);
    }
}

bool sink::configure(int count, char** words)
{
    for (int i = 1; i < count; ++i) {
        const std::string_view word{words[i]};
        if (word == "--tls" && i + 2 < count) {
            tls_ = ::SSL_CTX_new(::TLS_server_method());
            if (::SSL_CTX_use_certificate_chain_file(tls_, words[i + 1]) != 1 ||
                ::SSL_CTX_use_PrivateKey_file(tls_, words[i + 2], SSL_FILETYPE_PEM) != 1)
                return false;
            i += 2;
        } else if (word == "--hold" && i + 1 < count) {
            hold_ = std::strtoul(words[++i], nullptr, 10);
        } else if (word == "--expect" && i + 1 < count) {
            expect_ = std::strtoul(words[++i], nullptr, 10);
        } else if (word == "--delay" && i + 1 < count) {
            delay_ = std::chrono::milliseconds{std::strtoul(words[++i], nullptr, 10)};
        } else if (word == "--digest") {
            has_digest_ = true;
        } else if (word == "--extensions") {
            has_extensions_ = true;
        } else {
            return false;
        }
    }
    return true;
}

int sink::run()
{
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes with write(2)
    sigset_t stop{};
    ::sigemptyset(&stop);
    ::sigaddset(&stop, SIGTERM);
    ::sigaddset(&stop, SIGUSR2);
    ::sigprocmask(SIG_BLOCK, &stop, nullptr);
    const int signals = ::signalfd(-1, &stop, SFD_CLOEXEC);

    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 4096) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        std::perror("epoll_sink");
        return 1;
    }
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr; // the listener
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
    event.data.ptr = this; // the signal
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, signals, &event);
    std::printf("listening %u\n", ntohs(address.sin_port));
    std::fflush(stdout);

    std::array<epoll_event, 256> ready{};
    for (;;) {
        const int wait = send_what_is_due();
        const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), wait);
        for (int i = 0; i < count; ++i) {
            auto* what = ready[static_cast<std::size_t>(i)].data.ptr;
            if (what == nullptr) {
                accept_all();
            } else if (what == this) {
                signalfd_siginfo which{};
                if (::read(signals, &which, sizeof which) != sizeof which || which.ssi_signo != SIGUSR2) {
                    std::printf("messages %zu\n", messages_);
                    return 0;
                }
                std::printf("counted %zu %llu\n", messages_, static_cast<unsigned long long>(digest_));
                std::fflush(stdout);
            } else if (auto* peer = static_cast<connection*>(what); !serve(*peer)) {
                end(*peer);
            }
        }
    }
}

} // namespace

int main(int count, char** words)
{
    const auto it = std::make_unique<sink>();
    if (!it->configure(count, words)) {
        std::fprintf(stderr,
                     "usage: epoll_sink [--tls CERT KEY] [--hold N] [--expect N] [--delay MS] [--digest] [--extensions]\n");
        return 2;
    }
    return it->run();
}
