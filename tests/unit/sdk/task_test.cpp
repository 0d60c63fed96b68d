// Coroutines answer by ticket, wake once, unwind always, and keep sessions apart.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <latch>
#include <stdexcept>
#include <thread>

#include <unistd.h>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

/// Counts the frames that are alive, by an object in each.
struct alive {
    explicit alive(std::atomic<int>& count) : count_{&count} { ++count; }
    alive(const alive& other) : count_{other.count_} { ++*count_; }
    alive& operator=(const alive&) = delete;
    ~alive() { --*count_; }
    std::atomic<int>* count_;
};
std::atomic<int> frames{0}; // of this program; every test leaves it at 0

class slow {
public:
    explicit slow(const postern::host& host) : host_{host} {}

    postern::task<postern::verdict> on(postern::rcpt event)
    {
        const alive here{frames};
        co_await host_.sleep(2s);
        const std::string text = co_await describe(event.recipient().substr(0, 3));
        co_await host_.resume_on_session();
        co_return postern::defer(451, "4.7.1", text);
    }
    postern::task<postern::verdict> on(postern::mail event)
    {
        const alive here{frames};
        if (event.sender() == "at-once@x")
            co_return postern::reject(550, "", "at once");
        if (event.sender() == "throws@x")
            throw std::runtime_error("broke at once");
        co_await host_.sleep(1s);
        if (event.sender() == "throws-later@x")
            throw std::runtime_error("broke later");
        if (event.sender() == "throws-odd@x")
            throw 7;
        co_await nested_failure(event.sender() == "nested@x");
        co_return postern::proceed();
    }

private:
    postern::task<std::string> describe(std::string_view part)
    {
        const alive here{frames};
        std::string text{part};
        co_await host_.sleep(1s);
        co_return text + "...";
    }
    postern::task<> nested_failure(bool is_wanted)
    {
        const alive here{frames};
        co_await host_.sleep(0s);
        if (is_wanted)
            throw std::runtime_error("broke within");
    }

    postern::host host_;
};
constexpr postern_plugin table = postern::sdk::describe<slow>("org.example.slow", "1.0", "test");

class task : public testing::Test {
protected:
    task() { EXPECT_EQ(host_.create(), POSTERN_PASS); }
    ~task() override
    {
        host_.destroy();
        EXPECT_EQ(frames, 0);
        EXPECT_THAT(host_.complaints(), IsEmpty());
    }
    fake_host host_{table};
    fake_session session_{host_};
};

TEST_F(task, answers_its_ticket_when_its_time_has_come)
{
    const answer said = session_.rcpt("someone@example.org");
    ASSERT_TRUE(said.is_pending());
    host_.advance(1999ms);
    EXPECT_EQ(frames, 1);
    host_.advance(1ms);
    EXPECT_EQ(frames, 2); // the awaited task
    EXPECT_TRUE(host_.answer_to(said.ticket).is_pending());
    host_.advance(1s);
    const answer later = host_.answer_to(said.ticket);
    EXPECT_TRUE(later.defers());
    EXPECT_EQ(later.text, "som...");
    EXPECT_EQ(frames, 0);
    EXPECT_EQ(host_.waiting(), 0u);
}

TEST_F(task, that_never_waits_answers_within_the_call)
{
    const answer said = session_.mail("at-once@x");
    EXPECT_TRUE(said.rejects());
    EXPECT_EQ(said.text, "at once");
}

TEST_F(task, that_throws_at_once_later_or_within_fails_its_ticket_and_says_why)
{
    const answer at_once = session_.mail("throws@x");
    EXPECT_TRUE(at_once.is_failed());
    EXPECT_EQ(at_once.text, "broke at once");
    const answer later = session_.mail("throws-later@x");
    const answer odd = session_.mail("throws-odd@x");
    const answer nested = session_.mail("nested@x");
    const answer fine = session_.mail("fine@x");
    host_.advance(2s);
    for (const auto& [which, why] : {std::pair{later, "broke later"}, std::pair{odd, "it threw what is no std::exception"},
                                     std::pair{nested, "broke within"}}) {
        EXPECT_TRUE(host_.answer_to(which.ticket).is_failed());
        EXPECT_EQ(host_.answer_to(which.ticket).text, why);
    }
    EXPECT_TRUE(host_.answer_to(fine.ticket).proceeds());
    EXPECT_THAT(host_.log_lines(), IsEmpty()) << "the host has the texts";
}

TEST_F(task, unwinds_when_its_session_ends_at_any_await)
{
    const std::vector<std::chrono::nanoseconds> progress = {0s, 2s, 3s};
    for (std::uint64_t id = 10; id < 10 + progress.size(); ++id) {
        fake_session session{host_, id};
        static_cast<void>(session.rcpt("someone@example.org"));
        host_.advance(progress[id - 10] - (id == 12 ? 1ns : 0ns));
        EXPECT_GT(frames, 0);
        session.end_session();
        EXPECT_EQ(frames, 0);
    }
    EXPECT_EQ(host_.waiting(), 0u);
    EXPECT_THAT(host_.log_lines(), IsEmpty()); // nobody failed
}

