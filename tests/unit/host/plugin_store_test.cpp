#include "core/host/plugin_store.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using queue::store_errc;

class a_plugin_store : public ::testing::Test {
protected:
    plugin_store& made()
    {
        store_ = std::make_unique<plugin_store>(script.make_instance());
        return *store_;
    }
    postern_status reply(std::uint64_t ticket, std::uint32_t result, std::string_view data = {}) const
    {
        postern_queue_reply out{};
        out.base.size = sizeof out;
        out.result = result;
        out.data = {data.data(), data.size()};
        return script.core->reply(script.host, ticket, &out.base);
    }
    /// What a completion got, and how often.
    template <class T>
    queue::completion<T> keep(std::optional<base::result<T>>& to)
    {
        return [&to](base::result<T> value) {
            EXPECT_FALSE(to.has_value());
            to.emplace(std::move(value));
        };
    }

    // Before the script, whose end waits for calls that still run.
    std::promise<void> all;
    std::promise<base::error_code> got_error;
    std::string order; // one message, so one call at a time
    std::atomic<int> left{100};
    scripted_plugin script;
    std::unique_ptr<plugin_store> store_;
};

TEST_F(a_plugin_store, hands_a_commit_over_whole)
{
    script.on = [&](const postern_event& event) {
        const auto& op = as<postern_ev_queue>(event);
        EXPECT_EQ(event.hook, POSTERN_HOOK_QUEUE_COMMIT);
        EXPECT_EQ(op.id, 9U);
        EXPECT_EQ(text_of(op.envelope) + text_of(op.state) + text_of(op.data) + text_of(op.tail), "envelopestateheadtail");
        EXPECT_EQ(reply(event.ticket, POSTERN_QUEUE_OK), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    std::optional<base::result<void>> got;
    made().commit(base::message_id{9}, "envelope", "state", "head", "tail", keep(got));
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->has_value());
}

TEST_F(a_plugin_store, completes_when_the_plugin_replies_later)
{
    std::uint64_t ticket = 0;
    script.on = [&](const postern_event& event) {
        ticket = event.ticket;
        return POSTERN_TAKEN;
    };
    std::optional<base::result<void>> got;
    made().append(base::message_id{9}, "octets", keep(got));
    EXPECT_FALSE(got);
    std::thread{[&] { EXPECT_EQ(reply(ticket, POSTERN_QUEUE_OK), POSTERN_PASS); }}.join();
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->has_value());
    EXPECT_EQ(reply(ticket, POSTERN_QUEUE_OK), POSTERN_E_STALE);
}

TEST_F(a_plugin_store, tells_conditions_apart)
{
    std::uint32_t result = 0;
    script.on = [&](const postern_event& event) {
        (void)reply(event.ticket, result);
        return POSTERN_TAKEN;
    };
    auto& store = made();
    const std::pair<std::uint32_t, store_errc> pairs[] = {{POSTERN_QUEUE_FULL, store_errc::full},
                                                          {POSTERN_QUEUE_MISSING, store_errc::missing},
                                                          {POSTERN_QUEUE_CORRUPT, store_errc::corrupt},
                                                          {POSTERN_QUEUE_FAILED, store_errc::failed},
                                                          {77, store_errc::failed}};
    for (const auto& [given, expected] : pairs) {
        result = given;
        std::optional<base::result<void>> got;
        store.update(base::message_id{9}, "s", keep(got));
        ASSERT_TRUE(got && got->has_error());
        EXPECT_EQ(got->error(), make_error_code(expected));
    }
}

