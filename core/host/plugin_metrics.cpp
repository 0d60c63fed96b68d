#include "core/host/plugin_metrics.hpp"

#include "core/base/ascii.hpp"
#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::daemon {
namespace {

static_assert(POSTERN_UNIT_NANOSECONDS == static_cast<unsigned>(base::metric_unit::nanoseconds));

constexpr std::size_t longest_name = 64;
constexpr std::size_t most_labels = base::metrics::most_labels - 1; // one is the host's
constexpr unsigned most_complaints = 10;

std::string prefix_of(std::string_view library)
{
    std::string out = "plugin_";
    for (const char c : library.substr(0, 32))
        out += base::is_letter(c) || base::is_digit(c) ? c : '_';
    return out + "_";
}

const char* fault_of(const postern_metric& what) noexcept
{
    if (what.kind < POSTERN_METRIC_COUNTER || what.kind > POSTERN_METRIC_HISTOGRAM)
        return "a kind that this host does not know";
    if (what.unit > POSTERN_UNIT_NANOSECONDS)
        return "a unit that this host does not know";
    if (!is_sound(what.name) || !is_sound(what.help) || !is_sound(what.labels, first_size<postern_label>))
        return "a NULL text or list that has a length";
    if (what.name.len > longest_name || !base::metrics::is_name(view(what.name)))
        return "a name is letters, digits and \"_\", at most 64, and no digit in front";
    return what.labels.count > most_labels ? "too many labels" : nullptr;
}

} // namespace

plugin_metrics::plugin_metrics(std::shared_ptr<base::metrics> all, std::string_view library, std::string plugin, base::log log)
    : all_{std::move(all)}, prefix_{prefix_of(library)}, plugin_{std::move(plugin)}, log_{log}
{
}

/// Empty: done. Else why not.
std::string plugin_metrics::register_one(const postern_metric& what, series& to)
{
    if (const auto* wrong = fault_of(what))
        return wrong;
    std::vector<base::metric_label> labels{{"plugin", plugin_}};
    for (std::uint32_t i = 0; i < what.labels.count; ++i) {
        const auto* at = static_cast<const char*>(what.labels.at) + std::size_t{i} * what.labels.stride;
        const auto each = read_record<postern_label>(at, what.labels.stride);
        if (!is_sound(each.name) || !is_sound(each.value))
            return "a NULL text that has a length";
        labels.push_back({view(each.name), view(each.value)});
    }
    const auto name = prefix_ + std::string{view(what.name)};
    const base::metric_family family{name, view(what.help), static_cast<base::metric_unit>(what.unit)};
    std::string why;
    if (what.kind == POSTERN_METRIC_COUNTER)
        to = all_->find_counter(family, labels, why);
    else if (what.kind == POSTERN_METRIC_GAUGE)
        to = all_->find_gauge(family, labels, why);
    else
        to = all_->find_histogram(family, labels, why);
    return why;
}

std::int64_t plugin_metrics::declare(const postern_metric* what)
{
    if (what == nullptr || what->size < first_size<postern_metric>)
        return POSTERN_E_INVALID;
    const auto number = count_.load(std::memory_order_relaxed);
    if (number == most)
        return POSTERN_E_AGAIN;
    series made;
    if (const auto why = register_one(read_record<postern_metric>(what, what->size), made); !why.empty()) {
        complain(why);
        return POSTERN_E_INVALID;
    }
    known_.reserve(most);
    known_.push_back(made);
    count_.store(number + 1, std::memory_order_release);
    return number + 1;
}

void plugin_metrics::complain(const std::string& why)
{
    if (++complaints_ <= most_complaints)
        log_.warning("metric_refused", {{"plugin", plugin_}, {"cause", why}});
}

const plugin_metrics::series* plugin_metrics::find(std::uint64_t metric) const noexcept
{
    return metric == 0 || metric > count_.load(std::memory_order_acquire) ? nullptr : &known_[metric - 1];
}

postern_status plugin_metrics::add(std::uint64_t metric, std::int64_t n) noexcept
{
    const auto* found = find(metric);
    if (found == nullptr)
        return POSTERN_E_STALE;
    if (auto* const* level = std::get_if<base::gauge*>(found)) {
        (*level)->add(n);
        return POSTERN_PASS;
    }
    auto* const* count = std::get_if<base::counter*>(found);
    if (count == nullptr || n < 0)
        return POSTERN_E_INVALID;
    (*count)->add(static_cast<std::uint64_t>(n));
    return POSTERN_PASS;
}

postern_status plugin_metrics::set(std::uint64_t metric, std::int64_t value) noexcept
{
    const auto* found = find(metric);
    if (found == nullptr)
        return POSTERN_E_STALE;
    auto* const* level = std::get_if<base::gauge*>(found);
    if (level == nullptr)
        return POSTERN_E_INVALID;
    (*level)->set(value);
    return POSTERN_PASS;
}

postern_status plugin_metrics::observe(std::uint64_t metric, std::int64_t value) noexcept
{
    const auto* found = find(metric);
    if (found == nullptr)
        return POSTERN_E_STALE;
    auto* const* sizes = std::get_if<base::histogram*>(found);
    if (sizes == nullptr)
        return POSTERN_E_INVALID;
    (*sizes)->observe(value);
    return POSTERN_PASS;
}

} // namespace postern::daemon
