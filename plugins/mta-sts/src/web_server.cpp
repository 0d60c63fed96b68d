#include "web_server.hpp"

#include <postern/kit/network_set.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <csignal>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mta_sts {

namespace {

using std::chrono::steady_clock;

constexpr int most_waiting = 128; // that the system keeps before they are accepted

struct place {
    sockaddr_storage address{};
    socklen_t size = 0;
};

/// Nothing: it is no address and port.
[[nodiscard]] std::optional<place> place_of(std::string_view text) noexcept
{
    const auto colon = text.rfind(':');
    if (colon == text.npos)
        return std::nullopt;
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (wrong != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    auto host = text.substr(0, colon);
    const bool is_six = host.starts_with('[') && host.ends_with(']');
    if (is_six)
        host = host.substr(1, host.size() - 2);
    std::array<char, INET6_ADDRSTRLEN + 1> name{};
    if (host.size() >= name.size())
        return std::nullopt;
    std::copy(host.begin(), host.end(), name.begin());
    place made;
    if (is_six) {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        if (::inet_pton(AF_INET6, name.data(), &six.sin6_addr) != 1)
            return std::nullopt;
        std::memcpy(&made.address, &six, sizeof six);
        made.size = sizeof six;
    } else {
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        if (::inet_pton(AF_INET, name.data(), &four.sin_addr) != 1)
            return std::nullopt;
        std::memcpy(&made.address, &four, sizeof four);
        made.size = sizeof four;
    }
    return made;
}

[[nodiscard]] std::string reason()
{
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
    return text.data();
}

/// OpenSSL would ask for it at the terminal.
int no_passphrase(char* /*to*/, int /*size*/, int /*is_writing*/, void* /*user*/)
{
    return -1;
}

[[nodiscard]] std::int64_t now_s() noexcept
{
    return static_cast<std::int64_t>(std::time(nullptr));
}

} // namespace

bool is_listen_address(std::string_view text) noexcept
{
    return place_of(text).has_value();
}

web_server::descriptor::descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}

web_server::descriptor& web_server::descriptor::operator=(descriptor&& other) noexcept
{
    std::swap(number_, other.number_);
    return *this;
}

web_server::descriptor::~descriptor()
{
    if (number_ >= 0)
        ::close(number_);
}

web_server::web_server(web_settings how, web_page page, note served, complaint wrong)
    : how_{std::move(how)}, page_{std::move(page)}, served_{std::move(served)}, wrong_{std::move(wrong)}
{
}

web_server::~web_server()
{
    ends_ = true;
    if (!thread_.joinable())
        return;
    const std::uint64_t one = 1;
    while (::write(wake_.number(), &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
}

web_server::version web_server::version_of(const std::string& file) noexcept
{
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0)
        return {};
    return {static_cast<std::int64_t>(facts.st_mtim.tv_sec), static_cast<std::int64_t>(facts.st_mtim.tv_nsec),
            static_cast<std::int64_t>(facts.st_ino), static_cast<std::int64_t>(facts.st_size)};
}

web_server::context web_server::read(std::string& why) const
{
    ERR_clear_error();
    context made{SSL_CTX_new(TLS_server_method())};
    if (made == nullptr || SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION) != 1) {
        why = reason();
        return nullptr;
    }
    SSL_CTX_set_default_passwd_cb(made.get(), no_passphrase);
    SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(made.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    if (SSL_CTX_use_certificate_chain_file(made.get(), how_.certificate.c_str()) != 1) {
        why = how_.certificate + ": " + reason();
        return nullptr;
    }
    if (SSL_CTX_use_PrivateKey_file(made.get(), how_.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(made.get()) != 1) {
        why = how_.key + ": " + reason();
        return nullptr;
    }
    return made;
}

std::string web_server::load()
{
    std::string why;
    versions_ = {version_of(how_.certificate), version_of(how_.key)};
    context_ = read(why);
    return why;
}

std::vector<std::string> web_server::uncovered() const
{
    std::vector<std::string> all;
    X509* const shown = SSL_CTX_get0_certificate(context_.get());
    for (const auto& each : page_.hosts)
        if (X509_check_host(shown, each.data(), each.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) != 1)
            all.push_back(each);
    return all;
}

std::string web_server::open()
{
    const auto where = place_of(how_.address);
    const auto failed = [this] { return how_.address + ": " + std::strerror(errno); };
    if (!where)
        return how_.address + " is no address and port";
    descriptor socket{::socket(where->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    wake_ = descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (socket.number() < 0 || wake_.number() < 0)
        return failed();
    const int yes = 1;
    for (const int option : {SO_REUSEADDR, SO_REUSEPORT}) // a reload: the generation before still serves
        if (::setsockopt(socket.number(), SOL_SOCKET, option, &yes, sizeof yes) != 0)
            return failed();
    if (where->address.ss_family == AF_INET6) {
        const int no = 0; // "[::]" is all addresses of both kinds
        if (::setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) != 0)
            return failed();
    }
    if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&where->address), where->size) != 0 ||
        ::listen(socket.number(), most_waiting) != 0)
        return failed();
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&bound), &size) != 0)
        return failed();
    port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                              : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
    listening_ = std::move(socket);
    return {};
}

