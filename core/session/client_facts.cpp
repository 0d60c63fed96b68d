// What a client session tells of itself: the message's result, the peer, the end.
#include "core/session/client_state.hpp"

namespace postern::session {

client_result client_session::result() const noexcept
{
    const auto& s = *state_;
    // RFC 9422: a connection that takes no further transaction, or none for another domain, is done with.
    const auto& most = s.offered.limits;
    const bool has_room = (most.mail_max == 0 || s.transactions < most.mail_max) &&
                          (most.rcpt_domain_max == 0 || s.domains.size() < most.rcpt_domain_max);
    return {s.results, s.is_reply_lost, s.is_untouched, s.ended == client_end::none && has_room, s.has_mail || s.is_mail_refused};
}

bool client_session::offers(std::string_view keyword) const noexcept
{
    return state_->offered.find(keyword) != nullptr;
}

client_peer client_session::peer() const noexcept
{
    const auto& s = *state_;
    return {.greeting = s.greeting,
            .extended = s.extended,
            .is_tls = s.is_tls,
            .pipelining = s.offered.pipelining,
            .chunking = s.offered.chunking,
            .eight_bit = s.offered.eight_bit_mime,
            .binary = s.offered.binary_mime,
            .smtputf8 = s.offered.smtputf8,
            .dsn = s.offered.dsn,
            .offers_starttls = s.offered.starttls,
            .size = s.offered.size.value_or(0)};
}

bool client_session::is_introduced() const noexcept
{
    return state_->where >= state::stage::ready && state_->where != state::stage::over && !state_->is_login_due();
}

client_end client_session::end() const noexcept
{
    return state_->ended;
}

client_fault client_session::fault() const noexcept
{
    const auto& s = *state_;
    if (s.fault != client_fault::none)
        return s.fault;
    switch (s.ended) {
    case client_end::none:
    case client_end::quit:
        return client_fault::none;
    case client_end::refused:
        return client_fault::refused;
    case client_end::no_login:
        return client_fault::no_login;
    case client_end::no_tls:
        return client_fault::no_tls;
    case client_end::tls_failed:
        return client_fault::tls_failed;
    case client_end::lost:
        return client_fault::lost;
    case client_end::timed_out:
        return client_fault::timed_out;
    case client_end::protocol_error:
        return client_fault::malformed_reply;
    case client_end::content_failed:
        return client_fault::content_failed;
    }
    return client_fault::none;
}

const protocol::reply& client_session::reply() const noexcept
{
    return state_->last;
}

client_login client_session::login() const noexcept
{
    return state_->login;
}

base::error_code client_session::login_error() const noexcept
{
    return state_->login_error;
}

} // namespace postern::session
