#pragma once
// The envelope of a message: RFC 5321 2.3.1, with what the extensions attach to it. Values that can be stored.
// It knows nothing of lines, replies or plugins. STANDARDS: RFC 5321, 1870, 3461, 6152, 3030, 6531.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::message {

/// What a next hop is told of a parameter.
enum class relay_rule : std::uint8_t {
    never,    ///< nothing by itself: it is for us, or the core writes it from typed values
    optional, ///< it goes along where its extension is offered
    required, ///< likewise, and elsewhere the message does not go
};

/// A MAIL or RCPT parameter as the client wrote it: keyword in upper case, value raw. Kept with the message.
struct parameter {
    std::string keyword;
    std::optional<std::string> value; ///< absent: the keyword stood alone
    // Of an extension that a plugin declared:
    relay_rule relay = relay_rule::never;
    std::string extension = {}; ///< the keyword of EHLO that offers it; empty: the core's
    std::string lacking = {};   ///< enhanced code of a delivery that fails for want of it: "5.7.0"

    bool operator==(const parameter&) const = default;
};

/// BODY= (RFC 6152, RFC 3030). seven_bit is the default of MAIL.
enum class body_type : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };

/// RET= (RFC 3461 4.3).
enum class dsn_return : std::uint8_t { unspecified, full, headers };

/// NOTIFY= (RFC 3461 4.1): a set; empty means not given. `never` stands alone.
struct dsn_notify {
    bool never = false;
    bool success = false;
    bool failure = false;
    bool delay = false;

    [[nodiscard]] bool is_given() const noexcept { return never || success || failure || delay; }
    /// Whether a failure is to be reported: by default yes (RFC 3461 4.1).
    [[nodiscard]] bool wants_failure() const noexcept { return !is_given() || failure; }
    bool operator==(const dsn_notify&) const = default;
};

/// What MAIL said.
struct sender {
    std::string address; ///< the reverse path, "local@domain", as octets; empty: the null reverse path
    body_type body = body_type::seven_bit;
    bool smtputf8 = false;
    dsn_return ret = dsn_return::unspecified;
    std::string envid;               ///< xtext as received, empty if not given
    std::uint64_t declared_size = 0; ///< SIZE=, octets; 0 if not given
    std::vector<parameter> parameters;

    bool operator==(const sender&) const = default;
};

/// What one RCPT said.
struct recipient {
    std::string address; ///< the forward path, "local@domain"; "postmaster" alone may lack the domain (RFC 5321 4.5.1)
    dsn_notify notify;
    std::string orcpt; ///< "type;xtext" as received, empty if not given
    std::vector<parameter> parameters;
    std::optional<std::uint32_t> rcpt = {}; ///< LMTP: the RCPT of its session that it stands for; not stored

    bool operator==(const recipient&) const = default;
};

/// Who sent a message, and for whom: what MAIL and RCPT say.
struct envelope {
    sender from;
    std::vector<recipient> to;

    bool operator==(const envelope&) const = default;
};

} // namespace postern::message
