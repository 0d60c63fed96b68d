#pragma once
// A rule: which replies it is about, and what they mean. Text of the configuration in, a decision out; it must not know a host.
// STANDARDS: RFC 5321 4.2.1, RFC 3463. SECURITY: replies are next hops': RE2 matches in time linear in their length, whatever the
// expression (docs/adr/0067).

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace replies {

/// In the order of POSTERN_STAGE_...
enum class stage : std::uint8_t { route, peer, mail, rcpt, data, end };

/// What a next hop, or the lack of one, said.
struct heard {
    std::string_view next_hop;
    stage at = stage::rcpt;
    std::uint32_t code = 0; ///< 0: no reply
    std::string_view enhanced;
    std::string_view text;
    bool is_failure = false; ///< rather than a deferral
    std::uint32_t attempt = 0;
};

struct times {
    std::chrono::milliseconds rest;
    std::chrono::milliseconds suspend;
};

class rule {
public:
    enum class outcome : std::uint8_t { as_it_is, defer, fail };

    /// Words: next-hop=GLOB, code=550 (5yz, 55z, none), enhanced=5.7.* (a glob), stage=rcpt (several with ","), text=/RE2/ (no
    /// letter's case counts; at the end, since it may hold spaces and "/"), attempts=N (from the Nth attempt on), result=failed
    /// or deferred; then=defer, fail or stay, rest, rest=15m, suspend. Throws std::invalid_argument with what is wrong.
    [[nodiscard]] static rule read(std::string_view text, const times& of);

    [[nodiscard]] bool fits(const heard& what) const;
    [[nodiscard]] outcome then() const noexcept { return then_; }
    /// Nothing is tried there for so long; 0: nothing is said of that.
    [[nodiscard]] std::chrono::milliseconds rest() const noexcept { return rest_; }

private:
    void take_condition(std::string_view name, std::string_view value);
    void take_action(std::string_view name, std::string_view value, const times& of);

    std::string next_hop_ = "*";
    std::string enhanced_; ///< empty: any, none too
    std::string code_;     ///< three of digits, "y", "z", or "none"; empty: any
    unsigned stages_ = 0;  ///< a bit each; 0: any
    std::uint32_t from_attempt_ = 1;
    std::optional<bool> is_failure_;
    std::shared_ptr<const re2::RE2> text_;
    std::optional<outcome> said_;
    outcome then_ = outcome::as_it_is;
    std::chrono::milliseconds rest_{0};
};

} // namespace replies
