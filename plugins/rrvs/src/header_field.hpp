#pragma once
// Require-Recipient-Valid-Since, the header field for where the extension is not spoken. Pure.
// STANDARDS: RFC 7293 3.2; RFC 5322 3.3 (dates, without their obsolete and commented forms). SECURITY: fields are a sender's.

#include <postern/kit/date_time.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace rrvs {

struct field_condition {
    std::string recipient;
    postern::kit::seconds_since_1970 since;

    bool operator==(const field_condition&) const = default;
};

[[nodiscard]] bool is_condition_field(std::string_view name) noexcept;
/// "a@example.com; Sat, 1 Jun 2013 09:23:01 -0700". Folds are white space. Nothing for anything else.
[[nodiscard]] std::optional<field_condition> parse_field(std::string_view value);

} // namespace rrvs
