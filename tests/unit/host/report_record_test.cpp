#include "core/host/event_record.hpp"
#include "core/host/record_layout.hpp"
#include "core/hooks/report.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/report.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using hooks::hook_point;
using testing::SizeIs;

class a_report_record : public ::testing::Test {
protected:
    a_report_record()
    {
        message.id = base::message_id{1};
        message.envelope.from.address = "a@client.example";
        message.envelope.to = {{"b@one.example", {}, {}, {}}, {"c@two.example", {}, {}, {}}};
        one.recipient = "gone@example.com";
        one.original = "first@example.com";
        one.status = "5.1.1";
        one.remote_mta = "mx.example.com";
        one.diagnostic_type = "smtp";
        one.diagnostic = "550 5.1.1 nobody";
        one.last_attempt = "Tue, 14 Nov 2023 22:13:20 +0000";
        one.retry_until = "Wed, 15 Nov 2023 22:13:20 +0000";
        one.smtp_code = 550;
        one.action = message::report_action::failed;
    }

    /// Looks at the record, and at the copy of it whose original is gone: both must say the same.
    void look(hook_point hook, const std::function<void(const postern_event&)>& at)
    {
        hooks::event what;
        what.hook = hook;
        what.message = &message;
        what.connection = hook == hook_point::report_in ? &here.connection : nullptr;
        what.dsn = &dsn;
        what.report = &report;
        auto record = std::make_unique<event_record>(what, 5, 6, 7);
        EXPECT_EQ(record->get().hook, static_cast<std::uint32_t>(hook));
        const owned_event copy{record->get()};
        at(record->get());
        record.reset();
        at(copy.get());
    }
    static void expect_one(const postern_reported& seen)
    {
        EXPECT_EQ(text_of(seen.recipient), "gone@example.com");
        EXPECT_EQ(text_of(seen.original), "first@example.com");
        EXPECT_EQ(text_of(seen.status), "5.1.1");
        EXPECT_EQ(text_of(seen.remote_mta), "mx.example.com");
        EXPECT_EQ(text_of(seen.diagnostic_type), "smtp");
        EXPECT_EQ(text_of(seen.diagnostic), "550 5.1.1 nobody");
        EXPECT_EQ(text_of(seen.last_attempt), "Tue, 14 Nov 2023 22:13:20 +0000");
        EXPECT_EQ(text_of(seen.retry_until), "Wed, 15 Nov 2023 22:13:20 +0000");
        EXPECT_EQ(seen.action, POSTERN_REPORT_FAILED);
        EXPECT_EQ(seen.smtp_code, 550U);
    }

    scene here;
    hooks::draft message;
    hooks::dsn_making dsn;
    message::status_report report;
    message::reported_recipient one;
};

TEST_F(a_report_record, tells_what_a_report_will_say)
{
    dsn.kind = message::dsn_kind::delay;
    dsn.envid = "QQ+7";
    dsn.recipients = {one, one};
    dsn.received = base::wall_time{std::chrono::seconds{1'700'000'000}};
    dsn.returns_all = true;
    look(hook_point::dsn_make, [](const postern_event& event) {
        const auto& seen = as<postern_ev_dsn_make>(event);
        EXPECT_EQ(text_of(seen.message), "0000000000001");
        EXPECT_EQ(text_of(seen.sender), "a@client.example");
        EXPECT_EQ(text_of(seen.recipient), "a@client.example");
        EXPECT_EQ(text_of(seen.envid), "QQ+7");
        EXPECT_EQ(text_of(seen.text), "");
        EXPECT_EQ(seen.received_s, 1'700'000'000U);
        EXPECT_EQ(seen.kind, POSTERN_DSN_DELAY);
        EXPECT_EQ(seen.flags, POSTERN_DSN_RETURNS_ALL);
        const auto about = records_of<postern_reported>(seen.reported);
        ASSERT_THAT(about, SizeIs(2));
        expect_one(about[1]);
    });
}

TEST_F(a_report_record, tells_what_others_said_of_it_before)
{
    dsn.wording = {"b@example.org", "back", "Post", {{"X", "y"}}};
    look(hook_point::dsn_make, [](const postern_event& event) {
        const auto& seen = as<postern_ev_dsn_make>(event);
        EXPECT_EQ(text_of(seen.sender), "a@client.example");
        EXPECT_EQ(text_of(seen.recipient), "b@example.org");
        EXPECT_EQ(text_of(seen.text), "back");
        EXPECT_EQ(text_of(seen.from_name), "Post");
        EXPECT_EQ(seen.reported.count, 0U);
    });
}

TEST_F(a_report_record, tells_what_came_in_and_whom_it_was_sent_to)
{
    message.envelope.from.address.clear();
    report = {"mx.example.com", "QQ7", "Tue, 14 Nov 2023 22:13:19 +0000", "<1@client.example>", {one}, true};
    look(hook_point::report_in, [](const postern_event& event) {
        const auto& seen = as<postern_ev_report_in>(event);
        EXPECT_EQ(seen.peer.count, 1U);
        EXPECT_EQ(text_of(seen.message), "0000000000001");
        EXPECT_EQ(text_of(seen.sender), "");
        const auto to = records_of<postern_str>(seen.recipients);
        ASSERT_THAT(to, SizeIs(2));
        EXPECT_EQ(text_of(to[1]), "c@two.example");
        EXPECT_EQ(text_of(seen.reporting_mta), "mx.example.com");
        EXPECT_EQ(text_of(seen.envid), "QQ7");
        EXPECT_EQ(text_of(seen.arrival), "Tue, 14 Nov 2023 22:13:19 +0000");
        EXPECT_EQ(text_of(seen.message_id), "<1@client.example>");
        EXPECT_EQ(seen.flags, POSTERN_REPORT_CUT);
        const auto about = records_of<postern_reported>(seen.reported);
        ASSERT_THAT(about, SizeIs(1));
        expect_one(about[0]);
    });
}

} // namespace
} // namespace postern::daemon
