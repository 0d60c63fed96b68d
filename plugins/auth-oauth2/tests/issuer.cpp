#include "tests/issuer.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace auth_oauth2::test {
namespace {

void need(bool holds, const char* what)
{
    if (!holds)
        throw std::runtime_error(what);
}

/// A connection in the clear or under TLS.
class stream {
public:
    stream(int socket, SSL_CTX* tls) : socket_{socket}, tls_{tls == nullptr ? nullptr : SSL_new(tls)}
    {
        if (tls_ != nullptr)
            SSL_set_fd(tls_, socket);
    }
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream()
    {
        SSL_free(tls_);
        ::close(socket_);
    }
    [[nodiscard]] bool is_open() const { return tls_ == nullptr || SSL_accept(tls_) == 1; }
    [[nodiscard]] bool has_octets() const { return tls_ != nullptr && SSL_pending(tls_) > 0; }
    [[nodiscard]] long read(char* to, std::size_t length) const
    {
        return tls_ != nullptr ? SSL_read(tls_, to, static_cast<int>(length)) : ::read(socket_, to, length);
    }
    void write(const std::string& octets) const
    {
        if (tls_ != nullptr)
            SSL_write(tls_, octets.data(), static_cast<int>(octets.size()));
        else
            static_cast<void>(!::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL));
    }

private:
    int socket_;
    SSL* tls_;
};

std::size_t length_in(const std::string& head)
{
    constexpr std::string_view name = "Content-Length: ";
    const auto at = head.find(name);
    std::size_t length = 0;
    if (at != std::string::npos)
        std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
    return length;
}

} // namespace

std::string ok(const std::string& body)
{
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

certificate::certificate(const std::string& names) : key{EVP_EC_gen("P-256")}, cert{X509_new()}
{
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    auto* const name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("issuer"), -1, -1, 0);
    X509_set_issuer_name(cert, name);
    auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    need(extension != nullptr && X509_add_ext(cert, extension, -1) == 1, "no such names");
    X509_EXTENSION_free(extension);
    need(X509_sign(cert, key, EVP_sha256()) > 0, "the certificate cannot be signed");
}

certificate::~certificate()
{
    X509_free(cert);
    EVP_PKEY_free(key);
}

void certificate::write(const std::string& file) const
{
    std::FILE* const to = std::fopen(file.c_str(), "w");
    need(to != nullptr && PEM_write_X509(to, cert) == 1, "the certificate cannot be written");
    std::fclose(to);
}

issuer::issuer(std::function<std::string(const asked&)> answer, const certificate* shows)
    : answer_{std::move(answer)}, listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, stop_{::eventfd(0, EFD_CLOEXEC)}
{
    if (shows != nullptr) {
        tls_ = SSL_CTX_new(TLS_server_method());
        need(SSL_CTX_use_certificate(tls_, shows->cert) == 1 && SSL_CTX_use_PrivateKey(tls_, shows->key) == 1, "no TLS");
    }
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    need(::bind(listener_, address, size) == 0 && ::listen(listener_, 16) == 0 && ::getsockname(listener_, address, &size) == 0,
         "no listener");
    port_ = ntohs(where.sin_port);
    thread_ = std::thread{[this] { run(); }};
}

issuer::~issuer()
{
    const std::uint64_t one = 1;
    static_cast<void>(!::write(stop_, &one, sizeof one));
    thread_.join();
    ::close(listener_);
    ::close(stop_);
    SSL_CTX_free(tls_);
}

std::string issuer::address() const
{
    return "127.0.0.1:" + std::to_string(port_);
}

std::vector<asked> issuer::requests() const
{
    const std::lock_guard lock{mutex_};
    return requests_;
}

std::size_t issuer::connections() const
{
    const std::lock_guard lock{mutex_};
    return connections_;
}

void issuer::run()
{
    // OpenSSL writes with write(2), and a client that does not like the certificate is gone.
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (true) {
        std::array<pollfd, 2> both{pollfd{listener_, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
        if (::poll(both.data(), both.size(), -1) < 0 || both[1].revents != 0)
            return;
        if (const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); connection >= 0)
            serve(connection);
    }
}

void issuer::serve(int connection)
{
    {
        const std::lock_guard lock{mutex_};
        ++connections_;
    }
    const stream peer{connection, tls_};
    if (!peer.is_open())
        return ERR_clear_error();
    std::string octets;
    while (true) {
        std::array<pollfd, 2> both{pollfd{connection, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
        if (!peer.has_octets() && (::poll(both.data(), both.size(), -1) < 0 || both[1].revents != 0))
            return;
        std::array<char, 4096> piece{};
        const auto count = peer.read(piece.data(), piece.size());
        if (count <= 0)
            return ERR_clear_error();
        octets.append(piece.data(), static_cast<std::size_t>(count));
        const auto end = octets.find("\r\n\r\n");
        if (end == std::string::npos || octets.size() < end + 4 + length_in(octets.substr(0, end)))
            continue;
        asked request{octets.substr(0, end), octets.substr(end + 4)};
        octets.clear();
        {
            const std::lock_guard lock{mutex_};
            requests_.push_back(request);
        }
        const std::string said = answer_(request);
        if (said.empty())
            return;
        if (said != "...")
            peer.write(said);
    }
}

} // namespace auth_oauth2::test
