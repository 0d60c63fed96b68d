#include "core/host/plugin_metrics.hpp"
#include "tests/support/memory_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace postern::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

postern_metric metric(std::uint32_t kind, std::string_view name, std::uint32_t unit = POSTERN_UNIT_ONES)
{
    postern_metric out{};
    out.size = sizeof out;
    out.kind = kind;
    out.unit = unit;
    out.name = str(name);
    out.help = str("Help");
    return out;
}

class a_plugins_metrics : public ::testing::Test {
protected:
    std::uint64_t declare(const postern_metric& what)
    {
        const auto number = own.declare(&what);
        EXPECT_GT(number, 0);
        return static_cast<std::uint64_t>(number);
    }
    std::shared_ptr<base::metrics> all = std::make_shared<base::metrics>();
    postern::test::memory_log log;
    plugin_metrics own{all, "spam-filter", "spam", base::log{log}};
};

TEST_F(a_plugins_metrics, are_shown_under_its_library_with_its_instance)
{
    const postern_label labels[] = {{str("list"), str("a\"b")}};
    auto what = metric(POSTERN_METRIC_COUNTER, "seen_total");
    what.labels = {labels, 1, sizeof labels[0]};
    EXPECT_EQ(own.add(declare(what), 3), POSTERN_PASS);
    EXPECT_EQ(own.set(declare(metric(POSTERN_METRIC_GAUGE, "level", POSTERN_UNIT_THOUSANDTHS)), -1500), POSTERN_PASS);
    EXPECT_EQ(own.observe(declare(metric(POSTERN_METRIC_HISTOGRAM, "took_seconds", POSTERN_UNIT_NANOSECONDS)), 1'000'000),
              POSTERN_PASS);
    const auto text = all->text();
    EXPECT_THAT(text, HasSubstr("# HELP plugin_spam_filter_seen_total Help\n"));
    EXPECT_THAT(text, HasSubstr("\nplugin_spam_filter_seen_total{list=\"a\\\"b\",plugin=\"spam\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("\nplugin_spam_filter_level{plugin=\"spam\"} -1.5\n"));
    EXPECT_THAT(text, HasSubstr("\nplugin_spam_filter_took_seconds_count{plugin=\"spam\"} 1\n"));
}

TEST_F(a_plugins_metrics, are_continued_by_the_next_generation)
{
    EXPECT_EQ(own.add(declare(metric(POSTERN_METRIC_COUNTER, "seen_total")), 3), POSTERN_PASS);
    plugin_metrics next{all, "spam-filter", "spam", base::log{log}};
    const auto what = metric(POSTERN_METRIC_COUNTER, "seen_total");
    EXPECT_EQ(next.add(static_cast<std::uint64_t>(next.declare(&what)), 4), POSTERN_PASS);
    EXPECT_THAT(all->text(), HasSubstr("\nplugin_spam_filter_seen_total{plugin=\"spam\"} 7\n"));
}

TEST_F(a_plugins_metrics, take_what_fits_their_kind)
{
    const auto count = declare(metric(POSTERN_METRIC_COUNTER, "count"));
    const auto level = declare(metric(POSTERN_METRIC_GAUGE, "level"));
    const auto sizes = declare(metric(POSTERN_METRIC_HISTOGRAM, "sizes"));
    EXPECT_EQ(own.add(count, -1), POSTERN_E_INVALID);
    EXPECT_EQ(own.set(count, 1), POSTERN_E_INVALID);
    EXPECT_EQ(own.observe(count, 1), POSTERN_E_INVALID);
    EXPECT_EQ(own.add(level, -1), POSTERN_PASS);
    EXPECT_EQ(own.observe(level, 1), POSTERN_E_INVALID);
    EXPECT_EQ(own.add(sizes, 1), POSTERN_E_INVALID);
    EXPECT_EQ(own.set(sizes, 1), POSTERN_E_INVALID);
    EXPECT_EQ(own.observe(sizes, std::numeric_limits<std::int64_t>::min()), POSTERN_PASS);
    for (const auto wild : {std::uint64_t{0}, sizes + 1, std::numeric_limits<std::uint64_t>::max()}) {
        EXPECT_EQ(own.add(wild, 1), POSTERN_E_STALE);
        EXPECT_EQ(own.set(wild, 1), POSTERN_E_STALE);
        EXPECT_EQ(own.observe(wild, 1), POSTERN_E_STALE);
    }
}

TEST_F(a_plugins_metrics, refuse_records_that_are_none)
{
    EXPECT_EQ(own.declare(nullptr), POSTERN_E_INVALID);
    auto what = metric(POSTERN_METRIC_COUNTER, "x");
    what.size = 63;
    EXPECT_EQ(own.declare(&what), POSTERN_E_INVALID);
    const auto refuses = [this](auto change) {
        auto wrong = metric(POSTERN_METRIC_COUNTER, "x");
        change(wrong);
        return own.declare(&wrong) == POSTERN_E_INVALID;
    };
    const std::string huge(65, 'x');
    const postern_label own_label[] = {{str("plugin"), str("other")}};
    const postern_label null_label[] = {{{nullptr, 5}, str("x")}};
    EXPECT_TRUE(refuses([](auto& w) { w.kind = 0; }));
    EXPECT_TRUE(refuses([](auto& w) { w.kind = 4; }));
    EXPECT_TRUE(refuses([](auto& w) { w.unit = 3; }));
    EXPECT_TRUE(refuses([](auto& w) { w.name = {}; }));
    EXPECT_TRUE(refuses([](auto& w) { w.name = {nullptr, 8}; }));
    EXPECT_TRUE(refuses([&](auto& w) { w.name = str(huge); }));
    EXPECT_TRUE(refuses([](auto& w) { w.name = str("a b"); }));
    EXPECT_TRUE(refuses([](auto& w) { w.help = {nullptr, 8}; }));
    EXPECT_TRUE(refuses([](auto& w) { w.labels = {nullptr, 1, 32}; }));
    EXPECT_TRUE(refuses([](auto& w) { w.labels = {&w, 1, 31}; }));
    EXPECT_TRUE(refuses([](auto& w) { w.labels = {&w, 4'000'000'000, 32}; }));
    EXPECT_TRUE(refuses([&](auto& w) { w.labels = {own_label, 1, 32}; }));
    EXPECT_TRUE(refuses([&](auto& w) { w.labels = {null_label, 1, 32}; }));
    EXPECT_THAT(all->text(), Not(HasSubstr("plugin_")));
}

TEST_F(a_plugins_metrics, have_no_label_of_the_hosts_and_the_log_says_so)
{
    const postern_label labels[] = {{str("plugin"), str("other")}};
    auto what = metric(POSTERN_METRIC_COUNTER, "x");
    what.labels = {labels, 1, sizeof labels[0]};
    EXPECT_EQ(own.declare(&what), POSTERN_E_INVALID);
    EXPECT_TRUE(log.contains("metric_refused plugin=spam cause=plugin_spam_filter_x: label plugin twice"));
}

TEST_F(a_plugins_metrics, end_at_their_limit_and_complain_only_a_few_times)
{
    for (int i = 0; i < 100'000; ++i) {
        const auto value = std::to_string(i);
        const postern_label labels[] = {{str("client"), str(value)}};
        auto what = metric(POSTERN_METRIC_COUNTER, "seen_total");
        what.labels = {labels, 1, sizeof labels[0]};
        EXPECT_EQ(own.declare(&what) > 0, i < 1000) << i;
        what.kind = 77;
        (void)own.declare(&what);
    }
    const auto more = metric(POSTERN_METRIC_COUNTER, "more");
    EXPECT_EQ(own.declare(&more), POSTERN_E_AGAIN);
    EXPECT_EQ(own.add(1000, 1), POSTERN_PASS);
    EXPECT_EQ(log.count("metric_refused"), 10);
}

TEST_F(a_plugins_metrics, end_at_the_limit_of_the_process)
{
    all = std::make_shared<base::metrics>(1);
    plugin_metrics few{all, "x.so", "x", base::log{log}};
    auto what = metric(POSTERN_METRIC_COUNTER, "a");
    EXPECT_EQ(few.declare(&what), 1);
    what.name = str("b");
    EXPECT_EQ(few.declare(&what), POSTERN_E_INVALID);
    EXPECT_TRUE(log.contains("plugin_x_so_b: there are 1 series already"));
}

} // namespace
} // namespace postern::daemon
