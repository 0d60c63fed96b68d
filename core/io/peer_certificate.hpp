#pragma once
// What a client wants a server's certificate to be, beyond what its context says, and what was wrong with the one that came.
// STANDARDS: RFC 6125 6.4, RFC 7671 5, RFC 7672 3.1, 3.2, RFC 8461 4.2. SECURITY: certificates are the peer's; names and records
// come from whoever owns the domain.

#include "core/base/tlsa_record.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;

namespace postern::io {

struct peer_expectation {
    std::vector<std::string> names = {};      ///< that the certificate may be for, beside the name of the handshake
    std::vector<base::tlsa_record> tlsa = {}; ///< one of them has to match, and then no authority is needed; empty: no DANE
    bool is_only_noted = false; ///< the handshake succeeds whatever the certificate is; what is wrong can be asked for

    /// Nothing more than the context and the name say.
    [[nodiscard]] bool is_plain() const noexcept { return names.empty() && tlsa.empty() && !is_only_noted; }
};

enum class certificate_fault : std::uint8_t {
    none,
    untrusted,  ///< by nobody that is trusted
    expired,    ///< or not valid yet
    wrong_name, ///< for other names
    no_match,   ///< with any of the TLSA records
    other,
};

/// Before a client's handshake. Why there can be none, a literal; empty: there can. Without a name that a certificate could be
/// for, and without a TLSA record that can be used where there are some, nobody would be good enough: whoever is content with
/// encryption then (RFC 7672 2.2) asks for no more.
[[nodiscard]] std::string_view expect(ssl_st* session, const std::string& name, const peer_expectation& what) noexcept;

/// What was found, whether or not it counted. `none` too where nobody looked.
[[nodiscard]] certificate_fault fault_of(const ssl_st* session) noexcept;
/// In OpenSSL's words; empty: nothing.
[[nodiscard]] std::string_view fault_text(const ssl_st* session) noexcept;

} // namespace postern::io