void web_server::start()
{
    // Signals are the program's, and a peer that is gone (SIGPIPE) is no matter of it.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread{[this] { run(); }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// Once a second at most, when somebody comes.
void web_server::look_at_files()
{
    const auto now = steady_clock::now();
    if (now - looked_ < std::chrono::seconds{1})
        return;
    looked_ = now;
    const std::array<version, 2> there{version_of(how_.certificate), version_of(how_.key)};
    if (there == versions_)
        return;
    versions_ = there;
    std::string why;
    if (auto made = read(why))
        context_ = std::move(made); // connections have their own hold on the one before
    else
        wrong_(why);
}

void web_server::run()
{
    std::vector<pollfd> all;
    while (!ends_) {
        all.assign({{wake_.number(), POLLIN, 0}, {listening_.number(), POLLIN, 0}});
        auto next = steady_clock::time_point::max();
        for (const auto& each : open_) {
            all.push_back({each.socket.number(), each.events, 0});
            next = std::min(next, each.until);
        }
        int limit = -1;
        if (!open_.empty())
            limit = static_cast<int>(
                std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(next - steady_clock::now()).count()));
        if (::poll(all.data(), all.size(), limit) < 0 && errno != EINTR)
            return wrong_(std::string{"poll: "} + std::strerror(errno));
        const auto now = steady_clock::now();
        std::size_t at = 2;
        for (auto one = open_.begin(); one != open_.end(); ++at) {
            const bool goes_on = one->until > now && (all[at].revents == 0 || advance(*one));
            one = goes_on ? std::next(one) : open_.erase(one);
        }
        if (all[1].revents != 0)
            accept();
    }
    open_.clear();
}

void web_server::accept()
{
    look_at_files();
    for (;;) {
        descriptor socket{::accept4(listening_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (socket.number() < 0) {
            if (errno == EMFILE || errno == ENFILE) { // room for it comes with the end of another one
                if (open_.empty()) {
                    constexpr int moment_ms = 100; // or poll() would say at once that somebody waits
                    (void)::poll(nullptr, 0, moment_ms);
                    return;
                }
                open_.pop_front();
                continue;
            }
            return; // nobody waits any more, or who did is gone
        }
        connection one;
        one.until = steady_clock::now() + how_.patience;
        one.tls.reset(SSL_new(context_.get()));
        if (one.tls == nullptr || SSL_set_fd(one.tls.get(), socket.number()) != 1)
            continue;
        SSL_set_accept_state(one.tls.get());
        one.socket = std::move(socket);
        if (!advance(one))
            continue;
        if (open_.size() >= how_.most_connections)
            open_.pop_front();
        open_.push_back(std::move(one));
    }
}

/// Whether a call that did not end has to be made again, and what for.
bool web_server::waits(connection& one, int result)
{
    switch (SSL_get_error(one.tls.get(), result)) {
    case SSL_ERROR_WANT_READ:
        one.events = POLLIN;
        return true;
    case SSL_ERROR_WANT_WRITE:
        one.events = POLLOUT;
        return true;
    default:
        return false;
    }
}

bool web_server::advance(connection& one)
{
    ERR_clear_error();
    if (!one.is_secure) {
        const int done = SSL_do_handshake(one.tls.get());
        if (done != 1)
            return waits(one, done);
        one.is_secure = true;
    }
    while (one.out.empty()) {
        std::array<char, 2'048> piece{};
        const int count = SSL_read(one.tls.get(), piece.data(), static_cast<int>(piece.size()));
        if (count <= 0)
            return waits(one, count);
        one.in.append(piece.data(), static_cast<std::size_t>(count));
        const auto end = end_of_request(one.in);
        if (end == one.in.npos && one.in.size() <= longest_request)
            continue;
        auto said = respond(page_, std::string_view{one.in}.substr(0, end), now_s());
        one.out = std::move(said.octets);
        served_(said.code);
    }
    while (one.sent < one.out.size()) {
        const int count = SSL_write(one.tls.get(), one.out.data() + one.sent, static_cast<int>(one.out.size() - one.sent));
        if (count <= 0)
            return waits(one, count);
        one.sent += static_cast<std::size_t>(count);
    }
    (void)SSL_shutdown(one.tls.get()); // what is said back, nobody waits for
    return false;
}

} // namespace mta_sts
