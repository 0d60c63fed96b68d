#pragma once
// Which policies lie in the store, so that they stay bounded. Pure; it must not know what a policy is, nor the plugin contract.
//
// Who has to go is who was delivered to on the fewest days, and of those the last to come: a domain pushes out only domains that
// are wanted less often than itself. So whoever invents domains, or gives one a policy in each of thousands of subdomains, fills
// what is free and no more; a domain that mail goes to day by day soon stands above all of these. Going by the last use instead
// would let them push out everybody within an hour.
// SECURITY: names and sizes come from domains; each can be anybody's.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mta_sts {

class shelf {
public:
    using time = std::chrono::nanoseconds;
    struct limits {
        std::size_t policies = 50'000;
        std::size_t octets = std::size_t{16} << 20U; ///< of keys and values
    };
    struct item {
        std::size_t octets = 0;
        std::uint32_t days = 0; ///< on which somebody wanted to deliver there
        time ends{0};           ///< then the store forgets it by itself
    };

    explicit shelf(const limits& most) noexcept : most_{most} {}

    /// Whether it may lie in the store, instead of what lay there for that domain; false: it must not, and nothing else goes.
    /// Others that have to go for it are added to `gone`.
    [[nodiscard]] bool put(const std::string& domain, const item& what, time now, std::vector<std::string>& gone);
    void remove(const std::string& domain);

    [[nodiscard]] bool contains(const std::string& domain) const { return items_.contains(domain); }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] std::size_t octets() const noexcept { return octets_; }

private:
    struct placed {
        item what;
        std::uint64_t came = 0; ///< the how manieth
    };
    /// Who goes first is first.
    struct rank {
        std::uint32_t days;
        std::uint64_t came;
        std::string domain;
        bool operator<(const rank& other) const noexcept { return days != other.days ? days < other.days : came > other.came; }
    };

    void forget_what_ended(time now);

    limits most_;
    std::map<std::string, placed> items_;
    std::set<rank> ranks_;
    std::set<std::pair<time, std::string>> ends_;
    std::size_t octets_ = 0;
    std::uint64_t last_ = 0;
};

} // namespace mta_sts
