#pragma once
// What may be wrong with a session, by its names in reports. STANDARDS: RFC 8460 4.3.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tls_report {

/// By POSTERN_TLS_RESULT_...; the first one is success, and has no name.
inline constexpr std::array<std::string_view, 12> result_types{"",
                                                               "starttls-not-supported",
                                                               "certificate-host-mismatch",
                                                               "certificate-expired",
                                                               "certificate-not-trusted",
                                                               "validation-failure",
                                                               "tlsa-invalid",
                                                               "dnssec-invalid",
                                                               "dane-required",
                                                               "sts-policy-fetch-error",
                                                               "sts-policy-invalid",
                                                               "sts-webpki-invalid"};

/// Of a finding that a later host brought: validation-failure.
[[nodiscard]] constexpr std::string_view result_type(std::uint32_t finding) noexcept
{
    return finding < result_types.size() ? result_types[finding] : result_types[5];
}
[[nodiscard]] constexpr bool is_failure_type(std::string_view name) noexcept
{
    return !name.empty() && std::find(result_types.begin(), result_types.end(), name) != result_types.end();
}

} // namespace tls_report
