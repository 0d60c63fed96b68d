// Backends: a delivery answers for each recipient, a store answers each operation when it is ready.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

using namespace postern::testing;
using testing::ElementsAre;

namespace {

class mailbox {
public:
    explicit mailbox(const postern::host& host) : host_{host} {}
    postern::delivery_report on(const postern::deliver& job)
    {
        if (job.recipients().size() == 1)
            return postern::delivered("stored as " + host_.blob(job).text(100).value_or("?"));
        std::vector<postern::delivery_result> each;
        for (const std::string_view recipient : job.recipients()) {
            if (recipient == "forget@x")
                return std::vector<postern::delivery_result>{};
            each.push_back(recipient == "full@x" ? postern::deferred(452, "4.2.2", "full") : postern::delivered());
        }
        return each;
    }

private:
    postern::host host_;
};
constexpr postern_plugin deliveries = postern::sdk::describe<mailbox>("org.example.mailbox", "1.0", "test");

TEST(deliver, reports_one_result_for_all_or_one_each)
{
    fake_host host{deliveries};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    ASSERT_TRUE(host.provides(POSTERN_DELIVERY_1));
    fake_session job{host, 9};
    const answer one = job.deliver("s@x", {"a@x"}, "hello");
    ASSERT_EQ(one.results.size(), 1u);
    EXPECT_EQ(one.results[0].verdict, POSTERN_CONTINUE);
    EXPECT_EQ(one.results[0].text, "stored as hello");

    const answer two = job.deliver("s@x", {"a@x", "full@x"}, "hello");
    ASSERT_EQ(two.results.size(), 2u);
    EXPECT_EQ(two.results[0].verdict, POSTERN_CONTINUE);
    EXPECT_EQ(two.results[1].verdict, POSTERN_TEMPFAIL);
    EXPECT_EQ(two.results[1].smtp_code, 452u);
    EXPECT_EQ(two.results[1].enhanced, "4.2.2");
}

TEST(deliver, with_no_result_at_all_is_deferred)
{
    fake_host host{deliveries};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session job{host, 9};
    const answer none = job.deliver("s@x", {"a@x", "forget@x"}, "hello");
    ASSERT_EQ(none.results.size(), 1u);
    EXPECT_EQ(none.results[0].verdict, POSTERN_TEMPFAIL);
}

class store {
public:
    explicit store(const postern::host& host) : host_{host} {}
    void on(const postern::queue_request& request)
    {
        switch (request.operation()) {
        case postern::queue_operation::read:
            host_.answer(request.ticket(), {.data = std::string_view{"octets"}.substr(request.offset())});
            return;
        case postern::queue_operation::scan: {
            const postern_queue_message found[] = {{7, 100, postern::sdk::str("env"), postern::sdk::str("st")}};
            host_.answer(request.ticket(), {.next = 8, .messages = found});
            return;
        }
        case postern::queue_operation::commit:
            committing_ = request.ticket();
            return; // the sync answers it
        case postern::queue_operation::abandon:
            host_.info("abandoned " + std::to_string(request.id()));
            return;
        case postern::queue_operation::update:
            std::thread{[this] { host_.answer(committing_, {.result = POSTERN_QUEUE_FULL}); }}.join();
            host_.answer(request.ticket(), {});
            return;
        case postern::queue_operation::append:
        case postern::queue_operation::remove:
        case postern::queue_operation::fetch:
        case postern::queue_operation::peek:
            throw std::runtime_error("not here");
        }
    }

private:
    postern::host host_;
    std::uint64_t committing_ = 0;
};
constexpr postern_plugin stores = postern::sdk::describe<store>("org.example.store", "1.0", "test");

postern_ev_queue at(std::uint64_t id, std::uint64_t offset)
{
    postern_ev_queue record{};
    record.id = id;
    record.offset = offset;
    return record;
}

TEST(queue_request, is_answered_in_the_call_or_later_from_another_thread)
{
    fake_host host{stores};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_EQ(session.queue(POSTERN_HOOK_QUEUE_READ, at(1, 3)).data, "ets");
    const answer page = session.queue(POSTERN_HOOK_QUEUE_SCAN, {});
    EXPECT_EQ(page.next, 8u);
    ASSERT_EQ(page.messages.size(), 1u);
    EXPECT_EQ(page.messages[0].envelope, "env");

    const answer commit = session.queue(POSTERN_HOOK_QUEUE_COMMIT, at(7, 0));
    EXPECT_TRUE(commit.is_pending());
    static_cast<void>(session.queue(POSTERN_HOOK_QUEUE_UPDATE, {}));
    EXPECT_EQ(host.answer_to(commit.ticket).queue_result, POSTERN_QUEUE_FULL);

    static_cast<void>(session.queue(POSTERN_HOOK_QUEUE_ABANDON, at(5, 0)));
    EXPECT_EQ(host.log_lines().back().second, "abandoned 5");
    EXPECT_TRUE(session.queue(POSTERN_HOOK_QUEUE_PEEK, {}).is_failed());
}

} // namespace
