#pragma once
// postern.metrics/1 for one instance: its metrics by number, as series of the process.
// SECURITY: names, labels and numbers come from the plugin: whatever they are, the series are limited and nothing is followed
// that was not checked.

#include "core/base/log.hpp"
#include "core/base/metrics.hpp"

#include <postern/abi/metrics.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace postern::daemon {

class plugin_metrics {
public:
    static constexpr std::uint32_t most = 1000;

    /// `library`: the file's name without ".so", a part of every name; `plugin`: the instance, a label.
    plugin_metrics(std::shared_ptr<base::metrics> all, std::string_view library, std::string plugin, base::log log);

    /// One at a time, from create. The others: [any], without a lock.
    [[nodiscard]] std::int64_t declare(const postern_metric* what);
    [[nodiscard]] postern_status add(std::uint64_t metric, std::int64_t n) noexcept;
    [[nodiscard]] postern_status set(std::uint64_t metric, std::int64_t value) noexcept;
    [[nodiscard]] postern_status observe(std::uint64_t metric, std::int64_t value) noexcept;

private:
    using series = std::variant<base::counter*, base::gauge*, base::histogram*>;

    [[nodiscard]] const series* find(std::uint64_t metric) const noexcept;
    [[nodiscard]] std::string register_one(const postern_metric& what, series& to);
    void complain(const std::string& why);

    std::shared_ptr<base::metrics> all_;
    std::string prefix_; ///< "plugin_spam_filter_"
    std::string plugin_;
    base::log log_;
    std::vector<series> known_; ///< has room for all from the first on, so that it never moves
    std::atomic<std::uint32_t> count_{0};
    unsigned complaints_ = 0;
};

} // namespace postern::daemon
