// When and how fast mail leaves, as a plugin in C++ says it, on the fake host.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::IsEmpty;

namespace {

class scripted {
public:
    explicit scripted(const postern::host&) {}
    postern::policy_reply on(const postern::queue_policy& event) { return policy(event); }
    postern::wait_reply on(const postern::queue_admit& event) { return admit(event); }
    postern::wait_reply on(const postern::queue_retry& event) { return retry(event); }
    postern::wait_reply on(const postern::delivery_reply& event) { return reply(event); }

    static inline std::function<postern::policy_reply(const postern::queue_policy&)> policy;
    static inline std::function<postern::wait_reply(const postern::queue_admit&)> admit;
    static inline std::function<postern::wait_reply(const postern::queue_retry&)> retry;
    static inline std::function<postern::wait_reply(const postern::delivery_reply&)> reply;
};

constexpr postern_plugin table = postern::sdk::describe<scripted>("org.example.scripted", "1", "test");

class mail_that_leaves : public ::testing::Test {
protected:
    mail_that_leaves() { EXPECT_EQ(host.create(), POSTERN_PASS); }
    void TearDown() override { EXPECT_THAT(host.complaints(), IsEmpty()); }

    fake_host host{table};
    fake_delivery delivery{host};
};

TEST_F(mail_that_leaves, has_rules_for_its_next_hop)
{
    delivery.pool = "usual";
    scripted::policy = [](const postern::queue_policy& event) {
        EXPECT_EQ(event.next_hop(), "mx.example.com:25");
        EXPECT_EQ(event.concurrency(), 20u);
        EXPECT_EQ(event.pool(), "usual");
        return postern::rules().concurrency(2).rate(60, 1min).pool("bulk").valid_for(10s);
    };
    const answer said = delivery.queue_policy();
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(said.shape, (shaping_reply{"bulk", 2, 60, 60'000, 10, 0}));
    scripted::policy = [](const auto&) { return postern::proceed(); };
    EXPECT_EQ(delivery.queue_policy().came, answer::how::passed);
}

TEST_F(mail_that_leaves, does_not_leave_for_a_next_hop_that_is_suspended)
{
    scripted::policy = [](const auto&) { return postern::suspend("they mend it", 1h); };
    const answer said = delivery.queue_policy();
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.text, "they mend it");
    EXPECT_EQ(said.shape.valid_s, 3600u);
}

TEST_F(mail_that_leaves, has_no_rules_beyond_what_there_may_be)
{
    EXPECT_THROW((void)postern::rules().concurrency(0), std::invalid_argument);
    EXPECT_NO_THROW((void)postern::rules().concurrency(10'000));
    EXPECT_THROW((void)postern::rules().concurrency(10'001), std::invalid_argument);
    EXPECT_THROW((void)postern::rules().rate(0, 1min), std::invalid_argument);
    EXPECT_THROW((void)postern::rules().rate(1, 0ms), std::invalid_argument);
    EXPECT_NO_THROW((void)postern::rules().rate(1, 30 * 24h));
    EXPECT_THROW((void)postern::rules().rate(1, 30 * 24h + 1ms), std::invalid_argument);
    EXPECT_THROW((void)postern::rules().pool("two words"), std::invalid_argument);
    EXPECT_THROW((void)postern::rules().valid_for(0s), std::invalid_argument);
    EXPECT_NO_THROW((void)postern::rules().valid_for(24h));
    EXPECT_THROW((void)postern::rules().valid_for(24h + 1s), std::invalid_argument);
}

TEST_F(mail_that_leaves, waits_before_it_stands_in_line)
{
    scripted::admit = [](const postern::queue_admit& event) {
        EXPECT_EQ(event.active(), 3u);
        EXPECT_EQ(event.waiting(), 4u);
        EXPECT_EQ(event.recipients().size(), 1u);
        return postern::wait_for(90s);
    };
    const answer said = delivery.queue_admit(3, 4);
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.shape.wait_ms, 90'000u);
    EXPECT_THROW((void)postern::wait_for(0ms), std::invalid_argument);
    EXPECT_THROW((void)postern::wait_for(30 * 24h + 1ms), std::invalid_argument);
}

TEST_F(mail_that_leaves, waits_for_a_reason)
{
    scripted::admit = [](const postern::queue_admit&) { return postern::wait_for(90s, "two at a time"); };
    EXPECT_EQ(delivery.queue_admit().text, "two at a time");
}

TEST(mail_that_may_go, does_not_wait)
{
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_delivery delivery{host};
    scripted::admit = [](const postern::queue_admit&) { return postern::retry_in(90s); }; // which is for queue_retry
    EXPECT_TRUE(delivery.queue_admit().is_failed());
    EXPECT_THAT(host.complaints(), testing::ElementsAre(testing::HasSubstr("only TEMPFAIL waits at queue.admit")));
}

TEST_F(mail_that_leaves, comes_again_when_a_plugin_says)
{
    scripted::retry = [](const postern::queue_retry& event) {
        EXPECT_EQ(event.attempts(), 2u);
        EXPECT_EQ(event.recipients().size(), 1u);
        for (const postern::tried_recipient tried : event.recipients()) {
            EXPECT_EQ(tried.recipient, "user@example.com");
            EXPECT_EQ(tried.smtp_code, 450u);
            EXPECT_EQ(tried.text, "greylisted");
        }
        EXPECT_EQ(event.next() - event.received(), 1h);
        EXPECT_EQ(event.expires() - event.received(), 5 * 24h);
        return postern::retry_in(5min);
    };
    EXPECT_EQ(delivery.queue_retry(450, "greylisted", 2).shape.wait_ms, 300'000u);
    scripted::retry = [](const auto&) { return postern::reject(550, "5.4.7", "enough"); };
    EXPECT_TRUE(delivery.queue_retry(450, "greylisted").rejects());
    scripted::retry = [](const auto&) { return postern::hold("look at it"); };
    EXPECT_TRUE(delivery.queue_retry(450, "greylisted").holds());
}

TEST_F(mail_that_leaves, is_put_off_for_what_was_a_refusal)
{
    scripted::reply = [](const postern::delivery_reply& event) {
        EXPECT_EQ(event.smtp_code(), 550u);
        EXPECT_EQ(event.enhanced(), "5.7.1");
        EXPECT_EQ(event.text(), "blocked");
        EXPECT_EQ(event.stage(), postern::delivery_stage::mail);
        EXPECT_TRUE(event.is_failure());
        return postern::wait_reply{postern::defer(451, "4.7.1", "they mean later")}.rest_for(15min, "not used");
    };
    const answer said = delivery.delivery_reply(550, "5.7.1", "blocked", POSTERN_STAGE_MAIL);
    EXPECT_TRUE(said.defers());
    EXPECT_EQ(said.text, "they mean later") << "a verdict's own text counts";
    EXPECT_EQ(said.shape.wait_ms, 900'000u);
}

TEST_F(mail_that_leaves, is_given_up_for_what_was_a_delay)
{
    scripted::reply = [](const postern::delivery_reply& event) {
        EXPECT_FALSE(event.is_failure());
        return postern::reject(550, "5.2.2", "full for ever");
    };
    EXPECT_TRUE(delivery.delivery_reply(452, "4.2.2", "full").rejects());
}

TEST_F(mail_that_leaves, lets_a_next_hop_alone_and_says_why)
{
    scripted::reply = [](const auto&) { return postern::wait_reply{postern::proceed()}.rest_for(1h, "too much of us"); };
    const answer said = delivery.delivery_reply(421, "4.7.0", "busy", POSTERN_STAGE_PEER);
    EXPECT_TRUE(said.proceeds());
    EXPECT_EQ(said.shape.wait_ms, 3'600'000u);
    EXPECT_EQ(said.text, "too much of us");
    EXPECT_THROW((void)postern::wait_reply{postern::proceed()}.rest_for(0ms), std::invalid_argument);
    scripted::reply = [](const auto&) { return postern::proceed(); };
    EXPECT_EQ(delivery.delivery_reply(421, "4.7.0", "busy").came, answer::how::passed);
}

} // namespace
