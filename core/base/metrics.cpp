#include "core/base/metrics.hpp"

#include "core/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace postern::base {

namespace {

constexpr unsigned sub_bits = 2; // four buckets to each power of two
constexpr unsigned subs = 1U << sub_bits;

constexpr std::string_view refused_name = "postern_metrics_refused_total";
constexpr std::string_view histogram_suffixes[] = {"_bucket", "_sum", "_count", "_p50", "_p99"};

// The buckets that are shown are these powers of two, each four times the last: times from a microsecond to a minute, sizes
// and counts from 1 to four thousand million.
struct shown_bounds {
    unsigned first;
    unsigned last;
};
constexpr shown_bounds bounds_of(metric_unit unit) noexcept
{
    return unit == metric_unit::nanoseconds ? shown_bounds{10, 36} : shown_bounds{0, 32};
}

double divisor_of(metric_unit unit) noexcept
{
    switch (unit) {
    case metric_unit::ones:
        return 1;
    case metric_unit::thousandths:
        return 1e3;
    case metric_unit::nanoseconds:
        return 1e9;
    }
    return 1;
}

std::string_view shown_kind(metric_kind kind) noexcept
{
    switch (kind) {
    case metric_kind::counter:
        return "counter";
    case metric_kind::gauge:
        return "gauge";
    case metric_kind::histogram:
        return "histogram";
    }
    return "untyped";
}

template <class Integer>
void append_number(std::string& to, Integer value, metric_unit unit)
{
    if (unit == metric_unit::ones)
        fmt::format_to(std::back_inserter(to), "{}", value);
    else
        fmt::format_to(std::back_inserter(to), "{}", static_cast<double>(value) / divisor_of(unit));
}

/// As a label's value, or as a help text: what would end it is escaped, other octets than printable ASCII become \xNN.
void append_escaped(std::string& to, std::string_view text, bool is_quoted)
{
    constexpr char digits[] = "0123456789abcdef";
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '\\' || (c == '"' && is_quoted))
            (to += '\\') += c;
        else if (c == '\n')
            to += "\\n";
        else if (octet >= ' ' && octet < 0x7f)
            to += c;
        else
            (((to += "\\\\x") += digits[octet >> 4U])) += digits[octet & 15U];
    }
}

/// `name="value",name="value"`, in the order of their names, so that the same labels are the same text.
std::string text_of(metrics::label_span of)
{
    std::vector<metric_label> sorted{of.begin(), of.end()};
    std::ranges::sort(sorted, {}, &metric_label::name);
    std::string out;
    for (const auto& each : sorted) {
        if (!out.empty())
            out += ',';
        (out += each.name) += "=\"";
        append_escaped(out, each.value.substr(0, metrics::longest_value), true);
        out += '"';
    }
    return out;
}

void append_head(std::string& to, std::string_view name, std::string_view help, std::string_view kind)
{
    ((to += "# HELP ") += name) += ' ';
    append_escaped(to, help, false);
    (((((to += "\n# TYPE ") += name) += ' ') += kind)) += '\n';
}

/// "NAME_SUFFIX{labels,more} ", up to the number.
void append_series(std::string& to, std::string_view name, std::string_view suffix, std::string_view labels,
                   std::string_view more = {})
{
    (to += name) += suffix;
    if (!labels.empty() || !more.empty()) {
        (to += '{') += labels;
        if (!labels.empty() && !more.empty())
            to += ',';
        (to += more) += '}';
    }
    to += ' ';
}

void append_buckets(std::string& to, std::string_view name, std::string_view labels, metric_unit unit, const histogram& of)
{
    const auto all = of.count(); // first: what is observed meanwhile must not make the last bucket smaller than another
    const auto bounds = bounds_of(unit);
    std::uint64_t below = 0;
    for (unsigned power = bounds.first; power <= bounds.last; power += 2) {
        std::string more = "le=\"";
        append_number(more, std::uint64_t{1} << power, unit);
        more += '"';
        append_series(to, name, "_bucket", labels, more);
        below = std::min(all, std::max(below, of.count_to(std::uint64_t{1} << power)));
        fmt::format_to(std::back_inserter(to), "{}\n", below);
    }
    append_series(to, name, "_bucket", labels, "le=\"+Inf\"");
    fmt::format_to(std::back_inserter(to), "{}\n", all);
    append_series(to, name, "_sum", labels);
    append_number(to, of.sum(), unit);
    to += '\n';
    append_series(to, name, "_count", labels);
    fmt::format_to(std::back_inserter(to), "{}\n", all);
}

} // namespace

