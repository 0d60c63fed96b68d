#pragma once
// What plugins say to the transactions with one next hop, one after the other, from delivery.begin to delivery.reply. It asks the
// chain, keeps what came of it, and answers the client session's questions. What follows for recipients is the attempt's.

#include "core/delivery/route.hpp"
#include "core/hooks/draft.hpp"
#include "core/hooks/outgoing.hpp"
#include "core/hooks/shaping.hpp"
#include "core/queue/record.hpp"
#include "core/runtime/connection_port.hpp"
#include "core/runtime/content_variant.hpp"
#include "core/runtime/hook_runner.hpp"
#include "core/runtime/next_hosts.hpp"
#include "core/runtime/server.hpp"
#include "core/runtime/seven_bit_blob.hpp"
#include "core/runtime/smtp_connection.hpp"
#include "core/runtime/spool.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::runtime {

/// Threads: its loop's. Its session is its own: one next hop's plugins hold up no other's.
class conversation final : public client_counsel {
public:
    /// What it needs of its engine. All outlive it.
    struct surroundings {
        io::loop& home;
        base::log log;
        base::metrics& metrics;
        const notice_board& notices;
        const base::clock& clock;
        queue::store& store;
        trace_notes* watcher; ///< of every call; may be null
    };

    /// `message` and `record` outlive it.
    conversation(const surroundings& of, std::shared_ptr<const generation> current, hooks::draft& message,
                 const queue::record& record, base::session_id session);

    /// Whether anybody subscribed to anything of it; if not, none is needed.
    [[nodiscard]] static bool is_wanted(const generation& current) noexcept;

    /// delivery.begin, for a transaction with these recipients. What the chain came to; if it lets pass, recipients() and later()
    /// say who is in.
    [[nodiscard]] io::task<hooks::outcome> begin(delivery::route next, std::vector<std::uint32_t> recipients);
    /// A connection was found for the transaction at hand: nothing that was said on one before counts.
    void begin_connection() noexcept;
    [[nodiscard]] std::vector<std::uint32_t> recipients() const { return out_.recipients; }
    [[nodiscard]] std::vector<std::uint32_t> later() const { return out_.later; }
    /// delivery.source; if it lets pass, pool() holds. `configured`: the pool that holds before.
    [[nodiscard]] io::task<hooks::outcome> choose_source(std::string configured);
    [[nodiscard]] const std::string& pool() const noexcept { return out_.pool; }
    /// delivery.tls_policy, once a host; if it lets pass, policy() holds. If not, leaves_host() says whether that is about this
    /// host alone.
    [[nodiscard]] io::task<hooks::outcome> secure(const next_hosts::place& at);
    [[nodiscard]] const hooks::tls_policy& policy() const noexcept { return out_.tls; }
    [[nodiscard]] bool leaves_host() const noexcept { return leaves_host_; }
    /// delivery.connect, once a new connection, behind secure(). `from`: our address, if it is known. If it lets pass,
    /// take_socket() may have the connection already; if not, leaves_host() says whether that is about this address alone.
    [[nodiscard]] io::task<hooks::outcome> connect(const next_hosts::place& at, const std::optional<base::ip_address>& from);
    [[nodiscard]] std::shared_ptr<base::descriptor> take_socket() noexcept { return std::exchange(out_.socket, nullptr); }
    [[nodiscard]] const std::string& socket_by() const noexcept { return out_.socket_by; } ///< whose that was
    /// Whether anybody wants to hear what next hops say of recipients who did not get the message.
    [[nodiscard]] bool weighs_replies() const noexcept { return hooks_.has(hooks::hook_point::delivery_reply); }
    /// delivery.reply, about what `said` says; its `wait` is what was answered.
    [[nodiscard]] io::task<hooks::outcome> weigh_reply(hooks::shaping& said);
    /// delivery.tls_result of a connection on which a first message was tried, by policy().
    void tell_tls_result(const smtp_connection& on);

    [[nodiscard]] session::client_asks asks() const noexcept override;
    [[nodiscard]] io::task<void> answer(session::client_step::kind question, session::client_session& of,
                                        const smtp_connection& on) override;
    [[nodiscard]] io::task<content_source*> shape(session::client_step::kind question, session::client_session& of,
                                                  const smtp_connection& on, content_source& now) override;
    /// Why a plugin held the message instead of sending it; nothing: none did.
    [[nodiscard]] const std::optional<std::string>& held() const noexcept { return held_; }
    /// Whether a plugin has said what becomes of the transaction at hand, so that nobody else is to get it.
    [[nodiscard]] bool has_decided() const noexcept { return has_decided_; }
    /// Whether a plugin wanted another address of the next hop, and there is one. Once.
    [[nodiscard]] bool take_next_host() noexcept { return std::exchange(wants_next_host_, false); }

    /// Nothing is waited for any more: what is asked from now on is put off.
    void cut() noexcept { port_->cut(); }
    [[nodiscard]] bool is_cut() const noexcept { return port_->is_cut(); }
    /// The session is over. Once, at the end.
    void end() noexcept { hooks_.end(); }

private:
    /// `content`: what is asked about, at delivery.content and delivery.sign.
    [[nodiscard]] io::task<hooks::outcome> ask(hooks::hook_point hook, std::string_view whom = {},
                                               content_variant* content = nullptr);
    [[nodiscard]] io::task<content_source*> vary(session::client_session& of, content_source& now);
    [[nodiscard]] io::task<content_source*> sign(session::client_session& of, const smtp_connection& on, content_source& now);
    [[nodiscard]] io::task<bool> edit(session::client_session& of, hooks::hook_point hook, content_variant& content);
    [[nodiscard]] base::blob_source& stored();
    void fail(session::client_session& of, base::error_code why);
    [[nodiscard]] io::task<void> judge_peer(session::client_session& of, const smtp_connection& on);
    [[nodiscard]] io::task<void> say_lines(session::client_session& of);
    [[nodiscard]] io::task<void> set_params(session::client_session& of);
    void tell_finding(hooks::tls_finding what, std::string text, bool is_refused);
    void look_at(const session::client_session& of, const smtp_connection& on);
    void decide(session::client_session& of, const hooks::outcome& what);

    std::shared_ptr<const generation> current_;
    hooks::draft& message_;
    const queue::record& record_;
    base::session_id session_;
    queue::store& store_;
    // What plugins read stays until hooks_ has taken back whatever they hold.
    std::optional<stored_content> stored_;
    std::optional<content_variant> varied_;
    std::optional<seven_bit_blob> converted_;
    std::optional<content_variant> signed_;
    std::shared_ptr<connection_port> port_;
    hook_runner hooks_;
    hooks::outgoing out_;
    std::size_t line_owner_ = 0; // who is asked next at client.verb
    std::optional<std::string> held_;
    bool has_decided_ = false;
    bool wants_next_host_ = false;
    std::optional<std::string> secured_host_; // that policy() is for
    bool leaves_host_ = false;
};

/// What the configuration says of the connection to that next hop, at that of its hosts: where somebody logs in there, what that
/// needs too.
[[nodiscard]] hooks::tls_policy configured_policy(const delivery::settings& settings, const delivery::route& to,
                                                  const std::string& host);

} // namespace postern::runtime
