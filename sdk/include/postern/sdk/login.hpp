#pragma once
// Who logs in: what a plugin declares of it, the events about it, and what they are answered with. <postern/abi/auth.h> says when
// each comes. STANDARDS: RFC 4422, 4954, 5802. SECURITY: what a client says is anybody's; proofs are passwords: keep and log
// none.

#include <postern/abi/auth.h>
#include <postern/sdk/events.hpp>
#include <postern/sdk/proof.hpp>
#include <postern/sdk/services.hpp>
#include <postern/sdk/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

/// auth.mechanisms: at each EHLO that offers AUTH.
class auth_mechanisms final
    : public sdk::session_event<postern_ev_auth_mechanisms, POSTERN_HOOK_AUTH_MECHANISMS, event_kind::mechanisms> {
public:
    using session_event::session_event;
    /// What is offered so far.
    [[nodiscard]] addresses names() const noexcept { return addresses{record().names}; }
};

/// auth.step: what a client says in a mechanism that this plugin declared. What has to last to the next step fits into a cookie,
/// or is kept by session().
class auth_step final : public sdk::session_event<postern_ev_auth_step, POSTERN_HOOK_AUTH_STEP, event_kind::login> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view mechanism() const noexcept { return sdk::view(record().mechanism); }
    /// Octets, decoded.
    [[nodiscard]] std::string_view response() const noexcept { return sdk::view(record().response); }
    /// False: AUTH came without an initial response. Later steps always have one.
    [[nodiscard]] bool has_response() const noexcept { return record().has_response != 0; }
    /// 0: AUTH itself.
    [[nodiscard]] std::uint32_t step() const noexcept { return record().step; }
    /// tls-exporter (RFC 9266), 32 octets; empty: there is none.
    [[nodiscard]] std::string_view binding() const noexcept { return sdk::view(record().binding); }
    /// Subject of the client's verified certificate; empty: none.
    [[nodiscard]] std::string_view certificate() const noexcept { return sdk::view(record().certificate); }
};

/// auth.verify: a proof is to be verified, or a secret to be looked up. Answer proceed() for somebody who is not known here:
/// others are asked then. Take as long for unknown names as for wrong passwords. Who is let in by an answer is its business alone
/// where there is a proof; so an answer that is not what proof_kind() asks for (a secret for a password, no secret for a secret)
/// is a failure of the plugin.
class auth_verify final : public sdk::session_event<postern_ev_auth_verify, POSTERN_HOOK_AUTH_VERIFY, event_kind::login> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view mechanism() const noexcept { return sdk::view(record().mechanism); }
    [[nodiscard]] postern::proof proof_kind() const noexcept { return static_cast<postern::proof>(record().kind); }
    /// Authentication identity, prepared (RFC 4013).
    [[nodiscard]] std::string_view user() const noexcept { return sdk::view(record().user); }
    /// Authorization identity: whom `user` wants to act for; empty: for itself.
    [[nodiscard]] std::string_view act_for() const noexcept { return sdk::view(record().act_for); }
    /// Password, prepared as user() is; token, certificate's subject or trace, by proof_kind().
    [[nodiscard]] std::string_view proof() const noexcept { return sdk::view(record().proof); }
    /// Of proof::secret.
    [[nodiscard]] scram_hash hash() const noexcept { return static_cast<scram_hash>(record().hash); }
};

/// auth.result: before success or failure is said. A refusal turns a success into a failure; after a failure only disconnect()
/// counts.
class auth_result final : public sdk::session_event<postern_ev_auth_result, POSTERN_HOOK_AUTH_RESULT, event_kind::decision> {
public:
    using session_event::session_event;
    [[nodiscard]] bool is_success() const noexcept { return record().success != 0; }
    [[nodiscard]] std::string_view mechanism() const noexcept { return sdk::view(record().mechanism); }
    /// Who the client said it was; may be empty.
    [[nodiscard]] std::string_view user() const noexcept { return sdk::view(record().user); }
    /// Of a success: who that is.
    [[nodiscard]] std::string_view identity() const noexcept { return sdk::view(record().identity); }
    /// Of a failure: why, for logs alone.
    [[nodiscard]] std::string_view reason() const noexcept { return sdk::view(record().reason); }
    /// On this connection so far, this one included.
    [[nodiscard]] std::uint32_t failures() const noexcept { return record().failures; }
};

