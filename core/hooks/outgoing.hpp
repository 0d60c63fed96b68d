#pragma once
// A transaction with a next hop as far as it has come: what plugins are told of it at delivery.begin to client.params, and what
// they make of it. Values; it must not know connections, routes or plugins.
// STANDARDS: RFC 5321 2.4, 4.1.1.1, 4.1.2, RFC 7672, RFC 8460 4.3. SECURITY: greetings, keyword lines and replies are the peer's;
// lines and values are plugins', which may quote anybody.

#include "core/base/descriptor.hpp"
#include "core/base/tlsa_record.hpp"
#include "core/hooks/draft.hpp"
#include "core/hooks/hook_point.hpp"
#include "core/hooks/verdict.hpp"
#include "core/message/envelope.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

/// How a connection is secured, from weak to strong. The numbers are those of the plugin ABI.
enum class tls_need : std::uint8_t {
    none = 1,          ///< in clear
    opportunistic = 2, ///< where it can be had
    required = 3,      ///< by whomever
    verified = 4,      ///< by whoever has a trusted certificate for the name
    dane = 5,          ///< by whoever has a certificate that a TLSA record names (RFC 7672)
};

struct tls_policy {
    tls_need need = tls_need::opportunistic;
    std::string name = {};                     ///< of the certificate, for verified and dane
    std::vector<std::string> other_names = {}; ///< that will do as well
    std::vector<base::tlsa_record> tlsa = {};  ///< for dane; at least one
    bool is_tested =
        false; ///< below verified: what a certificate for the name would have come to is found out, and does not count

    /// Whether the certificate is looked at.
    [[nodiscard]] bool has_name() const noexcept { return need >= tls_need::verified || is_tested; }
    auto operator<=>(const tls_policy&) const = default;
};

/// Whose policy that is, for reports about it (RFC 8460 4.4).
struct policy_origin {
    std::string type;                 ///< "sts", "tlsa"; empty: no policy was found
    std::string domain;               ///< that it is about
    std::vector<std::string> strings; ///< as it was published
    std::vector<std::string> hosts;   ///< patterns of its mail exchangers
};

/// What came of securing a connection, in the terms of RFC 8460 4.3. The numbers are those of the plugin ABI.
enum class tls_finding : std::uint8_t {
    ok = 0,
    starttls_not_supported = 1,
    certificate_host_mismatch = 2,
    certificate_expired = 3,
    certificate_not_trusted = 4,
    validation_failure = 5, ///< any other
    tlsa_invalid = 6,
    dnssec_invalid = 7,
    dane_required = 8,
    sts_policy_fetch_error = 9,
    sts_policy_invalid = 10,
    sts_webpki_invalid = 11,
};

/// A keyword line of the peer's EHLO.
struct offered_keyword {
    std::string keyword; ///< upper case
    std::string parameters;
};

/// A command line of a plugin, without its CRLF.
struct client_line {
    std::string text;
    bool is_required = false; ///< other replies than 2yz end the transaction
};

/// What the peer answered to one.
struct client_answer {
    std::uint16_t code = 0;
    std::string text;
};

/// A parameter that the asked instance declared, and may therefore set.
struct owned_parameter {
    std::string name;
    std::string extension; ///< the keyword that offers it
    std::string lacking;   ///< enhanced code of a failure for want of it
    bool of_mail = false;
    bool of_rcpt = false;
    bool needs_value = false;
    bool needs_none = false;
    message::relay_rule relay = message::relay_rule::optional;
};

struct outgoing {
    std::string next_hop;           ///< "host:port", a domain whose mail exchangers are the hosts, or the name of a transport
    std::string host;               ///< from delivery.tls_policy on: that is connected to, a name or the text of an address
    std::string canonical;          ///< where aliases of that name lead; empty: there are none
    std::uint16_t port = 0;         ///< likewise
    bool is_by_mx = false;          ///< an MX record of the next hop names the host, or it is its own
    bool is_mx_secure = false;      ///< DNSSEC vouches for that
    bool is_address_secure = false; ///< and for the addresses of the host
    bool is_smtp = true;
    std::vector<std::uint32_t> recipients; ///< of this transaction: indices into the draft's envelope
    std::vector<std::uint32_t> later;      ///< likewise: those for another one
    std::uint64_t size = 0;                ///< octets of the message
    base::wall_time received;

    std::string pool;                         ///< of source addresses; empty: none in particular
    std::vector<std::string> pools;           ///< delivery.source: those that there are
    std::shared_ptr<base::descriptor> socket; ///< a stream to the host that a plugin has opened; null: we connect
    std::string socket_by;                    ///< whose that is

