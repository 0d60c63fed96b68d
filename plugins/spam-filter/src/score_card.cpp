#include "score_card.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <utility>

namespace spam_filter {

std::string points_text(double points)
{
    std::array<char, 32> text{};
    const double rounded = std::round(std::clamp(points, -1e6, 1e6) * 10) / 10;
    const int length = std::snprintf(text.data(), text.size(), "%.1f", rounded == 0 ? 0.0 : rounded);
    return {text.data(), static_cast<std::size_t>(std::max(length, 0))};
}

void score_card::add(std::vector<symbol> more)
{
    symbols_.insert(symbols_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

double score_card::own() const noexcept
{
    return std::accumulate(symbols_.begin(), symbols_.end(), 0.0, [](double sum, const symbol& one) { return sum + one.points; });
}

action score_card::decide(const thresholds& at) const noexcept
{
    const double sum = total();
    if (sum >= at.reject)
        return action::reject;
    if (sum >= at.quarantine)
        return action::quarantine;
    return sum >= at.tag ? action::tag : action::none;
}

std::string score_card::status(const thresholds& at) const
{
    static constexpr std::array<const char*, 4> names{"none", "tag", "quarantine", "reject"};
    const action done = decide(at);
    const double required = std::min({at.tag, at.quarantine, at.reject});
    return std::string{done == action::none ? "No" : "Yes"} + ", score=" + points_text(total()) +
           (std::isinf(required) ? std::string{} : " required=" + points_text(required)) +
           " action=" + names[static_cast<std::size_t>(done)];
}

std::string score_card::symbols() const
{
    std::vector<symbol> sorted = symbols_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const symbol& a, const symbol& b) { return std::abs(a.points) > std::abs(b.points); });
    std::string text;
    std::size_t line = 16; // behind the name
    for (const symbol& one : sorted) {
        const std::string entry = one.name + "(" + points_text(one.points) + ")";
        if (!text.empty()) {
            const bool is_full = line + entry.size() + 2 > 76; // RFC 5322 2.1.1: 78 is what a line should have
            text += is_full ? ",\r\n\t" : ", ";
            line = is_full ? 8 : line + 2;
        }
        text += entry;
        line += entry.size();
    }
    return text.empty() ? "NONE" : text;
}

std::string score_card::names() const
{
    std::string text;
    for (const symbol& one : symbols_) {
        if (text.size() + one.name.size() > 999)
            break;
        text += (text.empty() ? "" : ",") + one.name;
    }
    return text.empty() ? "NONE" : text;
}

} // namespace spam_filter
