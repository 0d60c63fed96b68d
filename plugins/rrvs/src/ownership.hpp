#pragma once
// Whether a mailbox still belongs to who had it at a time. Pure; it must not know the plugin contract.
// STANDARDS: RFC 7293 3.1, 5; RFC 2142; RFC 5321 2.4, 4.5.1. SECURITY: recipients and times are a client's.

#include <postern/kit/date_time.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace rrvs {

using postern::kit::seconds_since_1970;

/// The value of RRVS: a date-time, and what a next hop that lacks the extension means.
struct condition {
    seconds_since_1970 since;
    bool may_continue = false; ///< ";C": the message goes on without; else, ";R" too, it is returned

    bool operator==(const condition&) const = default;
};
/// RFC 7293 3.1: date-time [";" ("C" / "R")], without fractions of a second. Nothing for anything else.
[[nodiscard]] std::optional<condition> parse_condition(std::string_view value);

enum class finding : std::uint8_t {
    not_ours, ///< somebody else knows
    valid,    ///< or a role's, which whoever has the role may read
    mailbox_changed,
    domain_changed,
    unknown, ///< ours, without a date
};

class ownership {
public:
    // Each takes one entry of an option, and says what is wrong with it, or nullptr.

    [[nodiscard]] const char* add_domain(std::string_view name);
    [[nodiscard]] const char* add_mailbox(std::string_view address, std::string_view since);
    [[nodiscard]] const char* add_domain_since(std::string_view name, std::string_view since);
    /// Since when mailboxes of ours without a date are their owners' at the latest.
    [[nodiscard]] const char* set_latest(std::string_view since);

    [[nodiscard]] finding judge(std::string_view recipient, seconds_since_1970 since) const;

private:
    std::set<std::string, std::less<>> domains_;                           ///< in lower case
    std::map<std::string, seconds_since_1970, std::less<>> domains_since_; ///< likewise
    std::map<std::string, seconds_since_1970, std::less<>> mailboxes_;     ///< the domain likewise
    std::optional<seconds_since_1970> latest_;
};

/// "Local@example.com" of "Local@EXAMPLE.com": the form in which addresses are compared (RFC 5321 2.4). Empty: no address.
[[nodiscard]] std::string comparable(std::string_view address);

} // namespace rrvs
