#pragma once
// Octets in the format of gzip, and back within a bound. STANDARDS: RFC 1952. SECURITY: what is unpacked comes from anybody; a
// few octets may stand for gigabytes.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tls_report {

/// Throws std::runtime_error where zlib fails.
[[nodiscard]] std::string gzip(std::string_view octets);
/// Nothing: it is no gzip, ends too early, or would have more than `most` octets. What follows the first member is left aside.
[[nodiscard]] std::optional<std::string> gunzip(std::string_view octets, std::size_t most);

} // namespace tls_report
