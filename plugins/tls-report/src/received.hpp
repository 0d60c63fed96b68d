#pragma once
// A report that somebody sent: found in a message, unpacked, and read. It must not know how the message came, nor what becomes of
// what it says. STANDARDS: RFC 8460 4.4, 5, RFC 2045, RFC 2046, RFC 1952, RFC 8259.
// SECURITY: anybody may send one, and say anything in it. Parts, depth, octets packed and unpacked, depth of JSON, policies and
// failures are bounded; what goes on from here is printable ASCII of bounded length, and types are those that RFC 8460 knows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tls_report {

struct received_failure {
    std::string type; ///< of RFC 8460 4.3, or "other"
    std::string sending_ip;
    std::string mx;
    std::string receiving_ip;
    std::string reason;
    std::int64_t count = 0;
};

struct received_policy {
    std::string type; ///< "sts", "tlsa", "no-policy-found" or "other"
    std::string domain;
    std::int64_t successful = 0;
    std::int64_t failed = 0;
    std::vector<received_failure> failures{};
};

struct received_report {
    std::string organization;
    std::string contact;
    std::string id;
    std::string begin; ///< as it is written
    std::string end;
    std::vector<received_policy> policies{};

    [[nodiscard]] std::int64_t successful() const noexcept;
    [[nodiscard]] std::int64_t failed() const noexcept;
};

inline constexpr std::size_t most_policies_read = 100;
inline constexpr std::size_t most_failures_read = 1'000; ///< of a report

/// Why there is none; empty: there is.
template <class What>
struct found {
    std::optional<What> what;
    std::string why;
};

/// The JSON in a message: the first part of type application/tlsrpt+gzip or application/tlsrpt+json. `is_report`: there was one,
/// or the message says that it is one.
struct found_json {
    std::optional<std::string> what;
    std::string why;
    bool is_report = false;
};
[[nodiscard]] found_json find_json(std::string_view message, std::size_t most_octets);

/// Of JSON.
[[nodiscard]] found<received_report> parse_report(std::string_view text);

/// A name for a file of it: letters, digits and "!-._", at most 200.
[[nodiscard]] std::string file_name_of(const received_report& what, std::string_view unique);

} // namespace tls_report