unsigned histogram::bucket_of(std::uint64_t value) noexcept
{
    const auto below = value == 0 ? 0 : value - 1; // so that a power of two is the last of its bucket
    if (below < subs)
        return static_cast<unsigned>(below);
    const auto power = static_cast<unsigned>(std::bit_width(below)) - 1;
    return (power - sub_bits + 1) * subs + static_cast<unsigned>((below >> (power - sub_bits)) & (subs - 1));
}

std::uint64_t histogram::upper_bound(unsigned bucket) noexcept
{
    if (bucket < subs)
        return bucket + 1;
    if (bucket >= bucket_count - 1)
        return std::numeric_limits<std::uint64_t>::max();
    return std::uint64_t{subs + bucket % subs + 1} << (bucket / subs - 1);
}

std::uint64_t histogram::count() const noexcept
{
    std::uint64_t all = 0;
    for (const auto& each : buckets_)
        all += each.load(std::memory_order_relaxed);
    return all;
}

std::uint64_t histogram::count_to(std::uint64_t value) const noexcept
{
    std::uint64_t below = 0;
    for (unsigned i = 0; i <= bucket_of(value); ++i)
        below += buckets_[i].load(std::memory_order_relaxed);
    return below;
}

std::uint64_t histogram::quantile(double q) const noexcept
{
    const auto all = count();
    if (all == 0)
        return 0;
    const auto wanted = std::clamp(std::ceil(q * static_cast<double>(all)), 1.0, static_cast<double>(all));
    double below = 0;
    for (unsigned i = 0; i < bucket_count; ++i) {
        const auto here = static_cast<double>(buckets_[i].load(std::memory_order_relaxed));
        if (here == 0 || below + here < wanted) {
            below += here;
            continue;
        }
        const auto low = i == 0 ? 0 : static_cast<double>(upper_bound(i - 1));
        const auto high = static_cast<double>(upper_bound(i));
        return static_cast<std::uint64_t>(low + (high - low) * (wanted - below) / here);
    }
    return upper_bound(bucket_count - 1);
}

struct metrics::series {
    counter count;
    gauge level;
    std::unique_ptr<histogram> sizes; ///< of a histogram only, for its size
};

struct metrics::family {
    std::string help;
    metric_kind kind;
    metric_unit unit;
    std::map<std::string, series, std::less<>> all; ///< by the text of the labels
};

struct metrics::state {
    mutable std::mutex guard; ///< of the map and what it holds, but not of the numbers
    std::map<std::string, family, std::less<>> families;
    std::size_t most_series;
    std::size_t series_count = 0;
    series lost; ///< where numbers go that have no place
    counter refused;

    [[nodiscard]] bool is_taken(metric_kind kind, std::string_view name) const;
    [[nodiscard]] std::string why_not(metric_kind kind, const metric_family& of, label_span with) const;
};

metrics::metrics(std::size_t most_series) : state_{std::make_unique<state>()}
{
    state_->most_series = most_series;
    state_->lost.sizes = std::make_unique<histogram>();
}

metrics::~metrics() = default;

bool metrics::is_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longest_name && !is_digit(text.front()) &&
           std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

bool metrics::is_label_name(std::string_view text) noexcept
{
    return is_name(text) && !text.starts_with("__") && text != "le" && text != "quantile";
}

/// By the lines that a histogram adds to its own name, or would add.
bool metrics::state::is_taken(metric_kind kind, std::string_view name) const
{
    if (name == refused_name)
        return true;
    for (const auto suffix : histogram_suffixes) {
        if (kind == metric_kind::histogram && families.contains(std::string{name} + std::string{suffix}))
            return true;
        if (!name.ends_with(suffix))
            continue;
        const auto found = families.find(name.substr(0, name.size() - suffix.size()));
        if (found != families.end() && found->second.kind == metric_kind::histogram)
            return true;
    }
    return false;
}

