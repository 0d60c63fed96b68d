#pragma once
// What may be wrong with a session, by its names in reports. STANDARDS: RFC 8460 4.3.

#include <postern/abi/outgoing.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::kit {

/// By POSTERN_TLS_RESULT_...; the first one is success, and has no name.
inline constexpr std::array<std::string_view, 12> tls_result_types{"",
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
static_assert(POSTERN_TLS_RESULT_STS_WEBPKI_INVALID + 1 == tls_result_types.size());

/// Of a finding that a later host brought: validation-failure.
[[nodiscard]] constexpr std::string_view tls_result_type(std::uint32_t finding) noexcept
{
    return finding < tls_result_types.size() ? tls_result_types[finding]
                                             : tls_result_types[POSTERN_TLS_RESULT_VALIDATION_FAILURE];
}
/// Whether a report may have it.
[[nodiscard]] constexpr bool is_tls_failure_type(std::string_view name) noexcept
{
    return !name.empty() && std::find(tls_result_types.begin(), tls_result_types.end(), name) != tls_result_types.end();
}

} // namespace postern::kit
