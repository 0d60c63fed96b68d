#pragma once
// How a message's envelope and state are written into the store: versioned, length-prefixed octets, little-endian.
// It knows no store and no plugin. STANDARDS: none; the format is described in README.md.
// SECURITY: addresses and replies of peers are inside, always behind a length; decode trusts nothing, since a disk, another
// program or an older version wrote what it reads.

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/message/envelope.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::queue {

enum class record_errc {
    malformed = 1, ///< not what encode writes
    newer_version, ///< written by a later version of the program
};
[[nodiscard]] base::error_code make_error_code(record_errc code) noexcept;

inline constexpr int least_priority = -9; ///< RFC 6710 3
inline constexpr int most_priority = 9;

/// What was settled when the message was accepted. Never changes.
struct stored_envelope {
    message::envelope envelope;
    base::wall_time received;
    std::uint64_t size = 0;                        ///< octets of content
    bool has_8bit = false;                         ///< content has octets above 127
    bool is_binary = false;                        ///< content is not lines of text (BODY=BINARYMIME)
    bool needs_smtputf8 = false;                   ///< header fields or addresses in UTF-8
    std::string session;                           ///< id text of the connection that it came by: ties log lines together
    std::string origin;                            ///< for people: listener and client, "inbound 192.0.2.1"
    std::int8_t priority = 0;                      ///< -9 to 9: of what is due, who goes first (RFC 6710)
    std::optional<base::wall_time> expire_at = {}; ///< given up then; absent: after retry_policy::expire
    std::optional<base::wall_time> warn_at = {};   ///< the delay DSN is due then; absent: after retry_policy::warn
    /// The sender is told of a relay to a next hop that does not offer this keyword; empty: to any; absent: nobody is.
    std::optional<std::string> report_relay = {};

    bool operator==(const stored_envelope&) const = default;
};

enum class recipient_status : std::uint8_t {
    open = 0, ///< still to be delivered
    delivered = 1,
    failed = 2,  ///< refused for good
    expired = 3, ///< given up after retry_policy::expire
};

struct recipient_state {
    recipient_status status = recipient_status::open;
    bool is_reported = false; ///< a DSN about its end is stored, or none is due
    std::uint32_t attempts = 0;
    std::uint16_t smtp_code = 0; ///< of the last reply; 0: there was none
    std::string enhanced;        ///< "4.2.2", or empty
    std::string text;            ///< the last reply's text, or what happened instead
    std::string next_hop;        ///< who said so, "host:port"; empty: decided here
    bool is_relayed = false;     ///< delivered: to another mail system, not into a mailbox

    bool operator==(const recipient_state&) const = default;
};

/// What changes from attempt to attempt.
struct message_state {
    std::uint32_t attempts = 0;
    std::optional<base::wall_time> next_attempt; ///< absent: at once
    std::optional<std::string> held;             ///< the reason; a held message is not attempted
    bool is_warned = false;                      ///< the delay DSN was sent
    std::vector<recipient_state> recipients;     ///< in the envelope's order

    [[nodiscard]] std::size_t open_count() const noexcept;
    /// Nobody is to be delivered to any more, and nobody is to be told of it: the message may leave the queue.
    [[nodiscard]] bool is_over() const noexcept;
    bool operator==(const message_state&) const = default;
};

/// A message as the queue sees it, content left aside.
struct record {
    stored_envelope envelope;
    message_state state;

    bool operator==(const record&) const = default;
};

/// State of a message that nobody has tried to deliver.
[[nodiscard]] message_state fresh_state(std::size_t recipients, std::optional<std::string> held = {});

[[nodiscard]] std::string encode(const stored_envelope& envelope);
[[nodiscard]] std::string encode(const message_state& state);

/// Exactly what encode wrote, or an error: no octet may be missing, left over or of unknown meaning.
[[nodiscard]] base::result<stored_envelope> decode_envelope(std::string_view octets);
[[nodiscard]] base::result<message_state> decode_state(std::string_view octets);
/// Both, and that they fit each other (as many recipients).
[[nodiscard]] base::result<record> decode(std::string_view envelope, std::string_view state);

} // namespace postern::queue

template <>
struct boost::system::is_error_code_enum<postern::queue::record_errc> : std::true_type {
};
