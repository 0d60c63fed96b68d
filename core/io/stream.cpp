#include "core/io/stream.hpp"

#include "core/base/ip_address.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace postern::io {

namespace {

base::error_code last_error() noexcept
{
    return {errno, boost::system::system_category()};
}

/// What a call that sends comes to: how many octets went; 0: none can go now.
template <class Call>
base::result<std::size_t> sent_by(Call call) noexcept
{
    for (;;) {
        const auto count = call();
        if (count >= 0)
            return static_cast<std::size_t>(count);
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return std::size_t{0};
        if (errno != EINTR)
            return last_error();
    }
}

int clamp_size(std::size_t size) noexcept
{
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<int>::max());
    return static_cast<int>(size < most ? size : most);
}

/// RFC 4514: so escaped that two subjects have one text only if they are one. Empty: it is too long to be anybody's name.
std::string subject_of(const X509& certificate)
{
    constexpr int longest = 1024;
    const std::unique_ptr<BIO, decltype(&BIO_free)> text{BIO_new(BIO_s_mem()), &BIO_free};
    if (text == nullptr || X509_NAME_print_ex(text.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253) < 0)
        return {};
    char* octets = nullptr;
    const auto size = BIO_get_mem_data(text.get(), &octets);
    return size > 0 && size <= longest ? std::string(octets, static_cast<std::size_t>(size)) : std::string{};
}

constexpr std::size_t largest_record = 16384; // RFC 8446 5.1

} // namespace

stream::stream(loop& home, socket connected) : deadline{home.deadlines()}, home_{home}, socket_{std::move(connected)}
{
    boost::system::error_code ignored; // a socket that cannot is seen by its next operation
    socket_.native_non_blocking(true, ignored);
    const int on = 1; // replies are whole batches already; fails on Unix sockets, which have no such delay
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

stream::~stream()
{
    close();
    if (ssl_ != nullptr)
        SSL_free(ssl_);
}

read_result stream::try_read(char* to, std::size_t size) noexcept
{
    return ssl_ != nullptr ? try_read_tls(to, size) : try_receive(to, size, false);
}

read_result stream::try_receive(char* to, std::size_t size, bool only_looks) noexcept
{
    for (;;) {
        const auto count = ::recv(socket_.native_handle(), to, size, only_looks ? MSG_PEEK : 0);
        if (count > 0)
            return {read_result::kind::octets, static_cast<std::size_t>(count)};
        if (count == 0)
            return {read_result::kind::end};
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return {read_result::kind::would_block};
        if (errno != EINTR)
            return {read_result::kind::broken};
    }
}

read_result stream::try_read_tls(char* to, std::size_t size) noexcept
{
    ERR_clear_error();
    const int count = SSL_read(ssl_, to, clamp_size(size));
    tls_wants_octets_ = false;
    if (count > 0)
        return {read_result::kind::octets, static_cast<std::size_t>(count)};
    switch (SSL_get_error(ssl_, count)) {
    case SSL_ERROR_WANT_READ:
        tls_wants_write_ = false;
        tls_wants_octets_ = true;
        return {read_result::kind::would_block};
    case SSL_ERROR_WANT_WRITE:
        tls_wants_write_ = true;
        return {read_result::kind::would_block};
    case SSL_ERROR_ZERO_RETURN:
        return {read_result::kind::end};
    default: // an end without close_notify too: it may be an attacker's
        tls_broken_ = true;
        return {read_result::kind::broken};
    }
}

task<base::error_code> stream::wait(socket::wait_type what, bool is_ready)
{
    if (timed_out_ || interrupted_ || !socket_.is_open())
        co_return boost::asio::error::operation_aborted;
    base::error_code ec;
    if (!is_ready) { // deferred: with use_task the operation would be a coroutine of its own, as long as an idle connection waits
        auto ready = socket_.async_wait(what, asio::as_tuple(asio::deferred));
        const auto [came] = co_await std::move(ready);
        ec = came;
    }
    if (!ec && (timed_out_ || interrupted_))
        ec = boost::asio::error::operation_aborted;
    co_return ec;
}

task<base::error_code> stream::wait_readable()
{
    // OpenSSL may hold records that no readiness of the socket will announce. It counts the beginning of one too, whose rest has
    // to be waited for: whether that is all, only a read can tell.
    const bool is_ready = ssl_ != nullptr && !tls_wants_octets_ && !tls_wants_write_ && SSL_has_pending(ssl_) == 1;
    return wait(ssl_ != nullptr && tls_wants_write_ ? socket::wait_write : socket::wait_read, is_ready);
}

task<void> stream::pause(std::chrono::milliseconds how_long)
{
    if (how_long.count() <= 0)
        co_return;
    expires_after(how_long);
    co_await wait(socket::wait_error, false); // a deadline is the good end
    expires_never();
}

base::result<std::size_t> stream::try_write(std::string_view octets) noexcept
{
    if (ssl_ != nullptr)
        return try_write_tls(octets);
    return sent_by([&] { return ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_NOSIGNAL); });
}

