#pragma once
// The client's half of a SASL mechanism. A caller's own mechanism implements client_mechanism too.
// STANDARDS: as server_mechanism.hpp. SECURITY: challenges come from a server that may lie.

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/sasl/channel.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern::sasl {

/// Threads: one at a time.
class client_mechanism {
public:
    client_mechanism() = default;
    virtual ~client_mechanism() = default;
    client_mechanism(const client_mechanism&) = delete;
    client_mechanism& operator=(const client_mechanism&) = delete;

    [[nodiscard]] virtual std::string_view name() const noexcept = 0; ///< as AUTH says it
    /// The initial response; absent: the server speaks first. An error: the exchange cannot be begun.
    [[nodiscard]] virtual base::result<std::optional<std::string>> begin() = 0;
    /// The response to a challenge, decoded. An error: the exchange is to be cancelled.
    [[nodiscard]] virtual base::result<std::string> respond(std::string_view challenge) = 0;
    /// Whether a success of the server may be believed now: SCRAM has then seen the server's proof.
    [[nodiscard]] virtual bool is_complete() const noexcept = 0;
};

/// What a client can prove itself with; mechanisms take of it what they need.
struct credentials {
    std::string user;
    base::secret_text password;
    std::string act_for;     ///< authorization identity; empty: the user's own
    base::secret_text token; ///< for OAUTHBEARER and XOAUTH2; empty: none
    std::string host;        ///< of the server, for OAUTHBEARER
    std::uint16_t port = 0;
    bool use_certificate = false; ///< EXTERNAL may be chosen
};

/// What a mechanism of the core's proves an identity with.
enum class client_secret : std::uint8_t { unknown, none, password, token };
/// `name`: upper case. unknown: there is no such mechanism.
[[nodiscard]] client_secret secret_of_client_mechanism(std::string_view name) noexcept;

/// One of the core's, with a fresh nonce. Null: no such mechanism, or the credentials do not do for it.
[[nodiscard]] std::unique_ptr<client_mechanism> make_client_mechanism(std::string_view name, const credentials& with,
                                                                      const channel_facts& channel);
/// The best of those that a server offers. Mechanisms that show the password are taken inside TLS only, unless `in_clear`.
/// Null: none will do.
[[nodiscard]] std::unique_ptr<client_mechanism> choose_client_mechanism(std::span<const std::string> offered,
                                                                        const credentials& with, const channel_facts& channel,
                                                                        bool in_clear);

} // namespace postern::sasl
