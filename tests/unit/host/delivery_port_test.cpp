// A transport that waits: the delivery job is a session of its own, with wakes, a cookie and an end.

#include "core/host/plugin_transport.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/delivery.h>
#include <postern/plugin.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using namespace std::chrono_literals;
using delivery::recipient_result;
using kind = recipient_result::kind;

constexpr base::session_id job{5};

/// Delivers two recipients and waits for the result.
std::vector<recipient_result> deliver(delivery::transport& by)
{
    const std::vector<std::string> to{"b@example.com", "c@example.com"};
    std::promise<std::vector<recipient_result>> got;
    by.deliver({job, base::message_id{9}, "a@b", to, nullptr},
               [&got](std::vector<recipient_result> results) { got.set_value(std::move(results)); });
    return got.get_future().get();
}

std::atomic<int> frames{0}; // of coroutines that live; every test leaves it at 0
std::atomic<int> boxes{0};  // of plugins that live

struct alive {
    alive() { ++frames; }
    alive(const alive&) = delete;
    alive& operator=(const alive&) = delete;
    ~alive() { --frames; }
};

/// Sleeps twice as long as its option says.
template <std::uint32_t Flags>
class sleepy_box {
public:
    static constexpr std::uint32_t flags = Flags;
    explicit sleepy_box(const postern::host& host) : host_{host}, nap_{host.config("nap", std::chrono::nanoseconds{1ms})}
    {
        ++boxes;
    }
    sleepy_box(const sleepy_box&) = delete;
    sleepy_box& operator=(const sleepy_box&) = delete;
    ~sleepy_box() { --boxes; }
    postern::task<postern::delivery_report> on(postern::deliver event)
    {
        const alive here;
        co_await host_.sleep(nap_);
        co_await host_.sleep(nap_);
        co_return postern::delivered("for " + std::to_string(event.recipients().size()));
    }

private:
    postern::host host_;
    std::chrono::nanoseconds nap_;
};
constexpr postern_plugin plain_box = sdk::describe<sleepy_box<0>>("org.example.box", "1", "test");
constexpr postern_plugin blocking_box = sdk::describe<sleepy_box<postern::blocking>>("org.example.blocking-box", "1", "test");

class a_coroutine_that_delivers : public ::testing::TestWithParam<const postern_plugin*> {
protected:
    /// A thread of the plugin's may be the last to let go of it, and logs until then.
    ~a_coroutine_that_delivers() override
    {
        instance_.reset();
        while (boxes != 0)
            std::this_thread::yield();
    }
    void make(std::chrono::nanoseconds nap)
    {
        std::string why;
        option_value option;
        option.key = "nap";
        option.number = nap.count();
        option.kind = POSTERN_OPTION_DURATION;
        instance_ = plugin_instance::create(plugin_library::linked_in(*GetParam(), "box", why),
                                            {"box", {option}, {"postern.toml", 7}, 1}, base::log{log_}, found_);
        ASSERT_NE(instance_, nullptr) << why;
    }
    std::vector<recipient_result> deliver_within(std::chrono::nanoseconds patience)
    {
        plugin_transport transport{instance_, std::make_shared<deadline_timer>(), patience};
        return deliver(transport);
    }
    /// On whichever thread the last of it runs.
    static void expect_all_frames_to_end()
    {
        while (frames != 0)
            std::this_thread::yield();
    }

    postern::test::memory_log log_;
    problems found_;
    std::shared_ptr<plugin_instance> instance_;
};

TEST_P(a_coroutine_that_delivers, may_sleep)
{
    make(1ms);
    const auto face = abi_plugin::over(instance_);
    const auto results = deliver_within(10min);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[1].result, kind::delivered);
    EXPECT_EQ(results[1].text, "for 2");
    face->session_ended(job);
    expect_all_frames_to_end();
}

TEST_P(a_coroutine_that_delivers, and_sleeps_too_long_is_unwound_when_the_job_ends)
{
    make(1h);
    const auto face = abi_plugin::over(instance_);
    EXPECT_EQ(deliver_within(1ms).at(0).result, kind::deferred);
    face->session_ended(job);
    expect_all_frames_to_end();
}

// Such as in a host of another make: silence until the deadline would be a mystery.
TEST_P(a_coroutine_that_delivers, and_cannot_be_woken_fails_at_once)
{
    make(1ms);
    EXPECT_EQ(deliver_within(10min).at(0).result, kind::deferred);
    expect_all_frames_to_end();
    EXPECT_TRUE(log_.contains("transport.failed plugin=box cause=it says that it failed"));
}

INSTANTIATE_TEST_SUITE_P(of_each_kind, a_coroutine_that_delivers, ::testing::Values(&plain_box, &blocking_box),
                         [](const auto& tested) { return tested.param == &plain_box ? "plain" : "blocking"; });

