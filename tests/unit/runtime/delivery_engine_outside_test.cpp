// Messages by their recipients' domains: those whose destination is closed wait outside of it, unread, and those whose
// destination is reached go there one after the other.

#include "tests/unit/runtime/an_engine.hpp"

#include "tests/support/dns_peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;

class an_engine_of_many_domains : public an_engine {
protected:
    void change(generation& what) override
    {
        what.delivery.relay.clear();
        what.delivery.mx_port = hop_.port();
        what.delivery.mx_loopback = true;
        what.delivery.tls = delivery::tls_mode::none;
        what.delivery.concurrency = concurrency_;
        what.names = std::make_shared<io::resolver_thread>(io::resolver_settings{{names_.address()}, {}}, base::log{lines_});
    }
    /// As another process has left it.
    void store(std::string recipient)
    {
        queue::record what;
        what.envelope.envelope.from.address = "a@client.example";
        what.envelope.envelope.to.push_back({std::move(recipient), {}, {}, {}});
        what.envelope.received = clock_.wall();
        what.envelope.size = 2;
        what.state = queue::fresh_state(1);
        store_.commit(base::message_id{++last_}, queue::encode(what.envelope), queue::encode(what.state), "\r\n", {},
                      [](const base::result<void>& done) { EXPECT_TRUE(done); });
    }
    /// That are outside, or wait for their next attempt.
    [[nodiscard]] std::size_t waiting()
    {
        const auto all = engine_->list({}, 1000);
        return static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& each) { return each.state == "deferred"; }));
    }
    [[nodiscard]] std::size_t outside()
    {
        const auto all = engine_->list({}, 1000);
        return static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& each) { return !each.waits_for.empty(); }));
    }

    std::uint32_t concurrency_ = 100;
    std::atomic<bool> is_dead_alive_{false};
    /// Each domain is its own host. Where dead.example is, nobody listens.
    test::dns_peer names_{[this](const std::string& name, std::uint16_t type) -> test::dns_said {
        constexpr std::uint16_t type_a = 1;
        const char last = name == "dead.example" && !is_dead_alive_ ? '\x09' : '\x01';
        return type == type_a ? test::dns_said{0, {{name, type_a, {'\x7f', '\0', '\0', last}, 0}}} : test::dns_said{};
    }};
};

TEST_F(an_engine_of_many_domains, reads_one_of_the_messages_for_a_destination_that_cannot_be_reached)
{
    constexpr std::size_t messages = 50;
    start();
    for (std::size_t i = 0; i < messages; ++i)
        (void)accept("u@dead.example");
    until([&] { return waiting() == messages && outside() == messages - 1; }); // one has found that nobody is there
    EXPECT_EQ(lines_.count("destination_rests"), 1);
    for (const auto& each : engine_->list({}, messages)) {
        EXPECT_EQ(each.attempts, each.waits_for.empty() ? 1U : 0U);
        EXPECT_LE(*each.next_attempt, each.received + policy_.warn) << "its sender has to hear of it then";
    }

    start(); // another process, which knows nothing of that
    clock_.pass(1ms);
    until([&] { return waiting() == messages; });
    const auto before = store_.fetches();
    for (int i = 0; i < 10; ++i)
        look_at_the_clock(); // the generation is a new one each time, and all come and see
    EXPECT_EQ(store_.fetches(), before) << "nobody reads what cannot go";
    EXPECT_EQ(lines_.count("attempt=1"), 2) << "one for each process, and none was counted for the others";

    is_dead_alive_ = true;
    clock_.pass(1h);
    look_at_the_clock();
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(hop_.count(), messages) << "none is lost, none comes twice";
}

TEST_F(an_engine_of_many_domains, has_the_sender_told_of_what_waits_outside_in_time)
{
    start();
    (void)accept("u@dead.example");
    until([&] { return waiting() == 1; });
    const auto second = accept("u@dead.example");
    until([&] { return outside() == 1; });
    const auto until_then = engine_->show(second)->next_attempt;
    EXPECT_EQ(until_then, engine_->show(second)->received + policy_.warn);
    clock_.pass_until(*until_then);
    engine_->refresh();
    until([&] { return hop_.count() == 2; }); // both are late
    for (const auto& each : hop_.arrived())
        EXPECT_NE(each.content.find("Action: delayed\r\n"), std::string::npos);
    until([&] { return waiting() == 2; });
}

TEST_F(an_engine_of_many_domains, sends_what_waits_outside_when_an_operator_says_so)
{
    start();
    for (int i = 0; i < 3; ++i)
        (void)accept("u@dead.example");
    until([&] { return waiting() == 3 && outside() == 2; });
    const auto all = engine_->list({}, 3);
    const auto one = std::ranges::find_if(all, [](const auto& each) { return !each.waits_for.empty(); });
    EXPECT_EQ(one->waits_for, "dead.example");
    EXPECT_TRUE(engine_->change(one->id, server::queue_command::hold));
    EXPECT_EQ(engine_->show(one->id)->state, "held");
    EXPECT_TRUE(engine_->change(one->id, server::queue_command::release));
    until([&] { return outside() == 2; });
    is_dead_alive_ = true;
    EXPECT_TRUE(engine_->change(one->id, server::queue_command::retry));
    EXPECT_TRUE(hop_.wait_for(2)) << "and who else waits outside comes behind it";
    EXPECT_EQ(engine_->flush(), 1U) << "the one that was tried has its own time";
    until([&] { return engine_->list({}, 1).empty(); });
    EXPECT_EQ(hop_.count(), 3U);
}

TEST_F(an_engine_of_many_domains, sends_the_next_for_a_destination_while_it_has_a_connection_there)
{
    constexpr int domains = 40;
    constexpr int each = 5;
    concurrency_ = 1;
    for (int i = 0; i < domains * each; ++i)
        store(fmt::format("u@d{}.example", i % domains));
    start();
    until([&] { return engine_->list({}, 1).empty(); });
    const auto arrived = hop_.arrived();
    ASSERT_EQ(arrived.size(), static_cast<std::size_t>(domains * each));
    const auto is_for = [&](int domain) {
        return [to = fmt::format("u@d{}.example", domain)](const auto& one) { return one.recipients.front() == to; };
    };
    const auto last_of_first = std::find_if(arrived.rbegin(), arrived.rend(), is_for(0)).base();
    const auto first_of_last = std::ranges::find_if(arrived, is_for(domains - 1));
    EXPECT_LE(last_of_first, first_of_last) << "though it was stored long before";
    EXPECT_EQ(hop_.connections(), static_cast<std::size_t>(domains));
}

} // namespace
} // namespace postern::runtime