TEST_F(task, past_its_deadline_ends_without_harm)
{
    const answer said = session_.rcpt("someone@example.org");
    host_.withdraw(said.ticket);
    host_.advance(10s);
    EXPECT_TRUE(host_.answer_to(said.ticket).is_late());
    EXPECT_EQ(frames, 0);
}

TEST_F(task, unwinds_with_its_instance)
{
    static_cast<void>(session_.rcpt("someone@example.org"));
    EXPECT_EQ(frames, 1);
    host_.destroy_at_once(); // a host that ends an instance without ending its sessions
    EXPECT_EQ(frames, 0);
}

TEST_F(task, without_a_session_to_wait_in_fails_at_once)
{
    fake_session nowhere{host_, 0};
    const answer said = nowhere.rcpt("someone@example.org");
    EXPECT_TRUE(said.is_failed());
    EXPECT_EQ(said.text, "host.sleep() in a task of no session, which nobody can wake: begin the rest by host.after()");
}

TEST_F(task, ignores_a_wake_that_it_never_asked_for)
{
    postern_ev_wake record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_WAKE;
    record.token = (std::uint64_t{1} << 63) | 12345;
    EXPECT_EQ(table.handle(host_.self(), &record.ev), POSTERN_PASS);
}

TEST_F(task, keeps_many_sessions_apart_on_several_threads)
{
    constexpr unsigned threads = 4;
    constexpr unsigned rounds = 200;
    std::latch go{threads};
    std::vector<std::vector<std::pair<std::uint64_t, std::string>>> asked(threads);
    {
        std::vector<std::jthread> running;
        for (unsigned t = 0; t < threads; ++t) {
            running.emplace_back([&, t] {
                go.arrive_and_wait();
                for (unsigned i = 0; i < rounds; ++i) {
                    fake_session session{host_, 1000 + t * rounds + i};
                    const std::string name = std::to_string(100 + i % 900);
                    const answer said = session.rcpt(name + "@x");
                    if (i % 3 == 0)
                        session.end_session();
                    else
                        asked[t].emplace_back(said.ticket, name + "...");
                }
            });
        }
    }
    host_.advance(1min);
    for (const auto& list : asked) {
        for (const auto& [ticket, text] : list)
            EXPECT_EQ(host_.answer_to(ticket).text, text);
    }
    EXPECT_EQ(frames, 0);
}

/// A thread that a plugin owns, with work to do in its order.
class worker {
public:
    worker() : thread_{[this](const std::stop_token& stop) { run(stop); }} {}

    void post(std::function<void()> work)
    {
        {
            const std::lock_guard lock{mutex_};
            work_ = std::move(work);
        }
        changed_.notify_one();
    }

private:
    void run(const std::stop_token& stop)
    {
        std::unique_lock lock{mutex_};
        while (changed_.wait(lock, stop, [&] { return work_ != nullptr; })) {
            auto work = std::exchange(work_, nullptr);
            lock.unlock();
            work();
            lock.lock();
        }
    }
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::function<void()> work_;
    std::jthread thread_; // last: it ends before what it uses
};

/// Goes elsewhere and comes back.
class traveller {
public:
    explicit traveller(const postern::host& host) : host_{host} {}
    postern::task<postern::verdict> on(postern::mail event)
    {
        const alive here{frames};
        const auto home = ::gettid(); // clang takes pthread_self() for a constant, even across a co_await
        co_await elsewhere{worker_};
        const bool went = ::gettid() != home;
        co_await host_.resume_on_session();
        const bool is_back = ::gettid() == home;
        co_return postern::reject(went && is_back ? 550 : 554, "", std::string{event.sender()});
    }

private:
    struct elsewhere {
        worker& where;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> frame) const
        {
            where.post([frame] { frame.resume(); });
        }
        void await_resume() const noexcept {}
    };
    postern::host host_;
    worker worker_; // joined before anything else of the plugin goes
};
constexpr postern_plugin travelling = postern::sdk::describe<traveller>("org.example.traveller", "1.0", "test");

TEST(resume_on_session, brings_a_coroutine_back_from_another_thread)
{
    fake_host host{travelling};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    const answer said = session.mail("a@b");
    while (host.waiting() == 0) // the other thread asks for its wake
        std::this_thread::yield();
    host.advance(0s);
    EXPECT_EQ(host.answer_to(said.ticket).smtp_code, 550u);
    EXPECT_EQ(host.answer_to(said.ticket).text, "a@b");
    EXPECT_EQ(frames, 0);
}

TEST(resume_on_session, unwinds_on_the_other_thread_when_the_session_has_ended)
{
    for (int round = 0; round < 100; ++round) { // the end comes before, during or after the request
        fake_host host{travelling};
        ASSERT_EQ(host.create(), POSTERN_PASS);
        fake_session session{host};
        static_cast<void>(session.mail("a@b"));
        session.end_session();
        host.destroy(); // joins the worker
        ASSERT_EQ(frames, 0);
    }
}

} // namespace
