#pragma once
// The policy of a domain as its web server publishes it, and which hosts it lists. Pure; it must not know the plugin contract.
// STANDARDS: RFC 8461 3.2, 4.1, 8.1. SECURITY: octets of whoever answers as the domain's web server, by a good certificate.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mta_sts {

enum class mode : std::uint8_t {
    none,    ///< as if there were no policy
    testing, ///< looked at, and told in reports alone
    enforce,
};
[[nodiscard]] std::string_view name_of(mode what) noexcept;
[[nodiscard]] std::optional<mode> mode_of(std::string_view name) noexcept;

constexpr std::chrono::seconds longest_age{31'557'600};      // RFC 8461 3.2: about a year
constexpr std::size_t longest_text = std::size_t{64} << 10U; // octets. RFC 8461 3.3: a limit such as this is advised

struct policy {
    mode how = mode::none;
    std::chrono::seconds max_age{0};
    std::vector<std::string> mx; ///< patterns, in lower case
    std::string text;            ///< as it was published

    bool operator==(const policy&) const = default;
};

/// A policy, or why it is none: "line 3: ...".
struct parsed_policy {
    std::optional<policy> what;
    std::string why;
};
[[nodiscard]] parsed_policy parse_policy(std::string_view text);

/// How long it holds: its max_age, and at least a minute, so that one of no time holds for those who waited for it.
[[nodiscard]] std::chrono::seconds life_of(const policy& what) noexcept;

/// As a file to publish, without what was not understood.
[[nodiscard]] std::string render(const policy& from);

/// A Domain of RFC 5321 4.1.2 in ASCII: no address literal, no dot at its end.
[[nodiscard]] bool is_domain(std::string_view text) noexcept;
/// "mx.example.org", or "*.example.org".
[[nodiscard]] bool is_pattern(std::string_view text) noexcept;

/// RFC 8461 4.1: whatever the case; "*" is one label, the first.
[[nodiscard]] bool matches(std::string_view host, std::string_view pattern) noexcept;
[[nodiscard]] bool lists(const policy& what, std::string_view host) noexcept;

/// Its lines for reports: the first `most`, those of printable ASCII up to 1,024 octets.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text, std::size_t most = 200);

} // namespace mta_sts
