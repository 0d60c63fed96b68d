#pragma once
// What a plugin counts: handles of postern.metrics/1. Made in the plugin's constructor, used from any thread for some
// nanoseconds.

#include <postern/abi/metrics.h>
#include <postern/sdk/records.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

namespace sdk {

/// One series of the host; made from nothing, it counts nowhere.
struct metric_handle {
    const postern_metrics_1* table = nullptr;
    postern_host* host = nullptr;
    std::uint64_t number = 0;
};

} // namespace sdk

/// Only grows.
class counter {
public:
    counter() = default;
    explicit counter(sdk::metric_handle of) noexcept : of_{of} {}
    void add(std::uint64_t n = 1) const noexcept
    {
        if (of_.table != nullptr)
            of_.table->add(of_.host, of_.number, static_cast<std::int64_t>(n));
    }

private:
    sdk::metric_handle of_;
};

/// Goes up and down.
class gauge {
public:
    gauge() = default;
    explicit gauge(sdk::metric_handle of) noexcept : of_{of} {}
    void set(std::int64_t value) const noexcept
    {
        if (of_.table != nullptr)
            of_.table->set(of_.host, of_.number, value);
    }
    void add(std::int64_t n) const noexcept
    {
        if (of_.table != nullptr)
            of_.table->add(of_.host, of_.number, n);
    }

private:
    sdk::metric_handle of_;
};

/// How often which sizes occurred, with their median and 99th percentile.
class histogram {
public:
    histogram() = default;
    explicit histogram(sdk::metric_handle of) noexcept : of_{of} {}
    void observe(std::int64_t value) const noexcept
    {
        if (of_.table != nullptr)
            of_.table->observe(of_.host, of_.number, value);
    }

private:
    sdk::metric_handle of_;
};

/// A histogram of times, shown in seconds.
class timing {
public:
    timing() = default;
    explicit timing(sdk::metric_handle of) noexcept : sizes_{of} {}
    void observe(std::chrono::nanoseconds elapsed) const noexcept { sizes_.observe(elapsed.count()); }

    /// Observes the time from now to its end.
    class [[nodiscard]] stopwatch {
    public:
        explicit stopwatch(const histogram& of) noexcept : of_{of} {}
        stopwatch(const stopwatch&) = delete;
        stopwatch& operator=(const stopwatch&) = delete;
        ~stopwatch() { of_.observe(std::chrono::nanoseconds{std::chrono::steady_clock::now() - since_}.count()); }

    private:
        histogram of_;
        std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
    };
    [[nodiscard]] stopwatch measure() const noexcept { return stopwatch{sizes_}; }

private:
    histogram sizes_;
};

/// What host::metrics() gives: makes the series. Each throws std::invalid_argument for what the host does not take; the host's
/// log says why.
class metric_maker {
public:
    /// Names and values.
    using labels = std::vector<std::pair<std::string, std::string>>;

    metric_maker(const postern_metrics_1& table, postern_host* host) noexcept : table_{&table}, host_{host} {}

    /// By custom its name ends in "_total".
    [[nodiscard]] postern::counter counter(std::string_view name, std::string_view help, const labels& with = {}) const
    {
        return postern::counter{declare(POSTERN_METRIC_COUNTER, POSTERN_UNIT_ONES, name, help, with)};
    }
    [[nodiscard]] postern::gauge gauge(std::string_view name, std::string_view help, const labels& with = {}) const
    {
        return postern::gauge{declare(POSTERN_METRIC_GAUGE, POSTERN_UNIT_ONES, name, help, with)};
    }
    [[nodiscard]] postern::histogram histogram(std::string_view name, std::string_view help, const labels& with = {}) const
    {
        return postern::histogram{declare(POSTERN_METRIC_HISTOGRAM, POSTERN_UNIT_ONES, name, help, with)};
    }
    /// By custom its name ends in "_seconds".
    [[nodiscard]] postern::timing timing(std::string_view name, std::string_view help, const labels& with = {}) const
    {
        return postern::timing{declare(POSTERN_METRIC_HISTOGRAM, POSTERN_UNIT_NANOSECONDS, name, help, with)};
    }

private:
    [[nodiscard]] sdk::metric_handle declare(std::uint32_t kind, std::uint32_t unit, std::string_view name, std::string_view help,
                                             const labels& with) const
    {
        std::vector<postern_label> records;
        records.reserve(with.size());
        for (const auto& [label, value] : with)
            records.push_back({sdk::str(label), sdk::str(value)});
        postern_metric what{};
        what.size = sizeof what;
        what.kind = kind;
        what.unit = unit;
        what.name = sdk::str(name);
        what.help = sdk::str(help);
        what.labels = {records.data(), static_cast<std::uint32_t>(records.size()), sizeof(postern_label)};
        const std::int64_t number = table_->declare(host_, &what);
        if (number < 0)
            throw std::invalid_argument("metric \"" + std::string{name} + "\" cannot be declared");
        return {table_, host_, static_cast<std::uint64_t>(number)};
    }

    const postern_metrics_1* table_;
    postern_host* host_;
};

} // namespace postern
