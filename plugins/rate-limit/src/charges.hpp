#pragma once
// Which rules something that a client does is counted by, and whose bucket each takes from. Pure.
// SECURITY: all texts but those of rules come from clients; keys are bounded, and no two values share one.

#include "rule.hpp"

#include <postern/kit/network_of.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rate_limit {

/// What is known of a client and of what it does. Empty: not known.
struct facts {
    std::string_view address;
    std::string_view identity; ///< logged in
    std::string_view user;     ///< whom a login was about
    std::string_view sender;
    std::string_view recipient;
};

/// What is to be taken from one bucket.
struct charge {
    const rule* of;
    std::string value; ///< of the rule's key, for the log
    std::string key;   ///< in the store
    std::uint64_t tokens;
};

class rule_book {
public:
    std::vector<rule> rules; ///< in the order of the file
    postern::kit::network_set networks;
    unsigned v4_bits = 24;
    unsigned v6_bits = 64;

    /// A charge for each rule that counts `what` and has a key here, in the order of the rules. They refer to the rules.
    [[nodiscard]] std::vector<charge> charges(counted what, const facts& about, std::uint64_t tokens) const;

private:
    [[nodiscard]] std::string value_of(keyed by, const facts& about) const;
};

} // namespace rate_limit
