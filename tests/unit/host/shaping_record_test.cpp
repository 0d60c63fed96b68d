#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "core/hooks/shaping.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/outgoing.h>
#include <postern/abi/shaping.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::hook_point;
using testing::ElementsAre;

class a_shaping_record : public ::testing::Test {
protected:
    a_shaping_record()
    {
        message.id = base::message_id{1};
        message.envelope.from.address = "a@client.example";
        shape.next_hop = "mx.example:25";
        shape.recipients = {"b@one.example", "c@two.example"};
        shape.received = base::wall_time{std::chrono::seconds{1'700'000'000}};
    }

    /// Looks at the record, and at the copy of it whose original is gone: both must say the same.
    void look(hook_point hook, const std::function<void(const postern_event&)>& at)
    {
        hooks::event what;
        what.hook = hook;
        what.message = &message;
        what.shape = &shape;
        what.attempt = 3;
        auto record = std::make_unique<event_record>(what, 5, 6, 7);
        EXPECT_EQ(record->get().hook, static_cast<std::uint32_t>(hook));
        EXPECT_EQ(record->get().ticket, 5U);
        const owned_event copy{record->get()};
        at(record->get());
        record.reset();
        shape = {}; // what was borrowed is gone
        at(copy.get());
    }
    static std::vector<std::string> texts_of(const postern_list& list)
    {
        std::vector<std::string> all;
        for (const auto& each : records_of<postern_str>(list))
            all.push_back(std::string{text_of(each)});
        return all;
    }

    hooks::draft message;
    hooks::shaping shape;
};

TEST_F(a_shaping_record, tells_by_what_rules_a_next_hop_is_delivered_to)
{
    shape.policy = {20, 60, std::chrono::minutes{1}, "bulk", {}};
    look(hook_point::queue_policy, [](const postern_event& event) {
        const auto& policy = as<postern_ev_queue_policy>(event);
        EXPECT_EQ(event.size, sizeof policy);
        EXPECT_EQ(text_of(policy.next_hop), "mx.example:25");
        EXPECT_EQ(text_of(policy.pool), "bulk");
        EXPECT_EQ(policy.concurrency, 20U);
        EXPECT_EQ(policy.rate_count, 60U);
        EXPECT_EQ(policy.rate_ms, 60'000U);
    });
}

TEST_F(a_shaping_record, tells_who_wants_to_stand_in_line)
{
    shape.size = 1234;
    shape.priority = -2;
    shape.active = 7;
    shape.waiting = 8;
    shape.active_all = 9;
    look(hook_point::queue_admit, [](const postern_event& event) {
        const auto& admit = as<postern_ev_queue_admit>(event);
        EXPECT_EQ(event.size, sizeof admit);
        EXPECT_EQ(text_of(admit.message), "0000000000001");
        EXPECT_EQ(text_of(admit.sender), "a@client.example");
        EXPECT_THAT(texts_of(admit.recipients), ElementsAre("b@one.example", "c@two.example"));
        EXPECT_EQ(admit.size_octets, 1234U);
        EXPECT_EQ(admit.received_s, 1'700'000'000U);
        EXPECT_EQ(admit.attempt, 3U);
        EXPECT_EQ(admit.priority, -2);
        EXPECT_EQ(admit.active, 7U);
        EXPECT_EQ(admit.waiting, 8U);
        EXPECT_EQ(admit.active_all, 9U);
    });
}

TEST_F(a_shaping_record, tells_what_was_said_of_whom)
{
    shape.stage = hooks::delivery_stage::rcpt;
    shape.address = "192.0.2.1";
    shape.smtp_code = 550;
    shape.enhanced = "5.1.1";
    shape.text = "nobody of that name";
    shape.is_failure = true;
    look(hook_point::delivery_reply, [](const postern_event& event) {
        const auto& reply = as<postern_ev_delivery_reply>(event);
        EXPECT_EQ(event.size, sizeof reply);
        EXPECT_EQ(text_of(reply.message), "0000000000001");
        EXPECT_EQ(text_of(reply.sender), "a@client.example");
        EXPECT_EQ(text_of(reply.next_hop), "mx.example:25");
        EXPECT_EQ(text_of(reply.address), "192.0.2.1");
        EXPECT_THAT(texts_of(reply.recipients), ElementsAre("b@one.example", "c@two.example"));
        EXPECT_EQ(text_of(reply.enhanced), "5.1.1");
        EXPECT_EQ(text_of(reply.text), "nobody of that name");
        EXPECT_EQ(reply.received_s, 1'700'000'000U);
        EXPECT_EQ(reply.smtp_code, 550U);
        EXPECT_EQ(reply.stage, POSTERN_STAGE_RCPT);
        EXPECT_EQ(reply.result, POSTERN_FAILED);
        EXPECT_EQ(reply.attempt, 3U);
    });
    look(hook_point::delivery_reply,
         [](const postern_event& event) { EXPECT_EQ(as<postern_ev_delivery_reply>(event).result, POSTERN_DEFERRED); });
}

TEST_F(a_shaping_record, tells_who_is_left_and_when_it_would_be_tried)
{
    shape.tried = {{"b@one.example", "mx.example:25", "4.2.2", "full", 452}, {"c@two.example", "", "", "", 0}};
    shape.expires = shape.received + std::chrono::hours{120};
    shape.next = shape.received + std::chrono::hours{1};
    shape.attempts = 4;
    shape.priority = 9;
    look(hook_point::queue_retry, [](const postern_event& event) {
        const auto& retry = as<postern_ev_queue_retry>(event);
        EXPECT_EQ(event.size, sizeof retry);
        EXPECT_EQ(text_of(retry.sender), "a@client.example");
        const auto tried = records_of<postern_tried>(retry.tried);
        ASSERT_EQ(tried.size(), 2U);
        EXPECT_EQ(text_of(tried[0].recipient), "b@one.example");
        EXPECT_EQ(text_of(tried[0].next_hop), "mx.example:25");
        EXPECT_EQ(text_of(tried[0].enhanced), "4.2.2");
        EXPECT_EQ(text_of(tried[0].text), "full");
        EXPECT_EQ(tried[0].smtp_code, 452U);
        EXPECT_EQ(text_of(tried[1].next_hop), "");
        EXPECT_EQ(retry.received_s, 1'700'000'000U);
        EXPECT_EQ(retry.next_s, 1'700'003'600U);
        EXPECT_EQ(retry.expires_s, 1'700'432'000U);
        EXPECT_EQ(retry.attempts, 4U);
        EXPECT_EQ(retry.priority, 9);
    });
}

/// The records of delivery.source and delivery.connect.
class a_record_of_the_way : public a_shaping_record {
protected:
    a_record_of_the_way()
    {
        message.envelope.to = {{"b@one.example", {}, {}, {}}, {"c@two.example", {}, {}, {}}};
        out.next_hop = "example.org";
        out.recipients = {1};
        out.pool = "bulk";
    }
    void look(hook_point hook, const std::function<void(const postern_event&)>& at)
    {
        hooks::event what;
        what.hook = hook;
        what.message = &message;
        what.out = &out;
        what.attempt = 3;
        auto record = std::make_unique<event_record>(what, 5, 6, 7);
        const owned_event copy{record->get()};
        at(record->get());
        record.reset();
        out = {};
        at(copy.get());
    }
    hooks::outgoing out;
};

TEST_F(a_record_of_the_way, tells_which_pool_holds)
{
    look(hook_point::delivery_source, [](const postern_event& event) {
        const auto& source = as<postern_ev_delivery_source>(event);
        EXPECT_EQ(event.size, sizeof source);
        EXPECT_EQ(text_of(source.message), "0000000000001");
        EXPECT_EQ(text_of(source.sender), "a@client.example");
        EXPECT_EQ(text_of(source.next_hop), "example.org");
        EXPECT_THAT(texts_of(source.recipients), ElementsAre("c@two.example"));
        EXPECT_EQ(text_of(source.pool), "bulk");
        EXPECT_EQ(source.attempt, 3U);
    });
}

TEST_F(a_record_of_the_way, tells_where_a_connection_leads_and_from_where)
{
    out.host = "mx.example.org";
    out.port = 25;
    out.is_by_mx = out.is_mx_secure = true;
    out.peer = *base::ip_endpoint::from_text("192.0.2.1:25");
    out.source = *base::ip_address::from_text("2001:db8::1");
    look(hook_point::delivery_connect, [](const postern_event& event) {
        const auto& connect = as<postern_ev_delivery_connect>(event);
        EXPECT_EQ(event.size, sizeof connect);
        EXPECT_EQ(text_of(connect.message), "0000000000001");
        EXPECT_EQ(text_of(connect.next_hop), "example.org");
        EXPECT_EQ(text_of(connect.host), "mx.example.org");
        EXPECT_EQ(text_of(connect.address), "192.0.2.1");
        EXPECT_EQ(text_of(connect.source), "2001:db8::1");
        EXPECT_EQ(text_of(connect.pool), "bulk");
        EXPECT_EQ(connect.port, 25U);
        EXPECT_EQ(connect.flags, POSTERN_HOST_BY_MX | POSTERN_HOST_MX_SECURE);
    });
}

TEST_F(a_record_of_the_way, of_a_unix_socket_has_no_addresses)
{
    out.host = "/run/lmtp";
    look(hook_point::delivery_connect, [](const postern_event& event) {
        const auto& connect = as<postern_ev_delivery_connect>(event);
        EXPECT_EQ(text_of(connect.address), "");
        EXPECT_EQ(text_of(connect.source), "");
        EXPECT_EQ(connect.flags, 0U);
    });
}

} // namespace
} // namespace postern::daemon
