#pragma once
// From reasons and points to what happens to a message, and to what is written into it. Pure.
// SECURITY: names of symbols come from this plugin and its configuration; nothing of a message gets into a header field but the
// message's own subject.

#include "rules.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

/// Sums from which on something happens; infinity: never.
struct thresholds {
    double tag;
    double quarantine;
    double reject;
};

enum class action : std::uint8_t { none, tag, quarantine, reject };

class score_card {
public:
    /// `before`: what others said of this message.
    explicit score_card(double before) : before_{before} {}
    void add(std::string name, double points) { symbols_.push_back({std::move(name), points}); }
    void add(std::vector<symbol> more);

    /// Of this plugin's symbols, without what came before.
    [[nodiscard]] double own() const noexcept;
    [[nodiscard]] double total() const noexcept { return before_ + own(); }
    [[nodiscard]] action decide(const thresholds& at) const noexcept;

    /// "Yes, score=7.3 required=5.0 action=tag"
    [[nodiscard]] std::string status(const thresholds& at) const;
    /// "BAYES_99(4.0), HTML_ONLY(0.5)", folded, the heaviest first.
    [[nodiscard]] std::string symbols() const;
    /// The names alone, with a comma between them, as the symbol of a verdict: printable ASCII, at most 1,000 octets.
    [[nodiscard]] std::string names() const;

private:
    double before_;
    std::vector<symbol> symbols_;
};

/// "7.3"; never "-0.0".
[[nodiscard]] std::string points_text(double points);

} // namespace spam_filter
