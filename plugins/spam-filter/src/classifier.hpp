#pragma once
// Bayes, after Robinson and Fisher: each feature's probability to mean spam, smoothed towards not knowing, and their logarithms
// added up. Pure: counts in, a number out.
//
// The sum is divided by the root of the number of features that counted, as for sums of things that are independent of each
// other: a long message does not become certain by its length alone. Features of a message are far from independent (pairs hold
// the words again), so the number is no probability; `probability` makes one of it by a slope that was chosen once.

#include "token_table.hpp"

#include <cstdint>
#include <span>

namespace spam_filter {

enum class mail_kind : std::uint8_t { ham, spam };

struct classifier_settings {
    double strength = 0.3;        ///< how much a feature is not known before it was seen once, in messages
    double least_deviation = 0.2; ///< features nearer to one half say nothing
    double margin = 14;           ///< what is judged right, but not by as much, is learned all the same
};

/// Positive: spam. 0: nothing is known.
[[nodiscard]] double bayes_score(std::span<const std::uint64_t> features, const token_table& known,
                                 const classifier_settings& how = {}) noexcept;

/// Of spam, 0 to 1.
[[nodiscard]] double probability(double score) noexcept;

/// Whether learning a message of that kind would teach anything: it is judged wrong, or right by less than the margin. Learning
/// only such messages keeps the state small, and makes what is rare count.
[[nodiscard]] bool is_worth_learning(double score, mail_kind kind, const classifier_settings& how = {}) noexcept;

} // namespace spam_filter
