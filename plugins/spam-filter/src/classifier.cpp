#include "classifier.hpp"

#include <algorithm>
#include <cmath>

namespace spam_filter {

double bayes_score(std::span<const std::uint64_t> features, const token_table& known, const classifier_settings& how) noexcept
{
    if (known.messages.spam == 0 || known.messages.ham == 0)
        return 0;
    const double spams = known.messages.spam;
    const double hams = known.messages.ham;
    double sum = 0;
    std::size_t counted = 0;
    constexpr std::size_t ahead = 8;
    for (std::size_t i = 0; i < features.size(); ++i) {
        if (i + ahead < features.size())
            known.prefetch(features[i + ahead]);
        const token_counts seen = known.find(features[i]);
        const double times = static_cast<double>(seen.spam) + static_cast<double>(seen.ham);
        if (times == 0)
            continue;
        const double in_spam = static_cast<double>(seen.spam) / spams;
        const double in_ham = static_cast<double>(seen.ham) / hams;
        const double measured = in_spam / (in_spam + in_ham);
        const double smoothed = (how.strength / 2 + times * measured) / (how.strength + times);
        if (std::abs(smoothed - 0.5) < how.least_deviation)
            continue;
        sum += std::log(smoothed / (1 - smoothed));
        ++counted;
    }
    return sum / std::sqrt(static_cast<double>(counted) + 1);
}

double probability(double score) noexcept
{
    constexpr double slope = 0.2; // chosen of three that were tried on the corpus
    return 1 / (1 + std::exp(-slope * std::clamp(score, -100.0, 100.0)));
}

bool is_worth_learning(double score, mail_kind kind, const classifier_settings& how) noexcept
{
    return kind == mail_kind::spam ? score < how.margin : score > -how.margin;
}

} // namespace spam_filter
