#include "core/runtime/smtp_connection.hpp"

#include "core/runtime/login_choice.hpp"
#include "core/runtime/seven_bit_content.hpp"
#include "core/runtime/trace_notes.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

using session::client_phase;
using session::client_step;

smtp_connection::smtp_connection(io::loop& home, io::socket connected, std::shared_ptr<const client_profile> profile)
    : profile_{std::move(profile)}, stream_{home, std::move(connected)}, session_{profile_->session, profile_->implicit_tls}
{
}

smtp_connection::~smtp_connection() = default;

io::task<void> smtp_connection::send(const session::client_transaction& what, content_source& content, client_counsel* counsel)
{
    auto asking = what;
    asking.asks = counsel == nullptr ? session::client_asks{} : counsel->asks();
    asking.asks.login = profile_->login != nullptr;
    asking.can_be_converted = content.rewind();
    session_.send(asking);
    has_begun_content_ = false;
    co_await begin();
    co_await drive(&content, counsel);
    has_converted_ = converted_ != nullptr;
    converted_.reset(); // it reads from `content`
    ++messages_;
}

io::task<void> smtp_connection::begin()
{
    if (!std::exchange(is_open_, true) && profile_->implicit_tls)
        co_await secure();
}

io::task<void> smtp_connection::open()
{
    co_await begin();
    co_await drive(nullptr);
}

io::task<void> smtp_connection::log_in(std::unique_ptr<sasl::client_mechanism> by)
{
    session_.log_in(std::move(by));
    co_await drive(nullptr);
}

io::task<bool> smtp_connection::say(std::string line)
{
    const bool is_said = session_.say(line);
    if (is_said)
        co_await drive(nullptr);
    co_return is_said;
}

sasl::channel_facts smtp_connection::channel() const
{
    return {.is_tls = stream_.is_tls(), .binding = stream_.channel_binding(), .certificate_subject = {}};
}

io::task<void> smtp_connection::quit()
{
    session_.quit();
    co_await drive(nullptr);
}

/// Does the session's steps until its message is decided, or the connection is at its end.
io::task<void> smtp_connection::drive(content_source* content, client_counsel* counsel)
{
    for (;;) {
        const auto next = session_.resume();
        if (gate_ && session_.is_introduced())
            co_await pass_gate();
        switch (next.what) {
        case client_step::kind::read:
            co_await receive(next.waits_for);
            break;
        case client_step::kind::content:
            co_await give(*content);
            break;
        case client_step::kind::start_tls:
            co_await secure();
            break;
        case client_step::kind::ask_login:
            begin_login();
            break;
        case client_step::kind::ask_peer:
        case client_step::kind::ask_lines:
        case client_step::kind::ask_params:
            buffer_.reset();
            stream_.expires_never(); // who is asked has deadlines of its own
            co_await counsel->answer(next.what, session_, *this);
            break;
        case client_step::kind::ask_seven_bit:
            buffer_.reset();
            stream_.expires_never();
            co_await convert(*content);
            if (converted_)
                content = converted_.get();
            break;
        case client_step::kind::ask_content:
        case client_step::kind::ask_signature:
            buffer_.reset();
            stream_.expires_never();
            content = co_await counsel->shape(next.what, session_, *this, *content);
            break;
        case client_step::kind::done:
        case client_step::kind::idle:
            buffer_.reset();
            stream_.expires_never();
            co_return;
        case client_step::kind::close:
            reason_ = next.reason;
            co_await flush(profile_->timeout.command);
            stream_.close();
            co_return;
        }
    }
}

/// What is to be said next goes out behind it.
io::task<void> smtp_connection::pass_gate()
{
    buffer_.reset();
    stream_.expires_never();
    const auto gate = std::exchange(gate_, nullptr);
    const bool goes = co_await gate();
    if (!goes)
        stream_.interrupt();
}

io::task<void> smtp_connection::give(content_source& content)
{
    has_begun_content_ = true;
    buffer_.reset(); // all in it has been taken, and content may be long in coming or going
    if (!session_.output().empty()) {
        const bool flushed = co_await flush(profile_->timeout.data);
        if (hear()) // a peer that has had enough may say so at any time
            co_return;
        if (!flushed) {
            tell_end();
            co_return;
        }
    }
    const auto octets = co_await content.next();
    if (!octets) {
        const auto why = octets.error().message();
        session_.content_failed(why);
        co_return;
    }
    session_.give_content(*octets, content.is_at_end());
    content_ = session_.output().size(); // all before it went out above
}

/// As the next hop's login says. What it lets do with the connection counts, whatever the connection was opened for.
void smtp_connection::begin_login()
{
    const auto& who = *profile_->login;
    const auto is_good = who.tls == delivery::login_tls::opportunistic ||
                         (who.tls == delivery::login_tls::required ? is_tls() : is_peer_verified());
    std::string why = "it has to be over TLS";
    if (who.tls == delivery::login_tls::verified)
        why += " with a verified certificate";
    if (is_good) {
        const auto& session = session_.offered();
        const login_terms terms{session.auth, who.mechanisms, !is_tls() && session.starttls, who.in_clear};
        const sasl::credentials with{who.user, who.password, who.act_for, who.token, profile_->server_name, profile_->peer.port};
        if (auto mechanism = choose_login(terms, with, channel(), why)) {
            session_.log_in(std::move(mechanism));
            return;
        }
    }
    session_.decide({session::client_recipient_result::kind::deferred, 0, "4.7.0", "the login cannot be made: " + why, false});
}