class a_delivery_job : public ::testing::TestWithParam<std::uint32_t> {
protected:
    a_delivery_job()
    {
        script.flags = GetParam();
        script.provides = {POSTERN_DELIVERY_1};
    }
    void note(const std::string& what)
    {
        const std::scoped_lock lock{guard_};
        heard_.push_back(what);
    }
    postern_status answer(std::uint64_t ticket)
    {
        postern_deliver_reply out{};
        out.base.size = sizeof out;
        return script.core->reply(script.host, ticket, &out.base);
    }

    std::promise<void> over; // before the script, whose end waits for calls that still run
    std::mutex guard_;
    std::vector<std::string> heard_;
    scripted_plugin script;
};

TEST_P(a_delivery_job, has_a_cookie_wakes_and_an_end_in_order)
{
    std::uint64_t ticket = 0;
    std::atomic<int> inside{0};
    script.on = [&](const postern_event& event) {
        EXPECT_EQ(++inside, 1) << "two calls at a time for one session";
        EXPECT_EQ(event.session, job.value);
        switch (event.hook) {
        case POSTERN_HOOK_DELIVER:
            ticket = event.ticket;
            EXPECT_EQ(script.core->set_cookie(script.host, event.session, 42), POSTERN_PASS);
            EXPECT_EQ(script.core->wake(script.host, event.session, 8, 3'600'000'000'000), POSTERN_PASS);
            for (std::uint64_t token = 1; token <= 7; ++token)
                EXPECT_EQ(script.core->wake(script.host, event.session, token, token * 1000), POSTERN_PASS);
            note("deliver");
            break;
        case POSTERN_HOOK_WAKE: {
            const auto token = as<postern_ev_wake>(event).token;
            EXPECT_EQ(event.cookie, 42U);
            note((event.flags == POSTERN_WAKE_CANCELLED ? "cancelled " : "wake ") + std::to_string(token));
            if (token == 7) {
                EXPECT_EQ(answer(ticket), POSTERN_PASS);
            }
            break;
        }
        case POSTERN_HOOK_SESSION_END:
            EXPECT_EQ(event.cookie, 42U);
            note("end");
            over.set_value();
            break;
        default:
            note("?");
        }
        --inside;
        return event.hook == POSTERN_HOOK_DELIVER ? POSTERN_TAKEN : POSTERN_PASS;
    };
    const auto face = script.make();
    plugin_transport transport{face->instance().shared_from_this(), std::make_shared<deadline_timer>(), 10min};
    EXPECT_EQ(deliver(transport).at(0).result, kind::delivered);
    face->session_ended(job);
    over.get_future().wait();
    const std::scoped_lock lock{guard_};
    EXPECT_THAT(heard_, ::testing::ElementsAre("deliver", "wake 1", "wake 2", "wake 3", "wake 4", "wake 5", "wake 6", "wake 7",
                                               "cancelled 8", "end"));
    EXPECT_EQ(script.core->wake(script.host, job.value, 9, 0), POSTERN_E_STALE);
}

// A queue.route of the same plugin came first: the session is the attempt's, and so is the way to wake it.
TEST_P(a_delivery_job, that_a_hook_has_opened_keeps_its_port)
{
    script.on = [&](const postern_event& event) {
        if (event.hook == POSTERN_HOOK_DELIVER) {
            EXPECT_EQ(script.core->wake(script.host, event.session, 3, 1000), POSTERN_PASS);
            EXPECT_EQ(answer(event.ticket), POSTERN_PASS);
            return POSTERN_TAKEN;
        }
        if (event.hook == POSTERN_HOOK_SESSION_END)
            over.set_value();
        return POSTERN_PASS;
    };
    script.subscriptions = {POSTERN_HOOK_ROUTE};
    const auto face = script.make();
    scene here;
    auto route = here.event(hooks::hook_point::queue_route);
    route.session = job;
    route.connection = nullptr;
    (void)here.call(*face, route);
    plugin_transport transport{face->instance().shared_from_this(), std::make_shared<deadline_timer>(), 10min};
    EXPECT_EQ(deliver(transport).at(0).result, kind::delivered);
    face->session_ended(job);
    over.get_future().wait();
    ASSERT_EQ(here.port->wakes.size(), 1U);
    EXPECT_EQ(here.port->wakes[0].token, 3U);
}

INSTANTIATE_TEST_SUITE_P(of_each_kind, a_delivery_job, ::testing::Values(0U, POSTERN_PLUGIN_BLOCKING, POSTERN_PLUGIN_SERIAL),
                         [](const auto& tested) {
                             return tested.param == 0 ? "plain" : tested.param == POSTERN_PLUGIN_SERIAL ? "serial" : "blocking";
                         });

} // namespace
} // namespace postern::daemon