/// msg.end_rcpt: at LMTP listeners, one recipient after the other. proceed() queues the message for it; discard() says that the
/// plugin has delivered it; a refusal is said for this recipient alone. The octets: host::blob(event).
class end_rcpt final : public sdk::session_event<postern_ev_end_rcpt, POSTERN_HOOK_END_RCPT, event_kind::decision> {
public:
    using session_event::session_event;
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] std::string_view recipient() const noexcept { return sdk::view(record().recipient); }
    [[nodiscard]] postern::params params() const noexcept { return postern::params{record().params}; }
    [[nodiscard]] std::uint32_t index() const noexcept { return record().index; }
    /// The message for postern.blob/1; readable until this event is answered.
    [[nodiscard]] std::uint64_t blob() const noexcept { return record().blob; }
    [[nodiscard]] std::uint64_t size_octets() const noexcept { return record().size_octets; }
};

/// The answer to auth_mechanisms: those that stay.
class mechanism_list {
public:
    mechanism_list& keep(std::string name) &
    {
        names_.push_back(std::move(name));
        return *this;
    }
    mechanism_list keep(std::string name) && { return std::move(keep(std::move(name))); }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    [[nodiscard]] static bool is_pass() noexcept { return false; }

private:
    std::vector<std::string> names_;
};

/// What a server keeps of a password for SCRAM (RFC 5802 3). Octets, not base64. With H of the hash and the password prepared:
/// SaltedPassword = PBKDF2(HMAC-H, password, salt, iterations); stored_key = H(HMAC(SaltedPassword, "Client Key")); server_key =
/// HMAC(SaltedPassword, "Server Key").
struct scram_secret {
    std::uint32_t iterations = 0; ///< 4,096 to 10,000,000
    std::string salt;
    std::string stored_key; ///< 20 or 32 octets, by the hash
    std::string server_key;
};

namespace sdk {
/// All that `secret` has room for. Volatile: an optimiser leaves out what is written to something at its end.
inline void wipe(std::string& secret) noexcept
{
    secret.resize(secret.capacity());
    volatile char* const octets = secret.data();
    for (std::size_t i = 0; i < secret.size(); ++i)
        octets[i] = '\0';
    secret.clear();
}
inline void wipe(scram_secret& secret) noexcept
{
    wipe(secret.stored_key);
    wipe(secret.server_key);
}
} // namespace sdk

/// The answer to auth_step and auth_verify: a refusal, proceed() (not known here), or one of the functions below.
/// Passwords and keys in it are wiped at its end.
class login_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    login_reply(verdict what) : what_{std::move(what)} {}
    login_reply(const login_reply&) = default;
    login_reply(login_reply&&) = default;
    login_reply& operator=(const login_reply&) = default;
    login_reply& operator=(login_reply&&) = default;
    ~login_reply()
    {
        sdk::wipe(secret_);
        sdk::wipe(password_);
    }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] bool is_pass() const noexcept { return what_.is_pass() && identity_.empty() && !is_challenge_; }

    /// Throws std::invalid_argument for what no identity may be.
    [[nodiscard]] static login_reply of(std::string identity)
    {
        constexpr std::size_t longest = 255;
        for (const char c : identity)
            if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
                throw std::invalid_argument("an identity has no control characters");
        if (identity.empty() || identity.size() > longest)
            throw std::invalid_argument("an identity has 1 to 255 octets");
        login_reply made{proceed()};
        made.identity_ = std::move(identity);
        return made;
    }
    [[nodiscard]] static login_reply asking(std::string octets)
    {
        constexpr std::size_t longest = 8192;
        if (octets.size() > longest)
            throw std::invalid_argument("a challenge has at most 8,192 octets");
        login_reply made{proceed()};
        made.challenge_ = std::move(octets);
        made.is_challenge_ = true;
        return made;
    }
    login_reply with(scram_secret secret) &&
    {
        secret_ = std::move(secret);
        sdk::wipe(secret); // short ones were copied
        return std::move(*this);
    }
    login_reply with_password(std::string password) &&
    {
        password_ = std::move(password);
        sdk::wipe(password); // a short one was copied
        return std::move(*this);
    }

    [[nodiscard]] const std::string& identity() const noexcept { return identity_; }
    [[nodiscard]] const std::string& octets() const noexcept { return challenge_; }
    [[nodiscard]] const scram_secret& secret() const noexcept { return secret_; }
    [[nodiscard]] const std::string& password() const noexcept { return password_; }
    [[nodiscard]] bool is_challenge() const noexcept { return is_challenge_; }

