#pragma once
// An SMTP client under TLS that does exactly what a test tells it to: which versions it speaks, where its records end, how it
// goes away. OpenSSL over octets in memory; the socket is a tcp_stream, so every wait has an end.

#include "tests/support/openssl_library.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace postern::test {

/// A session that a later connection may offer again.
using tls_session = std::shared_ptr<SSL_SESSION>;

struct tls_rules {
    int lowest = TLS1_2_VERSION;
    int highest = TLS1_3_VERSION;
    std::string server_name = {}; ///< SNI; empty: none is sent
    tls_session earlier = {};
};

class tls_peer {
public:
    /// A client on an open connection, before its handshake.
    explicit tls_peer(tcp_stream stream, const tls_rules& rules = {}) : tcp_{std::move(stream)}
    {
        const std::unique_ptr<SSL_CTX, decltype(library_->ctx_free)> context{library_->ctx_new(library_->client_method()),
                                                                             library_->ctx_free};
        library_->ctx_set_security_level(context.get(), 0); // the server is to refuse what is old, not the client
        library_->ctx_ctrl(context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, rules.lowest, nullptr);
        library_->ctx_ctrl(context.get(), SSL_CTRL_SET_MAX_PROTO_VERSION, rules.highest, nullptr);
        ssl_ = {library_->new_ssl(context.get()), library_->free};
        from_server_ = library_->bio_new(library_->bio_s_mem());
        to_server_ = library_->bio_new(library_->bio_s_mem());
        library_->set_bio(ssl_.get(), from_server_, to_server_);
        library_->set_connect_state(ssl_.get());
        if (auto name = rules.server_name; !name.empty())
            library_->ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
        if (rules.earlier)
            library_->set_session(ssl_.get(), rules.earlier.get());
    }

    /// Connects to a listener with implicit TLS.
    [[nodiscard]] static tls_peer connect(std::uint16_t port, const tls_rules& rules = {})
    {
        return tls_peer{std::move(smtp_peer{port}.stream()), rules};
    }
    /// Connects, says EHLO and `before`, line by line, then STARTTLS; throws std::runtime_error if the server does not want it.
    [[nodiscard]] static tls_peer starttls(std::uint16_t port, const tls_rules& rules = {},
                                           const std::vector<std::string>& before = {})
    {
        smtp_peer peer{port};
        (void)peer.greets();
        for (const auto& line : before)
            (void)peer.says(line);
        if (const auto answer = peer.says("STARTTLS"); answer.code != 220)
            throw std::runtime_error{fmt::format("STARTTLS: {} {}", answer.code, answer.text())};
        return tls_peer{std::move(peer.stream()), rules};
    }

    /// The octets that the handshake begins with, instead of sending them.
    [[nodiscard]] std::string client_hello()
    {
        (void)library_->do_handshake(ssl_.get());
        return records();
    }
    [[nodiscard]] bool shakes_hands()
    {
        return retry([this] { return library_->do_handshake(ssl_.get()); }) == 1;
    }
    /// TLS 1.2: a second handshake on the connection; whether the server takes part.
    [[nodiscard]] bool renegotiates()
    {
        if (library_->renegotiate(ssl_.get()) != 1)
            throw std::runtime_error{"this version of TLS has no renegotiation"};
        return shakes_hands();
    }

    /// One record (two and more above 16 KiB; none for nothing). false: the connection is gone.
    bool sends(std::string_view octets)
    {
        library_->err_clear_error();
        return octets.empty() ||
               (library_->write(ssl_.get(), octets.data(), static_cast<int>(octets.size())) > 0 && tcp_.write(records()));
    }
    /// A record for each octet.
    bool sends_octet_by_octet(std::string_view octets)
    {
        for (const char& octet : octets)
            if (!sends({&octet, 1}))
                return false;
        return true;
    }
    [[nodiscard]] smtp_reply reply()
    {
        smtp_reply whole;
        for (auto line = read_line(); line; line = read_line()) {
            if (line->size() < 3 || line->find_first_not_of("0123456789") < 3)
                throw std::runtime_error{fmt::format("not a reply: \"{}\"", *line)};
            whole.code = std::stoi(line->substr(0, 3));
            whole.lines.push_back(line->size() > 4 ? line->substr(4) : std::string{});
            if (line->size() == 3 || (*line)[3] == ' ')
                return whole;
        }
        return {};
    }
    smtp_reply says(std::string_view line)
    {
        if (!sends(fmt::format("{}\r\n", line)))
            return {};
        return reply();
    }
    /// Everything up to the end. `is_clean`: close_notify came before it.
    [[nodiscard]] std::string read_to_end(bool* is_clean = nullptr)
    {
        auto all = std::exchange(pending_, {});
        while (read_some(all)) {
        }
        if (is_clean != nullptr)
            *is_clean = has_been_told_;
        return all;
    }

