// The part of a connection that secures it.

#include "core/runtime/connection.hpp"

#include <utility>

namespace postern::runtime {

namespace {

hooks::tls_facts facts_of(io::tls_summary summary)
{
    return {std::move(summary.version), std::move(summary.cipher), std::move(summary.group), std::move(summary.server_name),
            std::move(summary.peer_subject)};
}

} // namespace

io::task<void> connection::start_tls()
{
    bool secured = co_await flush(profile_->timeouts.command);
    give_buffer_back();
    if (secured)
        secured = co_await handshake();
    if (secured)
        tell_of_tls();
    else
        session_.disconnected();
}

io::task<bool> connection::handshake()
{
    stream_.expires_after(profile_->timeouts.tls);
    std::string why;
    auto context = profile_->tls;
    const auto ec = co_await stream_.handshake(std::move(context), io::tls_side::server, profile_->name, why);
    if (ec)
        home_.log.info(
            "tls_failed",
            {{"session", base::to_text(session_.facts().session)}, {"peer", session_.facts().peer.text()}, {"cause", why}});
    has_replied_ = true;
    co_return !ec;
}

/// The channel binding costs a derivation of keys: only for who may log in by it.
void connection::tell_of_tls()
{
    auto facts = facts_of(stream_.tls());
    if (profile_->session.auth)
        facts.binding = stream_.channel_binding();
    session_.tls_started(std::move(facts));
}

} // namespace postern::runtime
