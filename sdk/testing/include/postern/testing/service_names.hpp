#pragma once
// What a host takes as names of metrics, log events and notes, and how many of them. Part of fake_host. Pure.

#include <postern/abi/metrics.h>
#include <postern/sdk/records.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace postern::testing::names {

inline constexpr std::size_t most_metrics = 1000;
inline constexpr std::size_t most_timers = 1024;
inline constexpr std::size_t most_fields = 32;
inline constexpr std::size_t most_patterns = 64;
inline constexpr std::size_t most_notes = 64;
inline constexpr std::size_t longest_note = 4096; ///< octets of a value

[[nodiscard]] constexpr bool is_lower(char c) noexcept
{
    return c >= 'a' && c <= 'z';
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

[[nodiscard]] inline bool is_metric_word(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && !is_digit(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
        return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
    });
}

/// Empty: none. `distinct_labels`: how many names its labels have.
[[nodiscard]] inline std::string fault_of_metric(const postern_metric& what, std::size_t distinct_labels)
{
    const std::string name{sdk::view(what.name)};
    if (what.kind < POSTERN_METRIC_COUNTER || what.kind > POSTERN_METRIC_HISTOGRAM || what.unit > POSTERN_UNIT_NANOSECONDS)
        return "metric \"" + name + "\" of a kind or unit that there is not";
    if (!is_metric_word(name))
        return "\"" + name + "\" is no name of a metric";
    if (what.labels.count > 7 || distinct_labels != what.labels.count)
        return "metric \"" + name + "\" with too many labels, or the same one twice";
    for (std::uint32_t i = 0; i < what.labels.count; ++i) {
        const std::string label{sdk::view(sdk::record_at<postern_label>(what.labels, i).name)};
        if (!is_metric_word(label) || label.starts_with("__") || label == "le" || label == "quantile" || label == "plugin")
            return "metric \"" + name + "\" with label \"" + label + "\"";
    }
    return {};
}

[[nodiscard]] inline bool is_event_name(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && is_lower(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '.'; });
}

[[nodiscard]] inline bool is_field_key(std::string_view text)
{
    return is_event_name(text) && text.size() <= 32 && text.find('.') == std::string_view::npos && text != "plugin" &&
           text != "name" && text != "session";
}

[[nodiscard]] inline bool is_note_name(std::string_view text)
{
    return !text.empty() && text.size() <= 128 && text.front() != '.' && text.back() != '.' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; });
}

} // namespace postern::testing::names