// A false "kept" would be a lost message: everything but a sound OK is a failure.
TEST_F(a_plugin_store, takes_nothing_but_an_ok_for_kept)
{
    auto& store = made();
    const auto commit = [&] {
        std::optional<base::result<void>> got;
        store.commit(base::message_id{9}, "", "", "", "", keep(got));
        return got && got->has_error() && got->error() == make_error_code(store_errc::failed);
    };
    script.on = [](const postern_event&) { return POSTERN_PASS; };
    EXPECT_TRUE(commit());
    script.on = [](const postern_event&) { return POSTERN_E_PLUGIN; };
    EXPECT_TRUE(commit());
    script.on = [](const postern_event&) -> postern_status { throw std::runtime_error{"disk"}; };
    EXPECT_TRUE(commit());
    script.on = [&](const postern_event& event) { // a plain reply is too short to say OK
        EXPECT_EQ(script.reply(event.ticket, POSTERN_CONTINUE), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    EXPECT_TRUE(commit());
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.core->reply(script.host, event.ticket, nullptr), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    EXPECT_TRUE(commit());
}

TEST_F(a_plugin_store, reads_pages_and_messages_by_their_stride)
{
    struct longer {
        postern_queue_message message;
        std::uint64_t more;
    };
    script.on = [&](const postern_event& event) {
        const longer two[] = {{{1, 10, {"e1", 2}, {"s1", 2}}, 0}, {{2, 20, {"e2", 2}, {nullptr, 0}}, 0}};
        postern_queue_reply out{};
        out.base.size = sizeof out;
        out.messages = {two, event.hook == POSTERN_HOOK_QUEUE_SCAN ? 2U : 1U, sizeof(longer)};
        out.next = as<postern_ev_queue>(event).offset + 1;
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &out.base), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    auto& store = made();
    std::optional<base::result<queue::scan_page>> page;
    store.scan(41, keep(page));
    ASSERT_TRUE(page && page->has_value());
    EXPECT_EQ((*page)->next, 42U);
    ASSERT_EQ((*page)->messages.size(), 2U);
    EXPECT_EQ((*page)->messages[1].id, base::message_id{2});
    EXPECT_EQ((*page)->messages[1].content_size, 20U);
    EXPECT_EQ((*page)->messages[0].envelope + (*page)->messages[0].state, "e1s1");
    std::optional<base::result<queue::stored_message>> message;
    store.fetch(base::message_id{1}, keep(message));
    ASSERT_TRUE(message && message->has_value());
    EXPECT_EQ((*message)->envelope, "e1");
}

// A plugin of the first release answers with records of these sizes, whatever has been added since.
TEST_F(a_plugin_store, reads_the_records_of_the_first_release_and_longer_ones)
{
    struct longer_reply {
        postern_queue_reply reply;
        std::uint64_t more;
    };
    const postern_queue_message one{7, 10, {"e", 1}, {"s", 1}};
    longer_reply out{};
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &out.reply.base), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    auto& store = made();
    for (const std::uint32_t size : {std::uint32_t{120}, std::uint32_t{sizeof out}}) {
        out = {};
        out.more = ~std::uint64_t{0};
        out.reply.base.size = size;
        out.reply.messages = {&one, 1, 48};
        std::optional<base::result<queue::stored_message>> got;
        store.fetch(base::message_id{7}, keep(got));
        ASSERT_TRUE(got && got->has_value()) << size;
        EXPECT_EQ((*got)->envelope + (*got)->state, "es");
    }
}

TEST_F(a_plugin_store, takes_no_record_that_is_shorter_than_the_first_release_for_kept)
{
    script.on = [&](const postern_event& event) {
        postern_queue_reply out{};
        out.base.size = 119;
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &out.base), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    std::optional<base::result<void>> got;
    made().commit(base::message_id{9}, "", "", "", "", keep(got));
    EXPECT_TRUE(got && got->has_error());
}

TEST_F(a_plugin_store, refuses_pages_that_lie)
{
    postern_queue_reply out{};
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &out.base), POSTERN_E_INVALID);
        return POSTERN_TAKEN;
    };
    auto& store = made();
    const postern_queue_message wrong{1, 1, {nullptr, 5}, {}};
    const postern_list lists[] = {{nullptr, 1, sizeof wrong}, {&wrong, 1, sizeof wrong - 8}, {&wrong, 1, sizeof wrong}};
    for (const auto& list : lists) {
        out = {};
        out.base.size = sizeof out;
        out.messages = list;
        std::optional<base::result<queue::scan_page>> page;
        store.scan(0, keep(page));
        EXPECT_TRUE(page && page->has_error());
    }
    out = {};
    out.base.size = sizeof out;
    std::optional<base::result<queue::stored_message>> nobody;
    store.fetch(base::message_id{1}, keep(nobody));
    EXPECT_TRUE(nobody && nobody->has_error());
    out.data = {nullptr, 3};
    std::optional<base::result<std::string>> octets;
    store.read(base::message_id{1}, 0, 3, keep(octets));
    EXPECT_TRUE(octets && octets->has_error());
}

TEST_F(a_plugin_store, reads_octets)
{
    script.on = [&](const postern_event& event) {
        const auto& op = as<postern_ev_queue>(event);
        EXPECT_EQ(op.offset, 5U);
        EXPECT_EQ(op.length, 3U);
        (void)reply(event.ticket, POSTERN_QUEUE_OK, event.hook == POSTERN_HOOK_QUEUE_READ ? "abc" : "xyz");
        return POSTERN_TAKEN;
    };
    auto& store = made();
    std::optional<base::result<std::string>> read;
    std::optional<base::result<std::string>> peeked;
    store.read(base::message_id{1}, 5, 3, keep(read));
    store.read_uncommitted(base::message_id{1}, 5, 3, keep(peeked));
    EXPECT_EQ(read->value(), "abc");
    EXPECT_EQ(peeked->value(), "xyz");
}

TEST_F(a_plugin_store, abandons_without_a_ticket)
{
    int seen = 0;
    script.on = [&](const postern_event& event) {
        ++seen;
        EXPECT_EQ(event.hook, POSTERN_HOOK_QUEUE_ABANDON);
        EXPECT_EQ(event.ticket, 0U);
        EXPECT_EQ(as<postern_ev_queue>(event).id, 9U);
        return POSTERN_PASS;
    };
    made().abandon(base::message_id{9});
    EXPECT_EQ(seen, 1);
}

TEST_F(a_plugin_store, that_blocks_gets_copies_and_keeps_the_order_of_a_message)
{
    script.flags = POSTERN_PLUGIN_BLOCKING;
    script.on = [&](const postern_event& event) {
        const auto& op = as<postern_ev_queue>(event);
        order += event.hook == POSTERN_HOOK_QUEUE_ABANDON ? "!" : text_of(op.data);
        if (event.ticket != 0)
            (void)reply(event.ticket, POSTERN_QUEUE_OK);
        return POSTERN_TAKEN;
    };
    auto& store = made();
    for (int i = 0; i < 100; ++i) {
        auto octets = std::to_string(i) + ",";
        store.append(base::message_id{9}, octets, [&](const base::result<void>& done) {
            EXPECT_TRUE(done.has_value());
            if (--left == 0)
                all.set_value();
        });
        octets.assign(octets.size(), 'x');
    }
    all.get_future().wait();
    std::string expected;
    for (int i = 0; i < 100; ++i)
        expected += std::to_string(i) + ",";
    EXPECT_EQ(order, expected);
}

TEST_F(a_plugin_store, that_blocks_and_fails_is_failed)
{
    script.flags = POSTERN_PLUGIN_BLOCKING;
    script.on = [](const postern_event&) { return POSTERN_E_PLUGIN; };
    made().remove(base::message_id{9}, [&](const base::result<void>& done) { got_error.set_value(done.error()); });
    EXPECT_EQ(got_error.get_future().get(), make_error_code(store_errc::failed));
}

} // namespace
} // namespace postern::daemon
