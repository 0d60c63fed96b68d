#include "core/base/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace postern::base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(a_counter, is_shown_with_its_help_its_kind_and_its_labels)
{
    metrics all;
    all.add_counter({"messages_total", "Messages"}, {{"listener", "in"}}).add(3);
    all.add_counter({"messages_total", "Messages"}, {{"listener", "out"}}).add();
    EXPECT_THAT(all.text(), StartsWith("# HELP messages_total Messages\n"
                                       "# TYPE messages_total counter\n"
                                       "messages_total{listener=\"in\"} 3\n"
                                       "messages_total{listener=\"out\"} 1\n"));
}

TEST(a_gauge, goes_up_and_down_and_is_shown_in_its_unit)
{
    metrics all;
    auto& level = all.add_gauge({"level", "Level", metric_unit::thousandths});
    level.set(1500);
    level.add(-2000);
    EXPECT_EQ(level.value(), -500);
    EXPECT_THAT(all.text(), HasSubstr("\nlevel -0.5\n"));
}

TEST(a_series, is_continued_by_whoever_comes_next_in_whatever_order_the_labels_are)
{
    metrics all;
    auto& first = all.add_counter({"x", ""}, {{"a", "1"}, {"b", "2"}});
    auto& second = all.add_counter({"x", ""}, {{"b", "2"}, {"a", "1"}});
    EXPECT_EQ(&first, &second);
    EXPECT_NE(&first, &all.add_counter({"x", ""}, {{"a", "1"}}));
}

TEST(a_label, cannot_break_out_of_its_value)
{
    metrics all;
    all.add_counter({"x", "two\nlines \\ \"quoted\""}, {{"l", "a\"} 5\nb\\ \x1b\xff"}}).add();
    EXPECT_THAT(all.text(), HasSubstr("# HELP x two\\nlines \\\\ \"quoted\"\n"));
    EXPECT_THAT(all.text(), HasSubstr("\nx{l=\"a\\\"} 5\\nb\\\\ \\\\x1b\\\\xff\"} 1\n"));
}

TEST(a_label, is_cut_where_it_gets_long)
{
    metrics all;
    const std::string longest(metrics::longest_value, 'v');
    auto& at_the_limit = all.add_counter({"x", ""}, {{"l", longest}});
    EXPECT_EQ(&at_the_limit, &all.add_counter({"x", ""}, {{"l", longest + "more"}}));
}

TEST(a_name, is_what_prometheus_takes)
{
    for (const auto* good : {"a", "_a", "a9", "postern_hook_seconds", "A_b"})
        EXPECT_TRUE(metrics::is_name(good)) << good;
    for (const auto* bad : {"", "9a", "a-b", "a:b", "a b", "a\n", "\xc3\xa4"})
        EXPECT_FALSE(metrics::is_name(bad)) << bad;
    EXPECT_TRUE(metrics::is_name(std::string(metrics::longest_name, 'a')));
    EXPECT_FALSE(metrics::is_name(std::string(metrics::longest_name + 1, 'a')));
    for (const auto* bad : {"__a", "le", "quantile", "", "a-b"})
        EXPECT_FALSE(metrics::is_label_name(bad)) << bad;
}

TEST(metrics, say_what_is_wrong_with_a_name_from_outside)
{
    metrics all;
    std::string why;
    const metric_label twice[] = {{"a", "1"}, {"a", "2"}};
    const metric_label bad[] = {{"le", "1"}};
    const std::vector<metric_label> many(metrics::most_labels + 1, metric_label{"a", ""});
    EXPECT_EQ(all.find_counter({"9", ""}, {}, why), nullptr);
    EXPECT_THAT(why, HasSubstr("does not begin with a digit"));
    EXPECT_EQ(all.find_counter({"x", ""}, twice, why), nullptr);
    EXPECT_THAT(why, HasSubstr("label a twice"));
    EXPECT_EQ(all.find_gauge({"x", ""}, bad, why), nullptr);
    EXPECT_EQ(all.find_histogram({"x", ""}, many, why), nullptr);
    EXPECT_THAT(why, HasSubstr("more than 8 labels"));

    EXPECT_NE(all.find_counter({"x", ""}, {}, why), nullptr);
    EXPECT_EQ(why, "");
    EXPECT_EQ(all.find_gauge({"x", ""}, {}, why), nullptr);
    EXPECT_THAT(why, HasSubstr("x is a counter already"));
    EXPECT_EQ(all.find_counter({"x", "", metric_unit::nanoseconds}, {}, why), nullptr);
}

TEST(metrics, let_no_series_be_taken_for_a_line_of_a_histogram)
{
    metrics all;
    std::string why;
    ASSERT_NE(all.find_histogram({"size", ""}, {}, why), nullptr);
    for (const auto* name : {"size_bucket", "size_sum", "size_count", "size_p50", "size_p99"})
        EXPECT_EQ(all.find_counter({name, ""}, {}, why), nullptr) << name;
    ASSERT_NE(all.find_counter({"wait_count", ""}, {}, why), nullptr);
    EXPECT_EQ(all.find_histogram({"wait", ""}, {}, why), nullptr);
    EXPECT_NE(all.find_counter({"wait", ""}, {}, why), nullptr);
    EXPECT_EQ(all.find_counter({"postern_metrics_refused_total", ""}, {}, why), nullptr);
}