    tls_policy configured;
    tls_policy tls; ///< what holds
    policy_origin origin;
    tls_finding finding =
        tls_finding::ok; ///< delivery.tls_policy: what is wrong before anybody connects; delivery.tls_result: what came of it
    std::string finding_text;
    bool is_refused = false;   ///< delivery.tls_result: the message did not go out on it for that
    bool is_connected = false; ///< likewise: there is a peer, and
    base::ip_address source;   ///< our end; delivery.connect: unspecified where the system chooses

    base::ip_endpoint peer;
    std::string greeting;
    bool extended = false;
    bool has_others = false; ///< the next hop has addresses that were not tried
    std::optional<tls_facts> secured;
    std::vector<offered_keyword> offers;
    std::vector<std::string> unused; ///< keywords that count as not offered
    bool next_host = false;          ///< rather than to put the recipients off

    std::vector<offered_keyword> own_offers; ///< those of the asked instance
    std::vector<client_answer> said;
    std::uint32_t round = 0;
    std::vector<client_line> lines;
    bool shows = false;    ///< the replies to the lines
    bool restarts = false; ///< the last line made the session as new

    std::vector<owned_parameter> owned;         ///< of the asked instance
    std::optional<message::envelope> rewritten; ///< the envelope with the parameters that are sent, if they differ
};

/// What an answer says beyond its verdict and edits at delivery.source, delivery.tls_policy, delivery.connect, delivery.peer and
/// client.verb.
struct outgoing_reply {
    std::optional<tls_need> tls = {};
    std::string name = {};
    std::vector<std::string> other_names = {};
    std::vector<base::tlsa_record> tlsa = {};
    bool is_tested = false;
    tls_finding finding = tls_finding::ok;
    std::string finding_text = {}; ///< what is wrong, in words
    std::optional<policy_origin> origin = {};
    std::vector<std::string> unused = {};
    bool next_host = false;
    std::string pool = {};
    std::shared_ptr<base::descriptor> socket = {};
    std::vector<client_line> lines = {};
    bool shows = false;
    bool restarts = false;
};

inline constexpr std::size_t most_client_lines = 16;    ///< of an answer
inline constexpr std::size_t longest_client_line = 500; ///< octets
inline constexpr std::size_t longest_pool = 255;        ///< octets of a pool's name
inline constexpr std::size_t most_unused = 100;         ///< keywords
inline constexpr std::size_t most_names = 10;           ///< of a certificate
inline constexpr std::size_t most_tlsa = 100;           ///< records of a policy
inline constexpr std::size_t longest_tlsa = 8192;       ///< octets of a record's data
inline constexpr std::size_t most_policy_texts = 200;   ///< lines of a policy, and patterns of its hosts
inline constexpr std::uint32_t most_rounds = 8;         ///< of client.verb in a transaction, for one instance

/// Whether a plugin may say that line to a peer: printable, and a verb that is none of the core's. No more than syntax: what the
/// verb does there is for its owner to know.
[[nodiscard]] bool is_client_line(std::string_view text) noexcept;

/// Whether a source pool may be called so: printable, without spaces. Empty: none is named.
[[nodiscard]] bool is_pool_name(std::string_view text) noexcept;

/// Why `said` may not be taken at `hook` with that verdict: a literal for the log; empty if it may.
[[nodiscard]] std::string_view broken_rule_of(hook_point hook, verdict_kind verdict, const outgoing_reply& said) noexcept;

/// Whether `said` asks for less than holds: a lower need, or a certificate for another name. With records for a host that has
/// none so far, the names of that host are no others.
[[nodiscard]] bool is_weaker(const outgoing_reply& said, const outgoing& now) noexcept;

/// Whether a refusal at delivery.connect tells of a connection that came to nothing (RFC 3463 3.5: no answer from the host, a bad
/// connection), of which the next message would hear the same. Others are decisions, about one message.
[[nodiscard]] bool tells_of_failure(const outcome& said) noexcept;

void take_outgoing(const outgoing_reply& said, outgoing& to);

/// Moves the recipients at those places to `later`.
void put_off(const std::set<std::uint32_t>& places, outgoing& of);

/// Why a parameter edit may not be made: none of `owned`, not of that command, or no value of a parameter; empty if it may.
[[nodiscard]] std::string_view param_fault(const edit& what, const std::vector<owned_parameter>& owned) noexcept;
/// At cmd.mail: what the message is stored with, as if the client had said it.
void store_param(const edit& what, const std::vector<owned_parameter>& owned, std::vector<message::parameter>& to);
/// Makes it; there is no fault.
void apply_param(const edit& what, const message::envelope& stored, outgoing& to);

} // namespace postern::hooks