private:
    verdict what_;
    std::string identity_;
    std::string challenge_;
    scram_secret secret_;
    std::string password_;
    bool is_challenge_ = false;
};

/// To a question with a proof: it is right, and that is `identity`.
[[nodiscard]] inline login_reply logged_in(std::string identity)
{
    return login_reply::of(std::move(identity));
}
/// To proof::secret: what is kept of that user's password. The host decides by it.
[[nodiscard]] inline login_reply secret_of(std::string identity, scram_secret secret)
{
    auto made = login_reply::of(std::move(identity)).with(std::move(secret));
    sdk::wipe(secret);
    return made;
}
/// To proof::plain_text: the password.
[[nodiscard]] inline login_reply password_of(std::string identity, std::string password)
{
    auto made = login_reply::of(std::move(identity)).with_password(std::move(password));
    sdk::wipe(password);
    return made;
}
/// To auth_step: the client is to answer these octets, at most 8,192.
[[nodiscard]] inline login_reply challenge(std::string octets)
{
    return login_reply::asking(std::move(octets));
}

namespace sdk {

template <>
struct layout<postern_ev_auth_mechanisms>
    : described<postern_ev_auth_mechanisms, octets<>, list_of<&postern_ev_auth_mechanisms::peer, postern_peer>,
                list_of<&postern_ev_auth_mechanisms::names, postern_str>> {
};
template <>
struct layout<postern_ev_auth_step> : described<postern_ev_auth_step,
                                                octets<&postern_ev_auth_step::mechanism, &postern_ev_auth_step::response,
                                                       &postern_ev_auth_step::binding, &postern_ev_auth_step::certificate>,
                                                list_of<&postern_ev_auth_step::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_auth_verify> : described<postern_ev_auth_verify,
                                                  octets<&postern_ev_auth_verify::mechanism, &postern_ev_auth_verify::user,
                                                         &postern_ev_auth_verify::act_for, &postern_ev_auth_verify::proof>,
                                                  list_of<&postern_ev_auth_verify::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_auth_result> : described<postern_ev_auth_result,
                                                  octets<&postern_ev_auth_result::mechanism, &postern_ev_auth_result::user,
                                                         &postern_ev_auth_result::identity, &postern_ev_auth_result::reason>,
                                                  list_of<&postern_ev_auth_result::peer, postern_peer>> {
};

inline postern_status send(const services& to, std::uint64_t ticket, const mechanism_list& what)
{
    std::vector<postern_str> names;
    for (const auto& each : what.names())
        names.push_back(str(each));
    postern_mechanisms_reply record{};
    record.base.size = sizeof record;
    record.names = list_over(names.data(), names.size());
    return to.core->reply(to.host, ticket, &record.base);
}

inline postern_status send(const services& to, std::uint64_t ticket, const login_reply& what)
{
    return with_base<postern_auth_reply>(what.what(), [&](postern_auth_reply& record) {
        record.identity = str(what.identity());
        record.challenge = str(what.octets());
        record.salt = str(what.secret().salt);
        record.stored_key = str(what.secret().stored_key);
        record.server_key = str(what.secret().server_key);
        record.password = str(what.password());
        record.iterations = what.secret().iterations;
        record.then = what.is_challenge() ? POSTERN_AUTH_CHALLENGE : POSTERN_AUTH_DONE;
        return to.core->reply(to.host, ticket, &record.base);
    });
}

} // namespace sdk
} // namespace postern
