#pragma once
// A report on a day and a domain, as JSON, as an attachment, and as a mail. It must not know where counts come from, nor who
// sends. STANDARDS: RFC 8460 4.4, 5.1, 5.3, RFC 8689 3, RFC 6522, RFC 2046. SECURITY: texts in it come from whoever owns domains
// and runs hosts; they are printable ASCII, and JSON escapes them. None goes into a header section but names of domains.

#include "day.hpp"
#include "tally.hpp"

#include <postern/kit/dkim.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tls_report {

/// Who reports.
struct reporter {
    std::string organization;
    std::string contact;   ///< "local@domain"
    std::string from;      ///< "local@domain": whose domain is the submitter
    std::string submitter; ///< that domain
};

/// What was counted with one policy.
struct policy_counts {
    policy by;
    std::int64_t successful = 0;
    std::int64_t failed = 0;
    std::vector<std::pair<failure, std::int64_t>> failures{};
};

/// Of one domain and day.
struct gathered {
    std::string domain;
    day when = 0;
    std::vector<policy_counts> policies{};

    [[nodiscard]] std::int64_t successful() const noexcept;
    [[nodiscard]] std::int64_t failed() const noexcept;
};

/// The same for the same reporter, domain and day: who gets it twice can tell.
[[nodiscard]] std::string report_id(const reporter& by, const gathered& what);
[[nodiscard]] std::string to_json(const reporter& by, const gathered& what);
/// RFC 8460 5.1: "submitter!domain!begin!end!id.json.gz".
[[nodiscard]] std::string file_name(const reporter& by, const gathered& what);

/// A whole message; `attachment`: JSON in gzip. `now_s`: seconds since 1970. Without a signer it is not signed.
[[nodiscard]] std::string to_mail(const reporter& by, const gathered& what, std::string_view to, std::string_view attachment,
                                  std::int64_t now_s, const postern::kit::dkim_signer* signer);

} // namespace tls_report
