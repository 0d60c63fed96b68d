// What operators see and say of destinations: lines and a ledger, without deliveries.

#include "core/runtime/delivery_lines.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/memory_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class an_operator_at_the_lines : public ::testing::Test {
protected:
    void SetUp() override { lines_.limit({}, 1min); }
    [[nodiscard]] std::vector<std::string> names(std::string_view after = {}, std::size_t limit = 1000)
    {
        std::vector<std::string> all;
        for (const auto& each : lines_.list(after, limit, queued_))
            all.push_back(each.next_hop);
        return all;
    }

    void waits_outside(std::uint64_t id, const std::string& destination)
    {
        queue::record what;
        what.envelope.envelope.to.push_back({"a@" + destination, {}, {}, {}});
        what.state = queue::fresh_state(1);
        ASSERT_TRUE(queued_.add(base::message_id{id}, what, clock_.wall(), destination));
        queued_.wait_outside(base::message_id{id}, destination, clock_.wall() + 1h);
        lines_.has_outside(destination);
    }

    test::manual_clock clock_;
    test::memory_log written_;
    io::loop loop_{base::log{written_}};
    queue::ledger queued_;
    std::vector<std::string> let_in_;
    delivery_lines lines_{loop_, base::log{written_}, clock_, [this](std::string_view destination, std::size_t most) {
                              if (queued_.let_in(destination, most, clock_.wall()) != 0)
                                  let_in_.emplace_back(destination);
                          }};
};

TEST_F(an_operator_at_the_lines, sees_each_destination_once_and_in_order)
{
    EXPECT_THAT(names(), IsEmpty());
    lines_.suspend({{"b.example", {"mended", clock_.wall(), clock_.wall() + 1h}}});
    waits_outside(1, "b.example");
    lines_.unreachable("c.example", "nobody there");
    waits_outside(2, "c.example");
    lines_.heard("a.example", "250 2.0.0 kept");
    lines_.heard("c.example", "4.4.1 nobody there");
    EXPECT_THAT(names(), ElementsAre("a.example", "b.example", "c.example"));
    EXPECT_THAT(names("a.example", 1), ElementsAre("b.example"));
    EXPECT_THAT(names("c.example"), IsEmpty());

    const auto all = lines_.list("", 10, queued_);
    EXPECT_EQ(all[0].last_reply, "250 2.0.0 kept");
    EXPECT_EQ(all[0].who, suspended_by::nobody);
    EXPECT_EQ(all[1].waiting, 1U);
    EXPECT_EQ(all[1].who, suspended_by::an_operator);
    EXPECT_EQ(all[1].why, "mended");
    EXPECT_EQ(all[1].until, clock_.wall() + 1h);
    EXPECT_EQ(all[2].waiting, 1U);
    EXPECT_EQ(all[2].rests_until, clock_.wall() + 30s);
    EXPECT_EQ(all[2].last_reply, "4.4.1 nobody there");
}

TEST_F(an_operator_at_the_lines, sees_whose_word_a_suspension_is)
{
    delivery::settings settings;
    settings.destinations["a.example"].suspended = "as configured";
    lines_.limit(settings, 1min);
    lines_.suspend({{"a.example", {"mended", clock_.wall(), {}}}});
    EXPECT_EQ(lines_.list("", 1, queued_).front().who, suspended_by::configuration);
    EXPECT_EQ(lines_.why_not("a.example"), "suspended: as configured");
    lines_.limit({}, 1min);
    EXPECT_EQ(lines_.list("", 1, queued_).front().who, suspended_by::an_operator) << "a reload is not about that";
    EXPECT_EQ(lines_.why_not("a.example"), "suspended by an operator: mended");
    EXPECT_EQ(lines_.why_not("a.example", true), "suspended by an operator: mended") << "however urgent it is";
}

TEST_F(an_operator_at_the_lines, wakes_what_waits_when_it_is_resumed)
{
    const delivery::suspensions both{{"a.example", {"", clock_.wall(), {}}}, {"b.example", {"", clock_.wall(), {}}}};
    lines_.suspend(both);
    waits_outside(1, "a.example");
    waits_outside(2, "b.example");
    EXPECT_THAT(let_in_, IsEmpty());
    lines_.suspend({{"b.example", both.at("b.example")}});
    EXPECT_THAT(let_in_, ElementsAre("a.example"));
    lines_.suspend({});
    EXPECT_THAT(let_in_, ElementsAre("a.example", "b.example"));
}

TEST_F(an_operator_at_the_lines, sees_that_it_is_over_by_itself)
{
    lines_.suspend({{"a.example", {"", clock_.wall(), clock_.wall() + 1h}}});
    clock_.pass(1h);
    EXPECT_EQ(lines_.why_not("a.example"), std::nullopt);
    EXPECT_EQ(lines_.list("", 1, queued_).front().who, suspended_by::nobody);
}

TEST_F(an_operator_at_the_lines, reads_a_hundred_thousand_destinations_page_by_page)
{
    constexpr std::size_t count = 100'000;
    delivery::suspensions all;
    for (std::size_t i = 0; i < count; ++i)
        all.emplace("d" + std::to_string(i) + ".example", delivery::suspension{});
    lines_.suspend(all);
    std::uint64_t id = 0;
    for (const auto& [name, one] : all)
        waits_outside(++id, name);
    std::size_t seen = 0;
    std::string last;
    for (auto page = lines_.list(last, 1000, queued_); !page.empty(); page = lines_.list(last, 1000, queued_)) {
        ASSERT_LE(page.size(), 1000U);
        for (const auto& each : page) {
            ASSERT_LT(last, each.next_hop);
            ASSERT_EQ(each.waiting, 1U);
            last = each.next_hop;
            ++seen;
        }
    }
    EXPECT_EQ(seen, count);
}

} // namespace
} // namespace postern::runtime
