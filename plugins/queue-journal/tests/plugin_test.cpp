// The glue: requests as the host sends them, through the exported table.

#include "temporary_folder.hpp"

#include <postern/abi/queue.h>
#include <postern/sdk/services.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace postern_queue_journal::testing {
namespace {

using postern::testing::answer;
using postern::testing::fake_host;

class the_plugin : public ::testing::Test {
protected:
    the_plugin() { host.option("path", folder.queue()); }

    answer ask(postern_ev_queue event, std::uint32_t hook)
    {
        event.ev.size = sizeof event;
        event.ev.hook = hook;
        auto said = host.send(event);
        while (said.came == answer::how::pending) { // answered by the plugin's own thread
            std::this_thread::yield();
            said = host.answer_to(said.ticket);
        }
        return said;
    }
    static postern_ev_queue about(std::uint64_t id)
    {
        postern_ev_queue event{};
        event.id = id;
        return event;
    }
    answer append(std::uint64_t id, std::string_view data)
    {
        auto event = about(id);
        event.data = postern::sdk::str(data);
        return ask(event, POSTERN_HOOK_QUEUE_APPEND);
    }
    answer commit(std::uint64_t id, std::string_view head, std::string_view tail)
    {
        auto event = about(id);
        event.envelope = postern::sdk::str("envelope");
        event.state = postern::sdk::str("new");
        event.data = postern::sdk::str(head);
        event.tail = postern::sdk::str(tail);
        return ask(event, POSTERN_HOOK_QUEUE_COMMIT);
    }
    answer read(std::uint64_t id, std::uint64_t offset, std::uint64_t length, std::uint32_t hook = POSTERN_HOOK_QUEUE_READ)
    {
        auto event = about(id);
        event.offset = offset;
        event.length = length;
        return ask(event, hook);
    }

    temporary_folder folder;
    fake_host host{postern_plugin_v1};
};

TEST_F(the_plugin, stores_changes_gives_out_and_removes)
{
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_EQ(append(7, " body").queue_result, POSTERN_QUEUE_OK);
    EXPECT_EQ(read(7, 1, 100, POSTERN_HOOK_QUEUE_PEEK).data, "body");
    EXPECT_EQ(commit(7, "head", " tail").queue_result, POSTERN_QUEUE_OK);
    EXPECT_EQ(read(7, 0, 100).data, "head body tail");
    EXPECT_EQ(read(7, 5, 4).data, "body");

    auto change = about(7);
    change.state = postern::sdk::str("changed");
    EXPECT_EQ(ask(change, POSTERN_HOOK_QUEUE_UPDATE).queue_result, POSTERN_QUEUE_OK);
    const auto fetched = ask(about(7), POSTERN_HOOK_QUEUE_FETCH);
    ASSERT_EQ(fetched.messages.size(), 1U);
    EXPECT_EQ(fetched.messages[0].id, 7U);
    EXPECT_EQ(fetched.messages[0].envelope, "envelope");
    EXPECT_EQ(fetched.messages[0].state, "changed");
    EXPECT_EQ(fetched.messages[0].content_size, 14U);

    EXPECT_EQ(ask(about(7), POSTERN_HOOK_QUEUE_REMOVE).queue_result, POSTERN_QUEUE_OK);
    EXPECT_EQ(read(7, 0, 100).queue_result, POSTERN_QUEUE_MISSING);
    EXPECT_EQ(ask(about(7), POSTERN_HOOK_QUEUE_FETCH).queue_result, POSTERN_QUEUE_MISSING);
}

TEST_F(the_plugin, gives_out_all_messages_by_pages_after_a_restart)
{
    ASSERT_EQ(host.create(), POSTERN_PASS);
    for (std::uint64_t id = 1; id <= 700; ++id)
        ASSERT_EQ(commit(id, "content", "").queue_result, POSTERN_QUEUE_OK);
    host.destroy();

    fake_host next{postern_plugin_v1};
    next.option("path", folder.queue());
    ASSERT_EQ(next.create(), POSTERN_PASS);
    std::set<std::uint64_t> seen;
    std::uint64_t cursor = 0;
    do {
        postern_ev_queue event{};
        event.ev.size = sizeof event;
        event.ev.hook = POSTERN_HOOK_QUEUE_SCAN;
        event.offset = cursor;
        auto said = next.send(event);
        while (said.came == answer::how::pending) {
            std::this_thread::yield();
            said = next.answer_to(said.ticket);
        }
        ASSERT_EQ(said.queue_result, POSTERN_QUEUE_OK);
        for (const auto& message : said.messages)
            EXPECT_TRUE(seen.insert(message.id).second);
        cursor = said.next;
    } while (cursor != 0);
    EXPECT_EQ(seen.size(), 700U);
}

TEST_F(the_plugin, forgets_what_is_abandoned)
{
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_EQ(append(7, "body").queue_result, POSTERN_QUEUE_OK);
    auto event = about(7);
    event.ev.size = sizeof event;
    event.ev.hook = POSTERN_HOOK_QUEUE_ABANDON;
    (void)host.send(event);
    EXPECT_EQ(read(7, 0, 100, POSTERN_HOOK_QUEUE_PEEK).queue_result, POSTERN_QUEUE_MISSING);
}

TEST_F(the_plugin, refuses_a_folder_in_use)
{
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_host second{postern_plugin_v1};
    second.option("path", folder.queue());
    EXPECT_LT(second.create(), 0);
}

TEST_F(the_plugin, takes_segment_sizes_from_one_mebibyte_to_four_gibibytes)
{
    for (const auto& [size, fine] : {std::pair{(std::int64_t{1} << 20) - 1, false},
                                     {std::int64_t{1} << 20, true},
                                     {std::int64_t{4} << 30, true},
                                     {(std::int64_t{4} << 30) + 1, false}}) {
        fake_host other{postern_plugin_v1};
        other.option("path", folder.queue());
        other.option("segment_size", size);
        EXPECT_EQ(other.create() == POSTERN_PASS, fine) << size;
    }
}

TEST_F(the_plugin, syncs_changes_within_an_hour_at_most)
{
    for (const auto& [after, fine] : {std::pair{std::chrono::milliseconds{0}, true},
                                      {std::chrono::hours{1}, true},
                                      {std::chrono::hours{1} + std::chrono::milliseconds{1}, false}}) {
        fake_host other{postern_plugin_v1};
        other.option("path", folder.queue());
        other.option("sync_changes_after", after);
        EXPECT_EQ(other.create() == POSTERN_PASS, fine) << after.count();
    }
}

TEST_F(the_plugin, needs_a_path)
{
    fake_host other{postern_plugin_v1};
    EXPECT_LT(other.create(), 0);
}

} // namespace
} // namespace postern_queue_journal::testing