/// RFC 6152 3: the message in 7 bits, or a permanent failure.
io::task<void> smtp_connection::convert(content_source& content)
{
    auto made = std::make_unique<seven_bit_content>(content);
    const auto size = co_await made->prepare();
    if (!size) {
        const auto why = size.error().message();
        session_.content_failed(why);
    } else if (!made->problem().empty()) {
        session_.decide({session::client_recipient_result::kind::failed, 0, "5.6.3",
                         "the peer takes content of 7 bits only, and this cannot be converted: " + std::string{made->problem()},
                         false});
    } else {
        session_.send_converted(*size);
        converted_ = std::move(made);
    }
}

io::task<void> smtp_connection::receive(client_phase what_for)
{
    const bool flushed = co_await flush(patience(what_for));
    if (!flushed) {
        if (!hear())
            tell_end();
        co_return;
    }
    do {
        buffer_.reset(); // all in it has been taken; who waits needs none
        const auto ec = co_await stream_.wait_readable();
        if (ec) {
            tell_end();
            co_return;
        }
    } while (!hear());
}

/// Tells the session what is there to be read, without waiting: octets, or that the peer is gone. False: there is nothing.
bool smtp_connection::hear()
{
    if (!buffer_)
        buffer_ = stream_.home().buffers().borrow();
    const auto got = stream_.try_read(buffer_.data(), io::buffer_pool::buffer_size);
    switch (got.what) {
    case io::read_result::kind::octets:
        if (notes_ != nullptr)
            notes_->heard_octets({buffer_.data(), got.size});
        if (watcher_ != nullptr)
            watcher_->heard({buffer_.data(), got.size}, is_secret_);
        session_.feed({buffer_.data(), got.size});
        return true;
    case io::read_result::kind::would_block:
        buffer_.reset();
        return false;
    case io::read_result::kind::end:
    case io::read_result::kind::broken:
        session_.disconnected();
        return true;
    }
    return false;
}

/// Nothing more can be sent, or nothing more will come.
void smtp_connection::tell_end()
{
    if (stream_.timed_out())
        session_.timed_out();
    else
        session_.disconnected(stream_.is_interrupted() ? "shutting down" : "");
}

/// Sends what the session has to say; this and what is waited for next may take until `limit`. False: it did not all go out.
io::task<bool> smtp_connection::flush(std::chrono::milliseconds limit)
{
    if (is_broken_)
        co_return false;
    stream_.expires_after(limit);
    const auto output = session_.output();
    if (output.empty())
        co_return true;
    is_secret_ = session_.is_output_secret();
    if (notes_ != nullptr)
        show_output(output);
    const io::stream::pieces pieces{output.said, output.content, output.end};
    if (watcher_ != nullptr)
        for (const auto piece : pieces)
            if (!piece.empty())
                watcher_->said(piece, is_secret_);
    const auto ec = co_await stream_.write(pieces);
    is_broken_ = ec.failed();
    content_ = 0;
    if (!is_broken_)
        session_.output_sent();
    co_return !is_broken_;
}

/// Content is told by its size, and of what proves an identity that it was said.
void smtp_connection::show_output(const session::client_output& output)
{
    if (is_secret_ && !output.said.starts_with("AUTH ")) {
        notes_->said("(an answer that is not shown)");
        return;
    }
    auto content = std::min(content_, output.size());
    const auto commands = output.said.substr(std::min(content, output.said.size()));
    constexpr std::string_view chunk = "BDAT ";
    if (content > 0 && output.said.starts_with(chunk)) {
        const auto line = output.said.substr(0, output.said.find("\r\n"));
        notes_->said(line);
        content -= std::min(line.size() + 2, content);
    }
    if (content > 0)
        notes_->content("content sent", content, true);
    notes_->said(commands);
}

io::task<void> smtp_connection::secure()
{
    stream_.expires_after(profile_->timeout.command);
    std::string why;
    if (!profile_->tls) {
        session_.tls_failed("TLS is not configured");
        co_return;
    }
    auto context = profile_->tls;
    auto name = profile_->server_name;
    auto expected = profile_->expected;
    const auto ec =
        co_await stream_.handshake(std::move(context), io::tls_side::client, std::move(name), why, std::move(expected));
    if (!ec && watcher_ != nullptr)
        watcher_->secured(stream_.tls());
    if (ec)
        session_.tls_failed(why);
    else if (!profile_->implicit_tls)
        session_.tls_started();
}

std::chrono::milliseconds smtp_connection::patience(client_phase what_for) const noexcept
{
    switch (what_for) {
    case client_phase::greeting:
        return profile_->timeout.greeting;
    case client_phase::command: {
        constexpr std::chrono::milliseconds farewell = std::chrono::seconds{10}; // nothing depends on the reply to QUIT
        return session_.end() == session::client_end::quit ? std::min(profile_->timeout.command, farewell)
                                                           : profile_->timeout.command;
    }
    case client_phase::data:
        return profile_->timeout.data;
    case client_phase::final:
        return profile_->timeout.final;
    }
    return profile_->timeout.command;
}

} // namespace postern::runtime
