// Messages of plugins' own: stored, delivered, and told of; and what is on its way when all ends.

#include "core/runtime/submissions.hpp"

#include "core/queue/record.hpp"
#include "core/runtime/server.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::runtime {
namespace {

[[nodiscard]] queue::submission mail(std::size_t body = 7)
{
    queue::submission what;
    what.envelope.from.address = "reports@example.org";
    what.envelope.to.push_back({"u@example.net", {}, "", {}});
    what.head = "Subject: hi\r\n\r\n";
    what.body = std::string(body - 2, 'x') + "\r\n";
    what.origin = "plugin:reports";
    return what;
}

/// A store that says nothing until it is told to.
class slow_store : public test::memory_store {
public:
    void commit(base::message_id id, std::string_view envelope, std::string_view state, std::string_view head,
                std::string_view tail, queue::completion<void> done) override
    {
        memory_store::commit(id, envelope, state, head, tail, [this, tell = std::move(done)](base::result<void> result) {
            open.emplace_back([tell, result] { tell(result); });
        });
    }
    void finish()
    {
        for (auto& each : std::exchange(open, {}))
            each();
    }
    std::vector<std::function<void()>> open;
};

struct a_server_for_plugins : testing::Test {
    test::memory_log lines;
    slow_store store;
    std::shared_ptr<generation> current = std::make_shared<generation>();
    std::unique_ptr<server> running;
    std::vector<base::result<base::message_id>> outcomes;

    void start()
    {
        current->delivery.hostname = "mx.example";
        current->delivery_chain = std::make_shared<hooks::chain>();
        current->delivery.relay = "127.0.0.1:1"; // nobody: what is queued stays
        running = std::make_unique<server>(std::vector<listener_address>{}, current, store, base::log{lines}, 1);
        ASSERT_TRUE(running->start());
    }
    bool submits(queue::submission what = mail())
    {
        return running->submit(std::move(what), [this](base::result<base::message_id> how) { outcomes.push_back(how); });
    }
};

TEST_F(a_server_for_plugins, stores_their_mail_and_has_it_delivered)
{
    start();
    ASSERT_TRUE(submits());
    EXPECT_TRUE(outcomes.empty()) << "before the store has said that it is kept";
    store.finish();
    ASSERT_EQ(outcomes.size(), 1U);
    ASSERT_TRUE(outcomes.front());
    const auto kept = store.messages().at(*outcomes.front());
    EXPECT_EQ(kept.content, "Subject: hi\r\n\r\nxxxxx\r\n");
    const auto record = queue::decode(kept.envelope, kept.state);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->envelope.origin, "plugin:reports");
    EXPECT_EQ(record->envelope.size, kept.content.size());
    EXPECT_EQ(record->envelope.envelope.to.front().address, "u@example.net");
    EXPECT_EQ(record->state.open_count(), 1U);
    EXPECT_TRUE(running->queue_show(*outcomes.front())) << "the delivery side knows of it";
    EXPECT_TRUE(lines.contains("submitted message=" + base::to_text(*outcomes.front()) + " origin=plugin:reports"));
    EXPECT_EQ(running->status().accepted, 1U);
}

TEST_F(a_server_for_plugins, says_what_the_store_said)
{
    start();
    store.fail_with(queue::store_errc::full);
    ASSERT_TRUE(submits());
    store.finish();
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().error(), queue::store_errc::full);
    EXPECT_TRUE(lines.contains("not_stored origin=plugin:reports"));
    EXPECT_EQ(running->status().accepted, 0U);
}

TEST_F(a_server_for_plugins, takes_no_more_than_it_has_room_for)
{
    start();
    for (std::size_t i = 0; i < submissions::most_open; ++i)
        EXPECT_TRUE(submits());
    EXPECT_FALSE(submits());
    store.finish();
    EXPECT_TRUE(submits(mail(submissions::most_octets + 1))) << "one alone may have more";
    EXPECT_FALSE(submits());
    store.finish();
    EXPECT_EQ(outcomes.size(), submissions::most_open + 1);
    EXPECT_TRUE(submits(mail(submissions::most_octets / 2)));
    EXPECT_TRUE(submits(mail(submissions::most_octets / 2 - 100)));
    EXPECT_FALSE(submits(mail(100)));
}

TEST_F(a_server_for_plugins, takes_nothing_before_it_runs_and_after_it_ended)
{
    current->delivery_chain = std::make_shared<hooks::chain>();
    running = std::make_unique<server>(std::vector<listener_address>{}, current, store, base::log{lines}, 1);
    EXPECT_FALSE(submits());
    ASSERT_TRUE(running->start());
    EXPECT_TRUE(submits());
    running->shut_down(std::chrono::milliseconds{0});
    EXPECT_FALSE(submits());
    store.finish();
    ASSERT_EQ(outcomes.size(), 1U) << "what was on its way is told of, also now";
    EXPECT_TRUE(outcomes.front());
    EXPECT_EQ(store.messages().size(), 1U);
}

TEST_F(a_server_for_plugins, may_be_gone_when_the_store_says_that_it_is_kept)
{
    start();
    ASSERT_TRUE(submits());
    running.reset();
    store.finish();
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes.front()) << "the next start finds it";
}

} // namespace
} // namespace postern::runtime
