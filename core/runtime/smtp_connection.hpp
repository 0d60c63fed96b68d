#pragma once
// One outgoing SMTP connection: where a client session's steps become I/O. Used by deliveries and by `postern send`.

#include "core/base/ip_address.hpp"
#include "core/delivery/settings.hpp"
#include "core/io/stream.hpp"
#include "core/runtime/content_source.hpp"
#include "core/sasl/client_mechanism.hpp"
#include "core/session/client_session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postern::runtime {

class seven_bit_content;
class trace_notes;

/// What a connection needs to know of its time limits and TLS.
struct client_profile {
    session::client_config session;
    delivery::timeouts timeout;
    std::shared_ptr<io::tls_context> tls; ///< null: no TLS whatever the session wants
    std::string server_name;              ///< SNI, and the name that a verifying context checks
    io::peer_expectation expected;        ///< beyond that
    bool implicit_tls = false;
    std::shared_ptr<const delivery::login> login; ///< before the first message; null: nobody logs in
    base::ip_endpoint peer;                       ///< whom it leads to, as far as that is of interest
    base::ip_endpoint own;                        ///< and from where
    bool has_others = false;                      ///< the name of the next hop has further addresses
};

/// Who is shown what goes over a connection, octets as they are. Threads: the loop's.
class traffic_watcher {
public:
    virtual ~traffic_watcher() = default;
    /// `is_secret`: it proves somebody's identity, and is not to be written down.
    virtual void said(std::string_view octets, bool is_secret) = 0;
    virtual void heard(std::string_view octets, bool is_secret) = 0;
    virtual void secured(const io::tls_summary& how) = 0;
};

class smtp_connection;

/// Who answers what a session asks of its caller before MAIL. Threads: the loop's.
class client_counsel {
public:
    virtual ~client_counsel() = default;
    [[nodiscard]] virtual session::client_asks asks() const noexcept = 0;
    /// `question` is one of the steps ask_...; on return the session has its answer.
    [[nodiscard]] virtual io::task<void> answer(session::client_step::kind question, session::client_session& of,
                                                const smtp_connection& on) = 0;
    /// `question` is ask_content or ask_signature, `now` what would be sent, which can be rewound. What is sent instead, valid
    /// until the next question or the end of the send(), or `now`; on return it is at its beginning, and the session has its
    /// answer.
    [[nodiscard]] virtual io::task<content_source*> shape(session::client_step::kind question, session::client_session& of,
                                                          const smtp_connection& on, content_source& now) = 0;
};

/// Threads: its loop's.
class smtp_connection {
public:
    smtp_connection(io::loop& home, io::socket connected, std::shared_ptr<const client_profile> profile);
    ~smtp_connection();
    smtp_connection(const smtp_connection&) = delete;
    smtp_connection& operator=(const smtp_connection&) = delete;

    /// Sends one message; on return result() tells what became of it. `counsel` is asked what the transaction asks; null:
    /// nothing.
    [[nodiscard]] io::task<void> send(const session::client_transaction& what, content_source& content,
                                      client_counsel* counsel = nullptr);
    /// Once, when the peer has been introduced and before the first command of the next message: waits for `gate`. False of it
    /// interrupts the connection.
    void enter_by(std::function<io::task<bool>()> gate) { gate_ = std::move(gate); }
    /// Greeting, EHLO and TLS, without a message; then end() is none and commands may follow, or the connection is down.
    [[nodiscard]] io::task<void> open();
    /// On an open connection: AUTH; session().login() tells what came of it.
    [[nodiscard]] io::task<void> log_in(std::unique_ptr<sasl::client_mechanism> by);
    /// On an open connection: one command beside messages; session().reply() has its reply. False: it cannot be said.
    [[nodiscard]] io::task<bool> say(std::string line);
    /// QUIT, politely but briefly.
    [[nodiscard]] io::task<void> quit();
    /// Shows `who`, from now on, what is said and heard; null: nobody.
    void watched_by(trace_notes* who) noexcept { notes_ = who; }
    void show_traffic_to(traffic_watcher* who) noexcept { watcher_ = who; }
    /// Ends what it is doing now.
    void interrupt() noexcept { stream_.interrupt(); }

    [[nodiscard]] const session::client_session& session() const noexcept { return session_; }
    [[nodiscard]] sasl::channel_facts channel() const;
    [[nodiscard]] const std::string& reason() const noexcept
    {
        return reason_;
    } ///< of the end, in words; empty: it has not ended
    [[nodiscard]] session::client_result result() const noexcept { return session_.result(); }
    [[nodiscard]] session::client_end end() const noexcept { return session_.end(); }
    [[nodiscard]] session::client_peer peer() const noexcept { return session_.peer(); }
    [[nodiscard]] bool offers(std::string_view keyword) const noexcept { return session_.offers(keyword); }
    [[nodiscard]] std::uint32_t messages() const noexcept { return messages_; }
    /// Whether content of the message at hand may have reached the peer.
    [[nodiscard]] bool has_begun_content() const noexcept { return has_begun_content_; }
    /// Whether the last message went out in 7 bits because the peer takes no other.
    [[nodiscard]] bool has_converted() const noexcept { return has_converted_; }
    /// During send(): what makes its content one of 7 bits; null: nothing has to.
    [[nodiscard]] const seven_bit_content* conversion() const noexcept { return converted_.get(); }
    [[nodiscard]] bool is_tls() const noexcept { return stream_.is_tls(); }
    [[nodiscard]] bool is_peer_verified() const noexcept { return stream_.is_peer_verified(); }
    [[nodiscard]] io::certificate_fault peer_fault() const noexcept { return stream_.peer_fault(); }
    [[nodiscard]] std::string_view peer_fault_text() const noexcept { return stream_.peer_fault_text(); }
    [[nodiscard]] io::tls_summary tls() const { return stream_.tls(); }
    [[nodiscard]] const client_profile& profile() const noexcept { return *profile_; }

private:
    [[nodiscard]] io::task<void> begin();
    [[nodiscard]] io::task<void> drive(content_source* content, client_counsel* counsel = nullptr);
    [[nodiscard]] io::task<void> pass_gate();
    [[nodiscard]] io::task<void> receive(session::client_phase what_for);
    [[nodiscard]] io::task<bool> flush(std::chrono::milliseconds limit);
    [[nodiscard]] bool hear();
    void show_output(const session::client_output& output);
    void tell_end();
    [[nodiscard]] io::task<void> secure();
    void begin_login();
    [[nodiscard]] io::task<void> give(content_source& content);
    [[nodiscard]] io::task<void> convert(content_source& content);
    [[nodiscard]] std::chrono::milliseconds patience(session::client_phase what_for) const noexcept;

    std::shared_ptr<const client_profile> profile_;
    io::stream stream_;
    session::client_session session_;
    io::buffer_pool::buffer buffer_;
    std::uint32_t messages_ = 0;
    std::unique_ptr<seven_bit_content> converted_; ///< of the message at hand, during send()
    bool has_converted_ = false;
    std::function<io::task<bool>()> gate_;
    trace_notes* notes_ = nullptr;
    traffic_watcher* watcher_ = nullptr;
    bool is_open_ = false;    // the first step has been done
    bool is_secret_ = false;  // what was said last was, and so is the answer
    std::size_t content_ = 0; ///< octets of output that are content, with the line before a chunk
    bool has_begun_content_ = false;
    std::string reason_;
    bool is_broken_ = false; // a write failed or took too long: nothing more is sent, what the peer has said is still heard
};

} // namespace postern::runtime