TEST(metrics, take_no_more_series_than_they_may_and_count_what_was_refused)
{
    metrics all{2};
    std::string why;
    auto& one = all.add_counter({"one", ""});
    EXPECT_NE(all.find_counter({"two", ""}, {}, why), nullptr);
    EXPECT_EQ(all.find_counter({"three", ""}, {}, why), nullptr);
    EXPECT_THAT(why, HasSubstr("2 series"));
    EXPECT_EQ(&one, &all.add_counter({"one", ""})); // what is there stays
    all.add_histogram({"three", ""}).observe(1);
    all.add_counter({"three", ""}).add();
    EXPECT_THAT(all.text(), Not(HasSubstr("three")));
    EXPECT_THAT(all.text(), HasSubstr("\npostern_metrics_refused_total 2\n"));
}

TEST(a_histogram, has_buckets_that_end_at_powers_of_two_and_leave_no_gap)
{
    EXPECT_EQ(histogram::bucket_of(0), 0u);
    EXPECT_EQ(histogram::bucket_of(1), 0u);
    std::uint64_t last = 0;
    for (unsigned i = 0; i < histogram::bucket_count; ++i) {
        const auto bound = histogram::upper_bound(i);
        EXPECT_GT(bound, last);
        EXPECT_EQ(histogram::bucket_of(bound), i);
        EXPECT_EQ(histogram::bucket_of(last + 1), i);
        EXPECT_LE(bound - last, last < 5 ? 1 : last / 4 + 1) << "bucket " << i << " is too wide";
        last = bound;
    }
    EXPECT_EQ(last, std::numeric_limits<std::uint64_t>::max());
    for (unsigned power = 0; power < 63; ++power)
        EXPECT_EQ(histogram::upper_bound(histogram::bucket_of(std::uint64_t{1} << power)), std::uint64_t{1} << power);
}

TEST(a_histogram, knows_its_quantiles_to_within_a_fifth)
{
    histogram sizes;
    EXPECT_EQ(sizes.quantile(0.5), 0u);
    for (int i = 1; i <= 10'000; ++i)
        sizes.observe(i);
    EXPECT_EQ(sizes.count(), 10'000u);
    EXPECT_EQ(sizes.sum(), 50'005'000u);
    for (const auto share : {0.01, 0.5, 0.9, 0.99, 1.0})
        EXPECT_NEAR(static_cast<double>(sizes.quantile(share)), 10'000 * share, 2'000 * share) << share;
    EXPECT_LE(sizes.quantile(0), 1u);
}

TEST(a_histogram, takes_any_value)
{
    histogram sizes;
    for (const auto value :
         {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0}, std::numeric_limits<std::int64_t>::max()})
        sizes.observe(value);
    EXPECT_EQ(sizes.count(), 4u);
    EXPECT_EQ(sizes.count_to(0), 3u);
    EXPECT_GE(sizes.quantile(1), std::uint64_t{1} << 62);
}

TEST(a_histogram, is_shown_in_seconds_with_its_median_and_its_99th_percentile)
{
    metrics all;
    auto& took = all.add_histogram({"call_seconds", "Time", metric_unit::nanoseconds}, {{"plugin", "spam"}});
    took.observe(1024);
    took.observe(1025);
    took.observe(4'000'000'000'000);
    const auto text = all.text();
    EXPECT_THAT(text, HasSubstr("# TYPE call_seconds histogram\n"
                                "call_seconds_bucket{plugin=\"spam\",le=\"1.024e-06\"} 1\n"
                                "call_seconds_bucket{plugin=\"spam\",le=\"4.096e-06\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("call_seconds_bucket{plugin=\"spam\",le=\"68.719476736\"} 2\n"
                                "call_seconds_bucket{plugin=\"spam\",le=\"+Inf\"} 3\n"
                                "call_seconds_sum{plugin=\"spam\"} 4000.000002049\n"
                                "call_seconds_count{plugin=\"spam\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE call_seconds_p50 gauge\ncall_seconds_p50{plugin=\"spam\"} 1.28e-06\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE call_seconds_p99 gauge\ncall_seconds_p99{plugin=\"spam\"} "));
}

TEST(metrics, are_counted_and_shown_by_many_threads_at_once)
{
    metrics all;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&all, i] {
            const auto own = std::to_string(i);
            for (int n = 0; n < 1000; ++n) {
                all.add_counter({"x", ""}, {{"thread", own}}).add();
                all.add_histogram({"y", ""}).observe(n);
                if (n % 100 == 0) {
                    EXPECT_THAT(all.text(), HasSubstr("# TYPE x counter"));
                }
            }
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(all.add_histogram({"y", ""}).count(), 4000u);
    EXPECT_THAT(all.text(), HasSubstr("\nx{thread=\"3\"} 1000\n"));
}

} // namespace
} // namespace postern::base
