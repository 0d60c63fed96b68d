#pragma once
// Which priority a message gets that asks for one. Pure; it must not know the plugin contract.
// STANDARDS: RFC 6710 3, 4.1, 5, appendices A to C. SECURITY: the value is a client's.

#include <postern/kit/network_set.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace mt_priority {

/// RFC 6710 3: priority-value = (["-"] NZDIGIT) / "0". Nothing for anything else.
[[nodiscard]] std::optional<int> parse_priority(std::string_view text) noexcept;

class priority_policy {
public:
    // Each takes one option, and says what is wrong with it, or nullptr.

    [[nodiscard]] const char* set_profile(std::string_view name);
    [[nodiscard]] const char* set_most(int priority);
    [[nodiscard]] const char* set_least(int priority);
    [[nodiscard]] const char* add_network(std::string_view text) { return trusted_.add(text); }

    /// The message's priority, as next hops hear it: what a client with this address gets of what it asks for. `identity`: who
    /// logged in, empty for nobody.
    [[nodiscard]] int settle(int asked, std::string_view address, std::string_view identity) const noexcept;
    /// How a message of this priority is treated here: the next level of the profile upwards, or the highest.
    [[nodiscard]] int level_of(int priority) const noexcept;
    /// Messages below are not taken now.
    [[nodiscard]] int least() const noexcept { return least_; }

private:
    std::vector<int> levels_; ///< ascending; empty: all
    postern::kit::network_set trusted_;
    int most_ = 0;
    int least_ = -9;
};

} // namespace mt_priority
