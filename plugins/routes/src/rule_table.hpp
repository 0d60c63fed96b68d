#pragma once
// Rules by address, domain, all below a domain, or everything else; the closest one counts. A lookup is as fast in 100,000 lines
// as in one. SECURITY: recipients come from anybody; the work for one grows with its labels alone.

#include "rule.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace routes {

/// Threads: any, once it is filled.
class rule_table {
public:
    using index = std::uint32_t;
    static constexpr index none = UINT32_MAX;

    /// `key`: "user@example.org", "example.org", "[192.0.2.1]", ".example.org" (all below it) or "*". Throws
    /// std::invalid_argument, with what is wrong with key or rule, or that the key was there already.
    void add(std::string_view key, std::string_view rule);

    /// Of the address, else its domain, else the nearest domain above, else "*".
    [[nodiscard]] index find(std::string_view recipient) const;
    [[nodiscard]] const rule& at(index which) const { return rules_.at(which); }
    [[nodiscard]] const std::vector<rule>& rules() const noexcept { return rules_; }
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    using map = std::unordered_map<std::string, index, hash, std::equal_to<>>;

    [[nodiscard]] index look_up(std::string_view key) const;

    map keys_;
    map texts_; ///< of rules: thousands of lines say the same
    std::vector<rule> rules_;
};

} // namespace routes