base::result<std::size_t> stream::try_write_tls(std::string_view octets) noexcept
{
    if (octets.empty())
        return std::size_t{0};
    ERR_clear_error();
    const int count = SSL_write(ssl_, octets.data(), clamp_size(octets.size()));
    if (count > 0)
        return static_cast<std::size_t>(count);
    switch (SSL_get_error(ssl_, count)) {
    case SSL_ERROR_WANT_READ:
        tls_wants_write_ = false;
        return std::size_t{0};
    case SSL_ERROR_WANT_WRITE:
        tls_wants_write_ = true;
        return std::size_t{0};
    default:
        tls_broken_ = true;
        return base::error_code{boost::asio::error::broken_pipe};
    }
}

/// One piece or more, none of them empty.
base::result<std::size_t> stream::try_write_pieces(std::span<const std::string_view> what) noexcept
{
    if (what.size() == 1)
        return try_write(what.front());
    if (ssl_ != nullptr)
        return try_write_record(what);
    std::array<iovec, std::tuple_size_v<pieces>> places{};
    std::transform(what.begin(), what.end(), places.begin(), [](std::string_view piece) {
        return iovec{const_cast<char*>(piece.data()), piece.size()}; // which sendmsg only reads
    });
    msghdr message{};
    message.msg_iov = places.data();
    message.msg_iovlen = what.size();
    return sent_by([&] { return ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL); });
}

/// A whole record from where its octets lie; what is left of a piece shares one, and a system call, with what follows it.
base::result<std::size_t> stream::try_write_record(std::span<const std::string_view> what) noexcept
{
    const auto first = what.front();
    if (first.size() >= largest_record)
        return try_write_tls(first);         // which takes one record at a time
    std::array<char, largest_record> record; // made anew for each attempt, the same each time: OpenSSL allows for that
    std::size_t size = 0;
    for (const auto piece : what)
        size += piece.copy(record.data() + size, record.size() - size);
    return try_write_tls({record.data(), size});
}

task<base::error_code> stream::write(pieces what)
{
    std::span<std::string_view> left{what.begin(), std::remove(what.begin(), what.end(), std::string_view{})};
    while (!left.empty()) {
        const auto sent = try_write_pieces(left);
        if (!sent)
            co_return sent.error();
        auto gone = *sent;
        while (!left.empty() && gone >= left.front().size()) {
            gone -= left.front().size();
            left = left.subspan(1);
        }
        if (!left.empty())
            left.front().remove_prefix(gone);
        if (*sent == 0) {
            const auto ready = ssl_ != nullptr && !tls_wants_write_ ? socket::wait_read : socket::wait_write;
            const auto ec = co_await wait(ready, false);
            if (ec)
                co_return ec;
        }
    }
    co_return base::error_code{};
}

task<base::error_code> stream::handshake(std::shared_ptr<tls_context> context, tls_side side, std::string name, std::string& why,
                                         peer_expectation expected)
{
    context_ = std::move(context);
    name_ = std::move(name);
    ERR_clear_error();
    ssl_ = SSL_new(context_->native());
    if (ssl_ == nullptr || SSL_set_fd(ssl_, static_cast<int>(socket_.native_handle())) != 1) {
        why = "out of memory";
        co_return boost::asio::error::no_memory;
    }
    // A retried write may come from another place in memory: replies are moved while they wait.
    SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_set_read_ahead(ssl_, 1); // a system call a record: without it the five octets in front of each cost one of their own
    if (side == tls_side::server) {
        SSL_set_accept_state(ssl_);
        context_->bind(ssl_, name_);
    } else {
        SSL_set_connect_state(ssl_);
        if (!name_.empty() && !base::ip_address::from_text(name_)) // RFC 6066 3: no addresses
            SSL_set_tlsext_host_name(ssl_, name_.c_str());
        if (const auto objection = expect(ssl_, name_, expected); !objection.empty()) {
            tls_broken_ = true;
            why = objection;
            co_return boost::asio::error::invalid_argument;
        }
        if (expected.is_plain())
            context_->offer_session(ssl_, name_);
    }
    for (bool may_try = side == tls_side::client;; may_try = true) { // a client speaks first
        int error = SSL_ERROR_WANT_READ;
        if (may_try) {
            ERR_clear_error();
            const int done = SSL_do_handshake(ssl_);
            if (done == 1)
                co_return base::error_code{};
            error = SSL_get_error(ssl_, done);
        }
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            tls_broken_ = true;
            std::array<char, 256> text{};
            const auto code = ERR_peek_error();
            if (code != 0)
                ERR_error_string_n(code, text.data(), text.size());
            why = code != 0 ? text.data() : "the peer closed the connection";
            if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
                why += ": " + std::string{peer_fault_text()};
            if (side == tls_side::client)
                context_->forget_session(name_); // it may have been that
            co_return boost::asio::error::connection_aborted;
        }
        const auto what = error == SSL_ERROR_WANT_WRITE ? socket::wait_write : socket::wait_read;
        const auto ec = co_await wait(what, false);
        if (ec) {
            tls_broken_ = true;
            why = timed_out_ ? "timed out" : ec.message();
            co_return ec;
        }
    }
}

