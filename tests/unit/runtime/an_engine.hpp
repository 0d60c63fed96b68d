#pragma once
// The delivery engine on a clock that the test moves, with a next hop that puts off whom it is told to, and a plugin if one is
// wanted. Timers of the system are not waited for: refresh() is what they would do.

#include "core/runtime/delivery_engine.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/next_hop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::runtime {

class an_engine : public testing::Test {
protected:
    void start()
    {
        const auto current = std::make_shared<generation>();
        current->delivery.hostname = "mx.example";
        current->delivery.relay = hop_.address();
        current->delivery.pools = pools_;
        change(*current);
        std::vector<hooks::link> links;
        if (plugin_)
            links.push_back(
                {.who = plugin_, .deadline = std::chrono::hours{24 * 3650}}); // the clock of deadlines is the system's
        current->delivery_chain = std::make_shared<hooks::chain>(std::move(links));
        current->retry = policy_;
        engine_.reset();
        current_.store(current);
        metrics_ = std::make_unique<base::metrics>();
        engine_ = std::make_unique<delivery_engine>(current_, store_, base::log{lines_}, *metrics_, notices_, clock_, 1,
                                                    trace_home{live_, nullptr, clock_});
        ASSERT_TRUE(engine_->load());
        engine_->start({});
    }
    /// Before what a test's own plugin uses goes away.
    void TearDown() override { engine_.reset(); }
    /// What a test wants otherwise in the configuration.
    virtual void change(generation& /*what*/) {}
    /// What a session does with a message.
    base::message_id accept(std::string recipient, std::optional<base::wall_time> release_at = {})
    {
        const std::string head = "Subject: hi\r\n\r\n";
        queue::record what;
        what.envelope.envelope.from.address = "a@client.example";
        what.envelope.envelope.to.push_back({std::move(recipient), {}, {}, {}});
        what.envelope.received = clock_.wall();
        what.envelope.size = head.size();
        what.state = queue::fresh_state(1);
        what.state.next_attempt = release_at;
        const base::message_id id{++last_};
        store_.commit(id, queue::encode(what.envelope), queue::encode(what.state), head, {},
                      [](const base::result<void>& done) { EXPECT_TRUE(done); });
        engine_->enqueue(id, std::move(what));
        return id;
    }
    void until(const std::function<bool()>& holds)
    {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        while (!holds()) {
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it did not happen";
            round_trip();
        }
    }
    /// What was posted to the engine's thread before has begun.
    void round_trip() { (void)engine_->list({}, 0); }
    /// All that is in the queue waits, having been tried `attempts` times, or has left it.
    void until_all_wait(std::uint32_t attempts)
    {
        until([&] {
            const auto all = engine_->list({}, 1000);
            return std::ranges::all_of(all,
                                       [&](const auto& each) { return each.state == "deferred" && each.attempts == attempts; });
        });
    }
    void look_at_the_clock()
    {
        engine_->refresh();
        round_trip();
    }
    [[nodiscard]] std::string introduced()
    {
        const std::lock_guard lock{heard_};
        return introduced_;
    }
    [[nodiscard]] std::chrono::milliseconds longest() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(policy_.retry.back() * (1 + policy_.jitter));
    }

    test::manual_clock clock_;
    test::memory_log lines_;
    test::memory_store store_;
    queue::retry_policy policy_; // the usual one
    std::map<std::string, delivery::source_pool, std::less<>> pools_;
    std::shared_ptr<hooks::plugin> plugin_; ///< of the chain of deliveries; null: there is none
    std::mutex heard_;
    std::string introduced_;    ///< the last EHLO line at the next hop
    std::atomic<int> asked_{0}; // RCPT commands at the next hop
    std::atomic<bool> takes_all_{false};
    test::next_hop hop_{[this](test::hop_stage at, std::string_view line) {
        if (at == test::hop_stage::ehlo) {
            const std::lock_guard lock{heard_};
            introduced_ = line;
        }
        if (at != test::hop_stage::rcpt)
            return test::hop_answer{};
        ++asked_;
        return line.find("<busy") != line.npos && !takes_all_ ? test::hop_answer{.reply = "451 4.2.1 busy, come later"}
                                                              : test::hop_answer{};
    }};
    published current_{nullptr};
    std::unique_ptr<base::metrics> metrics_;
    notice_board notices_{clock_};
    tracer live_{clock_};
    std::uint64_t last_ = 0;
    std::unique_ptr<delivery_engine> engine_;
};

} // namespace postern::runtime
