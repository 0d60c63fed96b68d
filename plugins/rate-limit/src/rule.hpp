#pragma once
// One rule as an operator writes it: "counts=messages key=client rate=100/1h burst=20". Pure.
// SECURITY: the text is the operator's.

#include "bucket.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rate_limit {

/// What a rule counts.
enum class counted : std::uint8_t { connections, messages, recipients, octets, failed_logins };
/// By what: each value has a bucket of its own.
enum class keyed : std::uint8_t { client, network, sender, sender_domain, user, recipient, recipient_domain };
/// What happens when a bucket is empty.
enum class action : std::uint8_t { tempfail, reject, score, disconnect };
/// Whom a rule does not look at.
struct exemption {
    bool networks = true; ///< clients in the option `networks`
    bool users = false;   ///< whoever is logged in
};

struct rule {
    std::string name;
    counted counts = counted::messages;
    keyed key = keyed::client;
    bucket limit;
    action then = action::tempfail;
    double points = 1;      ///< of a score
    bool is_shadow = false; ///< it only logs and counts
    exemption exempts{};

    /// Whether nothing goes on when it is out of tokens.
    [[nodiscard]] bool refuses() const noexcept { return !is_shadow && then != action::score; }
};

/// The words of the configuration.
[[nodiscard]] std::string_view word_of(counted what) noexcept;
[[nodiscard]] std::string_view word_of(keyed what) noexcept;
[[nodiscard]] std::string_view word_of(action what) noexcept;

/// Fills `to`; what is wrong with the name or the text, or nothing.
[[nodiscard]] std::string parse_rule(std::string_view name, std::string_view text, rule& to);

} // namespace rate_limit