tls_summary stream::tls() const
{
    tls_summary summary;
    if (ssl_ == nullptr || SSL_is_init_finished(ssl_) == 0)
        return summary;
    summary.version = SSL_get_version(ssl_);
    summary.cipher = SSL_get_cipher_name(ssl_);
    if (const auto group = SSL_get_negotiated_group(ssl_); group != 0)
        if (const char* name = SSL_group_to_name(ssl_, static_cast<int>(group)); name != nullptr)
            summary.group = name;
    if (const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name); name != nullptr)
        summary.server_name = name;
    if (X509* peer = SSL_get0_peer_certificate(ssl_); peer != nullptr && SSL_get_verify_result(ssl_) == X509_V_OK) {
        summary.peer_subject = subject_of(*peer);
    }
    return summary;
}

bool stream::is_peer_verified() const noexcept
{
    return ssl_ != nullptr && SSL_is_init_finished(ssl_) != 0 && (SSL_get_verify_mode(ssl_) & SSL_VERIFY_PEER) != 0 &&
           SSL_get0_peer_certificate(ssl_) != nullptr && SSL_get_verify_result(ssl_) == X509_V_OK;
}

certificate_fault stream::peer_fault() const noexcept
{
    return ssl_ == nullptr ? certificate_fault::none : fault_of(ssl_);
}

std::string_view stream::peer_fault_text() const noexcept
{
    return ssl_ == nullptr ? std::string_view{} : fault_text(ssl_);
}

std::string stream::channel_binding() const
{
    if (ssl_ == nullptr || SSL_is_init_finished(ssl_) == 0)
        return {};
    // RFC 9266 3: TLS 1.2 without the extended master secret (RFC 7627) has none that is unique.
    if (SSL_version(ssl_) < TLS1_3_VERSION && SSL_get_extms_support(ssl_) != 1)
        return {};
    constexpr std::string_view label = "EXPORTER-Channel-Binding"; // RFC 9266 2: and a context of no octets, which is not none
    std::string out(channel_binding_size, '\0');
    auto* const to = reinterpret_cast<unsigned char*>(out.data());
    const auto* const context = reinterpret_cast<const unsigned char*>("");
    if (SSL_export_keying_material(ssl_, to, out.size(), label.data(), label.size(), context, 0, 1) != 1)
        return {};
    return out;
}

void stream::expired() noexcept
{
    timed_out_ = true;
    boost::system::error_code ignored; // nothing waits: the next wait() sees timed_out_
    socket_.cancel(ignored);
}

void stream::interrupt() noexcept
{
    interrupted_ = true;
    boost::system::error_code ignored; // likewise
    socket_.cancel(ignored);
}

socket stream::release() noexcept
{
    clear();
    return std::move(socket_);
}

void stream::close() noexcept
{
    if (!socket_.is_open())
        return;
    clear();
    if (ssl_ != nullptr && !tls_broken_ && SSL_is_init_finished(ssl_) != 0) {
        ERR_clear_error();
        SSL_shutdown(ssl_);
    }
    // Octets that the peer sent and we have not read would turn our close into a reset, which can destroy the last reply on
    // its way: say that we are done writing first, and throw away what is here already.
    ::shutdown(socket_.native_handle(), SHUT_WR);
    std::array<char, 4096> waste{};
    for (int i = 0; i < 16 && ::recv(socket_.native_handle(), waste.data(), waste.size(), MSG_DONTWAIT) > 0; ++i) {
    }
    boost::system::error_code ignored; // closing cannot be retried
    socket_.close(ignored);
}

} // namespace postern::io
