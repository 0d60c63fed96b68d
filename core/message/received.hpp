#pragma once
// The trace field that a server puts in front of a message, and the count that stops loops.
// STANDARDS: RFC 5321 4.4, 6.3; RFC 3848; RFC 6531 4.3; RFC 6710 4.1. SECURITY: the EHLO name is a peer's; it never gets out of
// its place.

#include "core/base/clock.hpp"
#include "core/base/ip_address.hpp"
#include "core/message/header_block.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::message {

/// What a Received field tells. Views: valid until the call returns. Empty views and default values are left out.
struct received_facts {
    std::string_view helo; ///< the argument of EHLO or HELO
    base::ip_address peer; ///< "::": not a TCP connection
    std::string_view by;   ///< our host name
    std::string_view software;
    std::string_view id; ///< the queue id, as printed
    std::string_view tls_version;
    std::string_view tls_cipher;
    std::string_view recipient; ///< canonical address; give it only when there is exactly one (RFC 5321 7.2: Bcc)
    std::string_view priority;  ///< of MT-PRIORITY: "-9" to "9"
    base::wall_time when;
    bool extended = false; ///< EHLO
    bool tls = false;
    bool authenticated = false;
    bool lmtp = false;     ///< rather than SMTP
    bool smtputf8 = false; ///< MAIL said SMTPUTF8
};

/// The registered name behind "with": SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, UTF8SMTP, UTF8SMTPS, UTF8SMTPA, UTF8SMTPSA;
/// LMTP likewise, and UTF8LMTP.
[[nodiscard]] std::string_view with_protocol(const received_facts& facts) noexcept;

/// The field's value, folded, without name and final CRLF: for header_block::insert(0, "Received", ...).
[[nodiscard]] std::string received_value(const received_facts& facts);

/// Received fields in a block.
[[nodiscard]] std::size_t count_received(const header_block& headers) noexcept;

} // namespace postern::message