std::string metrics::state::why_not(metric_kind kind, const metric_family& of, label_span with) const
{
    if (!is_name(of.name))
        return fmt::format("a metric's name is up to {} letters, digits and \"_\", and does not begin with a digit",
                           longest_name);
    if (with.size() > most_labels)
        return fmt::format("{}: more than {} labels", of.name, most_labels);
    for (std::size_t i = 0; i < with.size(); ++i) {
        if (!is_label_name(with[i].name))
            return fmt::format("{}: a label's name is letters, digits and \"_\", and neither le nor quantile", of.name);
        for (std::size_t j = 0; j < i; ++j)
            if (with[i].name == with[j].name)
                return fmt::format("{}: label {} twice", of.name, with[i].name);
    }
    if (const auto found = families.find(of.name); found != families.end()) {
        if (found->second.kind != kind || found->second.unit != of.unit)
            return fmt::format("{} is a {} already, or of another unit", of.name, shown_kind(found->second.kind));
    } else if (is_taken(kind, of.name)) {
        return fmt::format("{} is what a histogram's lines are called", of.name);
    }
    return {};
}

metrics::series* metrics::find(metric_kind kind, const metric_family& of, label_span with, std::string& why)
{
    const std::scoped_lock lock{state_->guard};
    why = state_->why_not(kind, of, with);
    if (!why.empty())
        return nullptr;
    auto key = text_of(with);
    auto& families = state_->families;
    auto in = families.find(of.name);
    if (in != families.end())
        if (const auto known = in->second.all.find(key); known != in->second.all.end())
            return &known->second;
    if (state_->series_count >= state_->most_series) {
        why = fmt::format("{}: there are {} series already", of.name, state_->series_count);
        return nullptr;
    }
    if (in == families.end())
        in = families.emplace(of.name, family{std::string{of.help.substr(0, longest_help)}, kind, of.unit, {}}).first;
    auto& made = in->second.all[std::move(key)];
    if (kind == metric_kind::histogram)
        made.sizes = std::make_unique<histogram>();
    ++state_->series_count;
    return &made;
}

metrics::series* metrics::find_or_lose(metric_kind kind, const metric_family& of, label_list with)
{
    std::string why;
    auto* found = find(kind, of, {with.begin(), with.size()}, why);
    if (found != nullptr)
        return found;
    state_->refused.add();
    return &state_->lost;
}

counter& metrics::add_counter(const metric_family& what, label_list of)
{
    return find_or_lose(metric_kind::counter, what, of)->count;
}

gauge& metrics::add_gauge(const metric_family& what, label_list of)
{
    return find_or_lose(metric_kind::gauge, what, of)->level;
}

histogram& metrics::add_histogram(const metric_family& what, label_list of)
{
    return *find_or_lose(metric_kind::histogram, what, of)->sizes;
}

counter* metrics::find_counter(const metric_family& what, label_span of, std::string& why)
{
    auto* found = find(metric_kind::counter, what, of, why);
    return found == nullptr ? nullptr : &found->count;
}

gauge* metrics::find_gauge(const metric_family& what, label_span of, std::string& why)
{
    auto* found = find(metric_kind::gauge, what, of, why);
    return found == nullptr ? nullptr : &found->level;
}

histogram* metrics::find_histogram(const metric_family& what, label_span of, std::string& why)
{
    auto* found = find(metric_kind::histogram, what, of, why);
    return found == nullptr ? nullptr : found->sizes.get();
}

std::string metrics::text() const
{
    std::string out;
    const std::scoped_lock lock{state_->guard};
    for (const auto& [name, each] : state_->families) {
        append_head(out, name, each.help, shown_kind(each.kind));
        for (const auto& [labels, one] : each.all) {
            if (each.kind == metric_kind::histogram) {
                append_buckets(out, name, labels, each.unit, *one.sizes);
                continue;
            }
            append_series(out, name, {}, labels);
            if (each.kind == metric_kind::counter)
                append_number(out, one.count.value(), each.unit);
            else
                append_number(out, one.level.value(), each.unit);
            out += '\n';
        }
        if (each.kind != metric_kind::histogram)
            continue;
        for (const auto& [suffix, share] : {std::pair{"_p50", 0.5}, std::pair{"_p99", 0.99}}) {
            append_head(out, name + suffix, each.help, "gauge");
            for (const auto& [labels, one] : each.all) {
                append_series(out, name, suffix, labels);
                append_number(out, one.sizes->quantile(share), each.unit);
                out += '\n';
            }
        }
    }
    append_head(out, refused_name, "Series that could not be made", "counter");
    append_series(out, refused_name, {}, {});
    append_number(out, state_->refused.value(), metric_unit::ones);
    out += '\n';
    return out;
}

} // namespace postern::base
