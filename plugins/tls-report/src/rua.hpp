#pragma once
// The TXT record that says where reports about a domain go. It must not know who asks for it.
// STANDARDS: RFC 8460 3, RFC 6068 2. SECURITY: the record is written by whoever owns the domain: an address becomes a recipient,
// a URI a request, so both are held against a narrow form.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tls_report {

inline constexpr std::size_t most_destinations = 10;

/// Somebody who wants reports.
struct destination {
    enum class kind : std::uint8_t { mail, https };
    kind what = kind::mail;
    std::string text;    ///< as the record has it
    std::string address; ///< mail: "local@domain"
    std::string host;    ///< https, in lower case
    std::uint16_t port = 443;
    std::string path; ///< and query

    bool operator==(const destination&) const = default;
};

/// Of one URI: "mailto:a@example.org" or "https://example.org/tlsrpt". Nothing: it is neither.
[[nodiscard]] std::optional<destination> parse_uri(std::string_view text);

/// Of one record: who is named in it, at most ten, without URIs of other schemes; empty: there are none. Nothing: it breaks the
/// syntax, or is no record of TLSRPT.
[[nodiscard]] std::optional<std::vector<destination>> parse_record(std::string_view text);

/// Of all TXT records at a name: the one that begins with "v=TLSRPTv1;". With several there is none (RFC 8460 3).
[[nodiscard]] std::optional<std::vector<destination>> destinations_in(const std::vector<std::string>& records);

/// "local@domain" of ASCII, without quotes.
[[nodiscard]] bool is_plain_mailbox(std::string_view text);
/// A name of letters, digits and inner hyphens, with a dot: none of an address.
[[nodiscard]] bool is_host_name(std::string_view text);

} // namespace tls_report
