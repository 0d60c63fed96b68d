#pragma once
// What a sender may have sent in a time: a token bucket for each, in memory, of which the oldest is forgotten when there are too
// many. Pure: the time is told. SECURITY: senders are clients'; memory is bounded.

#include <postern/kit/rate.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace shaping {

using nanoseconds = std::chrono::nanoseconds;

enum class keyed : std::uint8_t { sender, sender_domain, next_hop, sender_domain_and_next_hop };

struct budget_rule {
    keyed key = keyed::sender_domain;
    postern::kit::rate of;
    std::uint64_t burst = 1;

    bool operator==(const budget_rule&) const = default;
};

/// "key=sender-domain rate=1000/1h burst=100". Throws std::invalid_argument, with what is wrong.
[[nodiscard]] budget_rule read_budget_rule(std::string_view text);

/// Threads: one at a time.
class budget {
public:
    budget(const budget_rule& of, std::size_t most) noexcept;

    [[nodiscard]] const budget_rule& rule() const noexcept { return rule_; }
    /// How long until that one may have one more; zero: now. `now` is of any clock that goes on.
    [[nodiscard]] nanoseconds wait(std::string_view who, nanoseconds now) const;
    /// Takes one, also where there is none.
    void take(std::string_view who, nanoseconds now);
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    /// When it is full again: the only state of a bucket (GCRA).
    struct entry {
        std::string who;
        nanoseconds full_at;
    };

    budget_rule rule_;
    std::size_t most_;
    nanoseconds each_;     // a token's time
    nanoseconds span_;     // of a whole burst
    std::list<entry> all_; // the one that was heard of last comes first
    std::unordered_map<std::string_view, std::list<entry>::iterator> places_;
};

} // namespace shaping
