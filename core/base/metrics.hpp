#pragma once
// What a running program counts: counters, gauges and histograms with labels, and their text for Prometheus. It must not know
// what is counted.
//
//     auto& accepted = metrics.add_counter({"postern_messages_accepted_total", "Messages that were stored"});
//     accepted.add();
//     auto& took = metrics.add_histogram({"postern_hook_seconds", "Time of a call", metric_unit::nanoseconds},
//                                        {{"plugin", name}, {"hook", "cmd.mail"}});
//     took.observe(elapsed.count());
//
// A series is made once and stays for the life of the registry, so that whoever comes next under the same name and labels
// continues it. STANDARDS: Prometheus text format 0.0.4.
// SECURITY: names and labels may come from plugins. They are checked, escaped and limited in number.

#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace postern::base {

/// Only grows. Threads: any, without a lock.
class counter {
public:
    void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down. Threads: any, without a lock.
class gauge {
public:
    void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

/// How often which sizes occurred: four buckets to each power of two, so a quantile is off by at most a fifth of itself. 2 KiB
/// each. Threads: any, without a lock.
class histogram {
public:
    static constexpr unsigned bucket_count = 252;

    /// What negative values mean, nobody knows: they count as 0.
    /// `times`: so often, as one that stands for others counts.
    void observe(std::int64_t value, std::uint64_t times = 1) noexcept
    {
        const auto size = value < 0 ? std::uint64_t{0} : static_cast<std::uint64_t>(value);
        buckets_[bucket_of(size)].fetch_add(times, std::memory_order_relaxed);
        sum_.fetch_add(size * times, std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint64_t count() const noexcept;
    [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.load(std::memory_order_relaxed); }
    /// How many were at most `value`, which is a power of two, or 0.
    [[nodiscard]] std::uint64_t count_to(std::uint64_t value) const noexcept;
    /// The value below which a share `q` (0 to 1) of all lies; 0 when there is none.
    [[nodiscard]] std::uint64_t quantile(double q) const noexcept;

    /// A bucket holds what is above the last one's bound, up to and with its own: a power of two ends a bucket.
    [[nodiscard]] static unsigned bucket_of(std::uint64_t value) noexcept;
    [[nodiscard]] static std::uint64_t upper_bound(unsigned bucket) noexcept;

private:
    std::array<std::atomic<std::uint64_t>, bucket_count> buckets_{};
    std::atomic<std::uint64_t> sum_{0};
};

/// What the numbers of a family are counted in. They are shown in ones or in seconds.
enum class metric_unit : std::uint8_t { ones, thousandths, nanoseconds };
enum class metric_kind : std::uint8_t { counter, gauge, histogram };

/// Views: valid until the call that takes them returns.
struct metric_label {
    std::string_view name;
    std::string_view value;
};
struct metric_family {
    std::string_view name; ///< "postern_messages_accepted_total"; what is measured in nanoseconds is called "..._seconds"
    std::string_view help;
    metric_unit unit = metric_unit::ones;
};

/// Threads: any. What it returns is valid as long as it lives.
class metrics {
public:
    static constexpr std::size_t most_labels = 8;
    static constexpr std::size_t longest_name = 128;
    static constexpr std::size_t longest_value = 256; ///< of a label; the rest is cut off
    static constexpr std::size_t longest_help = 256;  ///< likewise

    explicit metrics(std::size_t most_series = 10'000);
    metrics(const metrics&) = delete;
    metrics& operator=(const metrics&) = delete;
    ~metrics();

    using label_span = std::span<const metric_label>;
    using label_list = std::initializer_list<metric_label>;

    /// The series of these labels, new or known. What cannot be (a name that is none, another kind or unit under that name, too
    /// many series) is counted in postern_metrics_refused_total and lands in a series that nobody sees.
    [[nodiscard]] counter& add_counter(const metric_family& what, label_list of = {});
    [[nodiscard]] gauge& add_gauge(const metric_family& what, label_list of = {});
    [[nodiscard]] histogram& add_histogram(const metric_family& what, label_list of = {});

    /// The same for names from outside: null, and `why`.
    [[nodiscard]] counter* find_counter(const metric_family& what, label_span of, std::string& why);
    [[nodiscard]] gauge* find_gauge(const metric_family& what, label_span of, std::string& why);
    [[nodiscard]] histogram* find_histogram(const metric_family& what, label_span of, std::string& why);

    /// Prometheus text, families by name. A histogram comes with its p50 and p99, as gauges NAME_p50 and NAME_p99.
    [[nodiscard]] std::string text() const;

    [[nodiscard]] static bool is_name(std::string_view text) noexcept;       ///< [a-zA-Z_][a-zA-Z0-9_]*
    [[nodiscard]] static bool is_label_name(std::string_view text) noexcept; ///< likewise, without "__" in front, nor "le"

private:
    struct series;
    struct family;
    struct state;
    [[nodiscard]] series* find(metric_kind kind, const metric_family& of, label_span with, std::string& why);
    [[nodiscard]] series* find_or_lose(metric_kind kind, const metric_family& of, label_list with);

    std::unique_ptr<state> state_;
};

} // namespace postern::base