    /// close_notify, and nothing else: the socket stays.
    void says_goodbye()
    {
        (void)library_->shutdown(ssl_.get());
        (void)tcp_.write(records());
    }
    [[nodiscard]] tls_session session()
    {
        library_->set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); // else it would count as broken
        return {library_->get1_session(ssl_.get()), library_->session_free};
    }
    /// tls-exporter (RFC 9266): what only the two ends of this connection know.
    [[nodiscard]] std::string binding() const
    {
        constexpr std::string_view label = "EXPORTER-Channel-Binding";
        std::string octets(32, '\0');
        auto* const to = reinterpret_cast<unsigned char*>(octets.data());
        if (library_->export_keying_material(ssl_.get(), to, octets.size(), label.data(), label.size(), nullptr, 0, 0) != 1)
            throw std::runtime_error{"this connection has no binding"};
        return octets;
    }
    [[nodiscard]] bool is_resumed() const { return library_->session_reused(ssl_.get()) != 0; }
    [[nodiscard]] std::string version() const { return library_->get_version(ssl_.get()); }
    /// The socket: for cutting the connection, and for octets in the clear.
    [[nodiscard]] tcp_stream& stream() noexcept { return tcp_; }

private:
    /// What OpenSSL has for the server.
    [[nodiscard]] std::string records()
    {
        std::string out(library_->bio_ctrl_pending(to_server_), '\0');
        if (!out.empty())
            (void)library_->bio_read(to_server_, out.data(), static_cast<int>(out.size()));
        return out;
    }
    /// Gives OpenSSL what it asks for until `what` is done or cannot be; its result.
    template <class What>
    int retry(What what)
    {
        for (;;) {
            library_->err_clear_error();
            const int result = what();
            const int why = library_->get_error(ssl_.get(), result);
            has_been_told_ = has_been_told_ || why == SSL_ERROR_ZERO_RETURN;
            const bool sent = tcp_.write(records());
            std::string octets;
            if (result > 0 || why != SSL_ERROR_WANT_READ || !sent || !tcp_.read_some(octets))
                return result;
            (void)library_->bio_write(from_server_, octets.data(), static_cast<int>(octets.size()));
        }
    }
    [[nodiscard]] bool read_some(std::string& to)
    {
        std::array<char, 16384> octets{};
        const int got = retry([&] { return library_->read(ssl_.get(), octets.data(), static_cast<int>(octets.size())); });
        if (got > 0)
            to.append(octets.data(), static_cast<std::size_t>(got));
        return got > 0;
    }
    [[nodiscard]] std::optional<std::string> read_line()
    {
        auto end = pending_.find("\r\n");
        for (; end == std::string::npos; end = pending_.find("\r\n"))
            if (!read_some(pending_))
                return std::nullopt;
        auto line = pending_.substr(0, end);
        pending_.erase(0, end + 2);
        return line;
    }

    std::unique_ptr<const openssl_library> library_ = std::make_unique<const openssl_library>();
    tcp_stream tcp_;
    std::unique_ptr<SSL, decltype(&::SSL_free)> ssl_{nullptr, nullptr};
    BIO* from_server_ = nullptr; // both are the SSL's
    BIO* to_server_ = nullptr;
    std::string pending_;
    bool has_been_told_ = false;
};

} // namespace postern::test
