#include "core/host/plugin_transport.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/delivery.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using delivery::recipient_result;
using kind = recipient_result::kind;

class text_blob final : public base::blob_source {
public:
    [[nodiscard]] std::uint64_t size() const noexcept override { return 5; }
    [[nodiscard]] std::int64_t read(std::uint64_t offset, char* to, std::size_t length) noexcept override
    {
        return static_cast<std::int64_t>(std::string_view{"hello"}.copy(to, length, static_cast<std::size_t>(offset)));
    }
};

class a_plugin_transport : public ::testing::Test {
protected:
    std::vector<recipient_result> deliver(std::chrono::nanoseconds patience = std::chrono::minutes{10})
    {
        if (!instance_)
            instance_ = script.make_instance();
        plugin_transport transport{instance_, timer_, patience};
        const auto got = std::make_shared<std::promise<std::vector<recipient_result>>>();
        transport.deliver({base::session_id{5}, base::message_id{9}, "a@b", to_, &blob_},
                          [got](std::vector<recipient_result> results) {
                              got->set_value(std::move(results)); // twice would throw
                          });
        return got->get_future().get();
    }
    postern_status reply(std::uint64_t ticket, std::vector<postern_delivery_result> results,
                         std::uint32_t verdict = POSTERN_CONTINUE) const
    {
        postern_deliver_reply out{};
        out.base.size = sizeof out;
        out.base.verdict = verdict;
        out.results = {results.data(), static_cast<std::uint32_t>(results.size()), sizeof(postern_delivery_result)};
        return script.core->reply(script.host, ticket, &out.base);
    }

    std::promise<void> go; // before the script, whose end waits for calls that still run
    scripted_plugin script;
    std::shared_ptr<plugin_instance> instance_;
    std::shared_ptr<deadline_timer> timer_ = std::make_shared<deadline_timer>();
    std::vector<std::string> to_{"b@example.com", "c@example.com"};
    text_blob blob_;
};

TEST_F(a_plugin_transport, hands_over_the_message)
{
    script.on = [&](const postern_event& event) {
        const auto& job = as<postern_ev_deliver>(event);
        EXPECT_EQ(event.session, 5U);
        EXPECT_GT(event.deadline_ns, 0);
        EXPECT_EQ(text_of(job.message), base::to_text(base::message_id{9}));
        EXPECT_EQ(text_of(job.sender), "a@b");
        EXPECT_EQ(text_of(records_of<postern_str>(job.recipients).at(1)), "c@example.com");
        EXPECT_EQ(job.size_octets, 5U);
        const auto* blob = static_cast<const postern_blob_1*>(script.get(script.host, POSTERN_BLOB_1));
        char octets[8];
        EXPECT_EQ(blob->size(script.host, job.blob), 5);
        EXPECT_EQ(blob->read(script.host, job.blob, 1, octets, 8), 4);
        EXPECT_EQ(std::string(octets, 4), "ello");
        EXPECT_EQ(
            reply(event.ticket, {{POSTERN_CONTINUE, 250, {"2.0.0", 5}, {"kept", 4}}, {POSTERN_REJECT, 550, {}, {"full", 4}}}),
            POSTERN_PASS);
        EXPECT_EQ(blob->size(script.host, job.blob), POSTERN_E_STALE);
        return POSTERN_TAKEN;
    };
    const auto results = deliver();
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].result, kind::delivered);
    EXPECT_EQ(results[0].enhanced + results[0].text, "2.0.0kept");
    EXPECT_EQ(results[1].result, kind::failed);
    EXPECT_EQ(results[1].smtp_code, 550);
}

