#pragma once
// The server's half of a SASL mechanism as a state machine: decoded octets in, what to do next out. It knows neither where
// passwords are kept nor how lines are written; whoever drives it asks its questions and answers them.
// STANDARDS: RFC 4422, 4505 (ANONYMOUS), 4616 (PLAIN), 5802, 7677, 9266 (SCRAM), 2195 (CRAM-MD5), 7628 (OAUTHBEARER).
// SECURITY: responses come from anybody; sizes are bounded by the driver, contents are checked here.

#include "core/sasl/channel.hpp"
#include "core/sasl/secret.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern::sasl {

/// What a mechanism needs somebody to verify, or to look up. The numbers are bits of the plugin ABI.
enum class proof_kind : std::uint8_t {
    password = 1,     ///< `proof` is the password of `user`
    secret = 2,       ///< wanted: a scram_secret of `hash` for `user`
    plain_text = 4,   ///< wanted: the password of `user` itself (CRAM-MD5)
    token = 8,        ///< `proof` is a bearer token; `user` is who it is said to be for, and may be empty
    certificate = 16, ///< `proof` is the subject of the client's verified certificate
    anonymous = 32,   ///< `proof` is the trace information, and proves nothing
};

struct question {
    proof_kind kind = proof_kind::password;
    scram_hash hash = scram_hash::sha_256; ///< of secret
    std::string user;                      ///< authentication identity, prepared (RFC 4013); UTF-8
    std::string act_for;                   ///< authorization identity; empty: the one that belongs to `user`
    std::string proof;
};

/// The answer to a question.
struct answer {
    enum class kind : std::uint8_t {
        good,        ///< `identity` is who that is; for secret and plain_text: the secret is there, and the mechanism decides
        bad,         ///< wrong, or nobody of that name
        unavailable, ///< nobody can say at the moment
    };
    kind what = kind::bad;
    std::string identity;               ///< who is logged in if all goes well
    std::optional<scram_secret> secret; ///< of proof_kind::secret
    std::string plain_text;             ///< of proof_kind::plain_text
};

/// What to do next.
struct progress {
    enum class kind : std::uint8_t {
        challenge, ///< send `octets`, give what comes back to respond()
        ask,       ///< get an answer to asked(), give it to answered()
        done,      ///< `octets` is the identity
        failed,    ///< wrong; `octets` says why, for the log alone
        malformed, ///< what the client said is not of the mechanism; `octets` says why, for the log alone
        unavailable,
    };
    kind what = kind::failed;
    std::string octets;
};

/// Threads: one at a time. Wipes what it knows of passwords.
class server_mechanism {
public:
    server_mechanism() = default;
    virtual ~server_mechanism() = default;
    server_mechanism(const server_mechanism&) = delete;
    server_mechanism& operator=(const server_mechanism&) = delete;

    /// Once, first. `initial`: the initial response; absent: there was none, which is not the same as an empty one.
    [[nodiscard]] virtual progress begin(std::optional<std::string_view> initial) = 0;
    /// After a challenge.
    [[nodiscard]] virtual progress respond(std::string_view response) = 0;
    /// After an ask; what was asked is valid until answered().
    [[nodiscard]] virtual const question& asked() const noexcept = 0;
    [[nodiscard]] virtual progress answered(answer what) = 0;
};

/// A mechanism of the core: PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, both with -PLUS, EXTERNAL, ANONYMOUS,
/// OAUTHBEARER, XOAUTH2.
struct mechanism_kind {
    std::string_view name;
    proof_kind needs;
    bool needs_binding = false;     ///< -PLUS: only where there is a channel binding
    bool needs_certificate = false; ///< EXTERNAL: only where there is a verified client certificate
    bool only_if_listed = false;    ///< not offered unless the configuration names it: CRAM-MD5, ANONYMOUS
};

/// All of them, best first: the order in which they are offered.
[[nodiscard]] std::span<const mechanism_kind> server_mechanisms() noexcept;
[[nodiscard]] const mechanism_kind* find_server_mechanism(std::string_view name) noexcept; ///< whatever its case; null: none

/// What a mechanism may know of where it runs.
struct surroundings {
    channel_facts channel;
    bool is_plus_offered = false; ///< a client that says "y" (RFC 5802 6) where it was is cheated
    std::string hostname;         ///< in the challenge of CRAM-MD5
    std::string nonce;            ///< fresh and random, at least 18 octets, printable, without a comma
    std::string unknown_user_key; ///< a secret that lasts over restarts: what an unknown user's salt is made of, so that it looks
                                  ///< like a known one's
    std::uint32_t unknown_user_iterations = usual_iterations; ///< of an unknown user, for the same reason
};

[[nodiscard]] std::unique_ptr<server_mechanism> make_server_mechanism(const mechanism_kind& kind, surroundings where);

} // namespace postern::sasl
