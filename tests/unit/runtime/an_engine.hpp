#pragma once
// The delivery engine on a clock that the test moves, with a next hop that puts off whom it is told to, and a plugin if it is
// wanted. Timers of the system are not waited for: refresh() is what they would do.

#include "core/runtime/delivery_engine.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/next_hop.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::test {

using namespace std::chrono_literals;

class an_engine : public ::testing::Test {
protected:
    void start()
    {
        const auto current = std::make_shared<runtime::generation>();
        current->delivery.hostname = "mx.example";
        current->delivery.relay = hop_.address();
        current->delivery.pools = pools_;
        if (plugin_) {
            std::vector<hooks::link> links;
            links.push_back({.who = plugin_, .may = may_});
            current->delivery_chain = std::make_shared<hooks::chain>(std::move(links));
        } else {
            current->delivery_chain = std::make_shared<hooks::chain>();
        }
        current->retry = policy_;
        engine_.reset();
        current_.store(current);
        metrics_ = std::make_unique<base::metrics>();
        engine_ = std::make_unique<runtime::delivery_engine>(current_, store_, base::log{lines_}, *metrics_, notices_, clock_, 1,
                                                             runtime::trace_home{live_, nullptr, clock_});
        ASSERT_TRUE(engine_->load());
        engine_->start({});
    }
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
        const auto limit = std::chrono::steady_clock::now() + 30s;
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
    [[nodiscard]] std::chrono::milliseconds longest() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(policy_.retry.back() * (1 + policy_.jitter));
    }

    manual_clock clock_;
    memory_log lines_;
    memory_store store_;
    queue::retry_policy policy_; // the usual one
    std::map<std::string, delivery::source_pool, std::less<>> pools_;
    std::shared_ptr<hooks::plugin> plugin_; ///< of the chain of deliveries; null: there is none
    hooks::permissions may_;
    /// The last EHLO line at the next hop.
    [[nodiscard]] std::string introduced()
    {
        const std::lock_guard lock{heard_};
        return introduced_;
    }

    std::mutex heard_;
    std::string introduced_;
    std::atomic<int> asked_{0}; // RCPT commands at the next hop
    std::atomic<bool> takes_all_{false};
    next_hop hop_{[this](hop_stage at, std::string_view line) {
        if (at == hop_stage::ehlo) {
            const std::lock_guard lock{heard_};
            introduced_ = line;
        }
        if (at != hop_stage::rcpt)
            return hop_answer{};
        ++asked_;
        return line.find("<busy") != line.npos && !takes_all_ ? hop_answer{.reply = "451 4.2.1 busy, come later"} : hop_answer{};
    }};
    runtime::published current_{nullptr};
    std::unique_ptr<base::metrics> metrics_;
    runtime::notice_board notices_{clock_};
    runtime::tracer live_{clock_};
    std::uint64_t last_ = 0;
    std::unique_ptr<runtime::delivery_engine> engine_;
};

} // namespace postern::test