TEST_F(a_plugin_transport, takes_one_verdict_for_all)
{
    std::uint32_t verdict = POSTERN_CONTINUE;
    script.on = [&](const postern_event& event) {
        postern_deliver_reply out{};
        out.base.size = sizeof out;
        out.base.verdict = verdict;
        out.base.text = {"word", 4};
        EXPECT_EQ(script.core->reply(script.host, event.ticket, &out.base), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    for (const auto& [given, expected] : {std::pair{POSTERN_CONTINUE, kind::delivered},
                                          std::pair{POSTERN_TEMPFAIL, kind::deferred}, std::pair{POSTERN_REJECT, kind::failed}}) {
        verdict = given;
        for (const auto& each : deliver()) {
            EXPECT_EQ(each.result, expected);
            EXPECT_EQ(each.text, "word");
        }
    }
}

TEST_F(a_plugin_transport, defers_whatever_is_no_sound_answer)
{
    const auto is_deferred = [&] {
        const auto results = deliver();
        return results.size() == 2 && results[0].result == kind::deferred && results[1].result == kind::deferred;
    };
    script.on = [](const postern_event&) { return POSTERN_PASS; };
    EXPECT_TRUE(is_deferred());
    script.on = [](const postern_event&) { return POSTERN_E_PLUGIN; };
    EXPECT_TRUE(is_deferred());
    script.on = [](const postern_event&) -> postern_status { throw 1; };
    EXPECT_TRUE(is_deferred());
    const auto answers = [&](std::vector<postern_delivery_result> results, std::uint32_t verdict = POSTERN_CONTINUE) {
        script.on = [this, results, verdict](const postern_event& event) {
            EXPECT_EQ(reply(event.ticket, results, verdict), POSTERN_E_INVALID);
            return POSTERN_TAKEN;
        };
        return is_deferred();
    };
    const postern_delivery_result good{POSTERN_CONTINUE, 250, {}, {}};
    EXPECT_TRUE(answers({good}));
    EXPECT_TRUE(answers({good, good, good}));
    EXPECT_TRUE(answers({good, {POSTERN_DISCARD, 0, {}, {}}}));
    EXPECT_TRUE(answers({good, {POSTERN_REJECT, 1000, {}, {}}}));
    EXPECT_TRUE(answers({good, {POSTERN_REJECT, 550, {}, {nullptr, 4}}}));
    EXPECT_TRUE(answers({}, POSTERN_BROKEN + 1));
    script.on = [this](const postern_event& event) {
        EXPECT_EQ(script.reply(event.ticket, POSTERN_BROKEN, ""), POSTERN_PASS);
        return POSTERN_TAKEN;
    };
    EXPECT_TRUE(is_deferred());
    EXPECT_TRUE(script.log.contains("transport.failed plugin=scripted cause=it says that it failed"));
}

// A slip in the size would hide the results, and what is left of the record says "delivered".
TEST_F(a_plugin_transport, delivers_nothing_by_a_record_that_is_too_short_for_its_results)
{
    for (const std::size_t size : {sizeof(postern_reply), std::size_t{87}, std::size_t{0}}) {
        script.on = [&, size](const postern_event& event) {
            const postern_delivery_result each[] = {{POSTERN_TEMPFAIL, 451, {}, {}}, {POSTERN_TEMPFAIL, 451, {}, {}}};
            postern_deliver_reply out{};
            out.base.size = static_cast<std::uint32_t>(size);
            out.results = {each, 2, sizeof each[0]};
            EXPECT_EQ(script.core->reply(script.host, event.ticket, &out.base), POSTERN_E_INVALID);
            return POSTERN_TAKEN;
        };
        EXPECT_EQ(deliver().at(0).result, kind::deferred) << size;
    }
}

TEST_F(a_plugin_transport, reads_the_records_of_the_first_release_and_longer_ones)
{
    struct longer_result {
        postern_delivery_result result;
        std::uint64_t more;
    };
    struct longer_reply {
        postern_deliver_reply reply;
        std::uint64_t more;
    };
    const longer_result each[] = {{{POSTERN_CONTINUE, 250, {}, {}}, 7}, {{POSTERN_REJECT, 550, {}, {}}, 8}};
    const postern_delivery_result first[] = {each[0].result, each[1].result};
    for (const std::uint32_t size : {std::uint32_t{88}, std::uint32_t{sizeof(longer_reply)}}) {
        script.on = [&, size](const postern_event& event) {
            longer_reply out{};
            out.more = ~std::uint64_t{0};
            out.reply.base.size = size;
            out.reply.results = size == 88 ? postern_list{first, 2, 40} : postern_list{each, 2, sizeof each[0]};
            EXPECT_EQ(script.core->reply(script.host, event.ticket, &out.reply.base), POSTERN_PASS);
            return POSTERN_TAKEN;
        };
        const auto results = deliver();
        EXPECT_EQ(results.at(0).result, kind::delivered) << size;
        EXPECT_EQ(results.at(1).result, kind::failed) << size;
    }
}

TEST_F(a_plugin_transport, that_fails_after_its_answer_has_failed)
{
    for (const postern_status status : {POSTERN_E_PLUGIN, POSTERN_E_AGAIN, postern_status{17}}) {
        script.on = [&, status](const postern_event& event) {
            EXPECT_EQ(reply(event.ticket, {}, POSTERN_CONTINUE), POSTERN_PASS);
            return status;
        };
        EXPECT_EQ(deliver().at(0).result, kind::deferred) << status;
    }
    EXPECT_TRUE(script.log.contains("transport.failed plugin=scripted"));
}

TEST_F(a_plugin_transport, defers_after_silence_and_hears_nothing_later)
{
    std::uint64_t ticket = 0;
    script.on = [&](const postern_event& event) {
        ticket = event.ticket;
        return POSTERN_TAKEN;
    };
    for (const auto patience : {std::chrono::nanoseconds{0}, std::chrono::nanoseconds{1'000'000}}) {
        const auto results = deliver(patience);
        ASSERT_EQ(results.size(), 2U);
        EXPECT_EQ(results[1].result, kind::deferred);
        EXPECT_EQ(reply(ticket, {}), POSTERN_E_STALE);
    }
}

/// What is delivered by `transport`, later.
using answer = std::future<std::vector<recipient_result>>;
answer begin(plugin_transport& transport, const std::vector<std::string>& to, base::blob_source& blob)
{
    const auto got = std::make_shared<std::promise<std::vector<recipient_result>>>();
    transport.deliver({base::session_id{5}, base::message_id{9}, "a@b", to, &blob},
                      [got](std::vector<recipient_result> results) { got->set_value(std::move(results)); });
    return got->get_future();
}

TEST_F(a_plugin_transport, that_is_interrupted_defers_what_is_open_and_what_comes_later)
{
    for (const std::uint32_t flags : {std::uint32_t{0}, std::uint32_t{POSTERN_PLUGIN_BLOCKING}}) {
        script.flags = flags;
        const auto called = std::make_shared<std::promise<std::uint64_t>>(); // a blocking one may be called until the script ends
        script.on = [called, first = true](const postern_event& event) mutable {
            if (std::exchange(first, false))
                called->set_value(event.ticket);
            return POSTERN_TAKEN;
        };
        instance_ = script.make_instance();
        plugin_transport transport{instance_, timer_, std::chrono::hours{1}};
        auto first = begin(transport, to_, blob_);
        const auto ticket = called->get_future().get();
        transport.interrupt();
        EXPECT_EQ(first.get().at(1).result, kind::deferred);
        EXPECT_EQ(reply(ticket, {}), POSTERN_E_STALE);
        EXPECT_EQ(begin(transport, to_, blob_).get().at(0).result, kind::deferred) << "nobody interrupts twice";
    }
}

TEST_F(a_plugin_transport, that_blocks_delivers_on_its_own_threads)
{
    script.flags = POSTERN_PLUGIN_BLOCKING;
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(text_of(records_of<postern_str>(as<postern_ev_deliver>(event).recipients).at(0)), "b@example.com");
        (void)reply(event.ticket, {}, POSTERN_CONTINUE);
        return POSTERN_TAKEN;
    };
    EXPECT_EQ(deliver().at(0).result, kind::delivered);
    script.on = [](const postern_event&) { return POSTERN_E_PLUGIN; };
    EXPECT_EQ(deliver().at(0).result, kind::deferred);
}

TEST_F(a_plugin_transport, that_blocks_too_long_is_not_waited_for)
{
    script.flags = POSTERN_PLUGIN_BLOCKING;
    script.on = [&](const postern_event& event) {
        go.get_future().wait();
        EXPECT_EQ(reply(event.ticket, {}), POSTERN_E_STALE);
        return POSTERN_TAKEN;
    };
    EXPECT_EQ(deliver(std::chrono::milliseconds{1}).at(0).result, kind::deferred);
    go.set_value();
    // A deadline may even come before the job is begun, and then the plugin is not called at all.
    instance_.reset();
    while (script.destroyed == 0)
        std::this_thread::yield();
}

} // namespace
} // namespace postern::daemon
