#pragma once
// Sessions as they are counted until they are kept: by day, domain, policy and what came of them. It must not know where they are
// kept, and reads no clock. STANDARDS: RFC 8460 4.2 to 4.4. SECURITY: names, policies and texts come from whoever owns a domain
// and runs its hosts: domains, policies, rows and octets are bounded, and what is beyond counts without its details.

#include "day.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tls_report {

/// That was applied to a session.
struct policy {
    std::string type; ///< "sts", "tlsa" or "no-policy-found"
    std::string domain;
    std::vector<std::string> strings{};
    std::vector<std::string> hosts{};

    bool operator==(const policy&) const = default;
};

/// What was wrong with sessions that are counted together.
struct failure {
    std::string type; ///< RFC 8460 4.3; empty: nothing was, and the rest is empty
    std::string mx{};
    std::string receiving_ip{};
    std::string sending_ip{};
    std::string reason{};

    bool operator==(const failure&) const = default;
};

/// As they are kept. Nothing: they cannot be read.
[[nodiscard]] std::string write(const policy& what);
[[nodiscard]] std::string write(const failure& what);
[[nodiscard]] bool read(std::string_view text, policy& to);
[[nodiscard]] bool read(std::string_view text, failure& to);

/// A count that is to be added to what is kept.
struct row {
    day when = 0;
    std::string domain;
    std::string policy_key;                            ///< stands for the policy
    std::string failure_key;                           ///< stands for what was wrong; "ok": nothing
    std::shared_ptr<const std::string> policy_text{};  ///< to be kept with it; null: it is, or another row brings it
    std::shared_ptr<const std::string> failure_text{}; ///< likewise
    std::int64_t count = 0;

    /// Octets of texts.
    [[nodiscard]] std::size_t octets() const noexcept
    {
        return (policy_text ? policy_text->size() : 0) + (failure_text ? failure_text->size() : 0);
    }
};

/// How a session was counted.
enum class counting : std::uint8_t {
    whole,
    shortened, ///< without the text of its policy, or without what it was that failed where
    none,      ///< not at all
};

/// Threads: any.
class tally {
public:
    static constexpr std::size_t most_policies = 5;    ///< of a domain and day; and one for each type without its text
    static constexpr std::size_t most_rows = 50;       ///< likewise; and one for each type without details
    static constexpr std::size_t short_enough = 4'096; ///< octets of texts that may have the second half of the room too

    /// `most_octets`: of all texts with details, of days that are not over. A long text has no room in the second half: few who
    /// publish long policies do not keep out the policies of all others.
    explicit tally(std::size_t most_domains, std::size_t most_octets = std::size_t{32} << 20U)
        : most_domains_{most_domains}, most_octets_{most_octets}
    {
    }

    [[nodiscard]] counting count(day when, const std::string& domain, const policy& by, const failure& what);
    /// What was counted since the last time.
    [[nodiscard]] std::vector<row> take();
    /// They could not be kept: the next take() has them again.
    void give_back(std::vector<row> rows);
    /// All before it, and it: what is counted for these days later begins anew.
    void forget(day last);
    [[nodiscard]] std::size_t domains() const;
    /// Of all texts.
    [[nodiscard]] std::size_t octets() const;

private:
    using text = std::shared_ptr<const std::string>;
    struct known_policy {
        std::string key;
        text what;
        bool is_kept = false;
    };
    struct counted {
        std::int64_t count = 0;
        bool is_kept = false; ///< its text
        text failure{};       ///< null: nothing was wrong
    };
    struct known {
        std::vector<known_policy> policies{};
        std::map<std::pair<std::string, std::string>, counted> rows{}; ///< by the keys of policy and failure
    };
    [[nodiscard]] bool has_room(std::size_t octets) const noexcept;
    [[nodiscard]] text keep(std::string what);
    [[nodiscard]] const known_policy& policy_in(known& of, const policy& by, counting& how);
    void add_up();

    const std::size_t most_domains_;
    const std::size_t most_octets_;
    mutable std::mutex mutex_;
    std::size_t octets_ = 0;
    std::map<std::pair<day, std::string>, known> all_;
};

} // namespace tls_report
