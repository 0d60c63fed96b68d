#pragma once
// What an operator may set, read once. Every mistake is refused with its option.

#include "dns_lists.hpp"
#include "score_card.hpp"
#include "tokenizer.hpp"

#include <postern/plugin.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

/// A network whose clients are ours: "192.0.2.0/24", "2001:db8::/32", "192.0.2.7".
struct network {
    std::array<std::uint8_t, 16> first; ///< IPv4 is mapped into ::ffff:0:0/96
    unsigned bits;

    [[nodiscard]] static bool parse(std::string_view text, network& to);
};

struct options {
    explicit options(const postern::host& host);

    [[nodiscard]] bool trusts(const postern::peer& client) const;

    thresholds at;
    std::string subject_prefix;
    bool scans_trusted = false;
    std::vector<network> networks;
    std::vector<dns_list> address_lists;
    std::vector<dns_list> link_lists;
    std::chrono::nanoseconds dns_wait;
    std::string spam_address; ///< domain in lower case; empty: none
    std::string ham_address;
    std::size_t scan_size;
    std::size_t features;
    std::chrono::nanoseconds refresh;
    double bayes_spam = 0; ///< points of what is certainly spam
    double bayes_ham = 0;  ///< and of what is certainly none
};

/// As addresses are compared: the domain in lower case, the local part too, since these are ours.
[[nodiscard]] std::string folded_address(std::string_view address);

[[nodiscard]] scan_limits limits_of(const options& from);

} // namespace spam_filter
