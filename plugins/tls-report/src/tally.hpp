#pragma once
// Sessions as they are counted until they are kept: by day, domain, policy and what came of them. It must not know where they are
// kept, and reads no clock. STANDARDS: RFC 8460 4.2 to 4.4. SECURITY: names, policies and texts come from whoever owns a domain
// and runs its hosts: domains, policies and rows are bounded, and what is beyond counts without its details.

#include "day.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
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
    std::string policy_key;     ///< stands for the policy
    std::string failure_key;    ///< stands for what was wrong; "ok": nothing
    std::string policy_text{};  ///< to be kept with it; empty: it is
    std::string failure_text{}; ///< likewise
    std::int64_t count = 0;
};

/// Threads: any.
class tally {
public:
    static constexpr std::size_t most_policies = 5; ///< of a domain and day
    static constexpr std::size_t most_rows = 50;    ///< likewise; and one for each type without details

    explicit tally(std::size_t most_domains) : most_domains_{most_domains} {}

    /// False: it has no room for one more domain, and the session is not counted.
    [[nodiscard]] bool count(day when, const std::string& domain, const policy& by, const failure& what);
    /// What was counted since the last time.
    [[nodiscard]] std::vector<row> take();
    /// They could not be kept: the next take() has them again.
    void give_back(std::vector<row> rows);
    /// All before it, and it: what is counted for these days later begins anew.
    void forget(day last);
    [[nodiscard]] std::size_t domains() const;

private:
    struct counted {
        std::int64_t count = 0;
        bool is_kept = false; ///< its texts
        std::string policy_text{};
        std::string failure_text{};
    };
    struct known {
        std::map<std::string, std::string> policies{};                 ///< key by its text
        std::map<std::pair<std::string, std::string>, counted> rows{}; ///< by the keys of policy and failure
    };
    [[nodiscard]] static std::string key_of(known& of, const policy& by, std::string& text);

    const std::size_t most_domains_;
    mutable std::mutex mutex_;
    std::map<std::pair<day, std::string>, known> all_;
};

} // namespace tls_report
