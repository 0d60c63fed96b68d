#pragma once
// TLSA records as octets, which of them can be used, and their text. Pure; it must not know the plugin contract.
// STANDARDS: RFC 6698 2.1, 2.2, RFC 7218, RFC 7672 2.2.3, 3.1. SECURITY: octets of whoever owns the name; certificates
// and keys in them are parsed by OpenSSL.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dane {

struct record {
    std::uint8_t usage = 0;
    std::uint8_t selector = 0;
    std::uint8_t matching = 0;
    std::string data;

    bool operator==(const record&) const = default;
};

/// Out of the octets of a resource record; nothing: it is too short to be one.
[[nodiscard]] std::optional<record> read(std::string_view octets);

/// Whether it is one that SMTP knows what to do with: DANE-TA or DANE-EE, of certificate or key, by a digest of the right size or
/// whole (RFC 7672 3.1), and then a certificate or key that OpenSSL can read, of `longest_data` at most.
[[nodiscard]] bool is_usable(const record& one) noexcept;
constexpr std::size_t longest_data = 8192; ///< octets that a policy takes of a record

/// "3 1 1 0123...", as in a zone and in reports (RFC 8460 4.4); what is longer than `most` octets of text is cut.
[[nodiscard]] std::string text_of(const record& one, std::size_t most = 1024);

/// "_25._tcp.mx.example.org".
[[nodiscard]] std::string name_of(std::string_view host, std::uint32_t port);

/// Whether `domain` (lower case) is one of `all`: "example.org" is itself, ".example.org" all below it.
[[nodiscard]] bool is_listed(std::string_view domain, const std::vector<std::string>& all) noexcept;

} // namespace dane
