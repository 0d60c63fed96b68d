// What plugins say to the transactions with one next hop, without a next hop: where it is left to the attempt what follows.

#include "core/runtime/conversation.hpp"

#include "tests/support/lambda_plugin.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/memory_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace postern::runtime {
namespace {

using namespace std::chrono_literals;
using hooks::call_result;
using hooks::call_status;
using hooks::hook_point;
using hooks::verdict_kind;
using test::asked;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr call_result answered{call_status::answered};

call_result refuse(const asked& about, verdict_kind verdict, std::string enhanced = {}, bool wants_next_host = false)
{
    about.answer.verdict = verdict;
    about.answer.enhanced = std::move(enhanced);
    about.answer.text = "so says the plugin";
    if (wants_next_host) {
        hooks::outgoing_reply more;
        more.next_host = true;
        about.answer.out = std::make_shared<const hooks::outgoing_reply>(std::move(more));
    }
    return answered;
}

call_result name_pool(const asked& about, std::string pool)
{
    hooks::outgoing_reply more;
    more.pool = std::move(pool);
    about.answer.out = std::make_shared<const hooks::outgoing_reply>(std::move(more));
    return answered;
}

call_result give_socket(const asked& about, std::shared_ptr<base::descriptor> socket)
{
    hooks::outgoing_reply more;
    more.socket = std::move(socket);
    about.answer.out = std::make_shared<const hooks::outgoing_reply>(std::move(more));
    return answered;
}

call_result weigh(const asked& about, verdict_kind verdict, std::chrono::milliseconds rest)
{
    const auto said = std::make_shared<hooks::shaping_reply>();
    said->wait = rest;
    about.answer.shape = said;
    about.answer.verdict = verdict;
    about.answer.text = "they mean later";
    return answered;
}

class a_conversation : public ::testing::Test {
protected:
    a_conversation()
    {
        current_->delivery.hostname = "mx.example";
        current_->delivery.tls = delivery::tls_mode::opportunistic;
        current_->delivery.pools = {{"bulk", {}}, {"usual", {}}};
        message_.envelope.from.address = "a@client.example";
        for (const auto* to : {"b@example.com", "c@example.com"})
            message_.envelope.to.push_back({to, {}, {}, {}});
        record_.envelope.size = 20;
    }
    ~a_conversation() override
    {
        if (talk_)
            talk_->end();
    }
    /// A plugin of the chain, behind those that are there.
    std::shared_ptr<test::lambda_plugin> plugin(hook_point hook, test::lambda_plugin::function on, bool may_route = true)
    {
        auto made = std::make_shared<test::lambda_plugin>("p" + std::to_string(links_.size() + 1), std::set{hook}, std::move(on));
        hooks::permissions may;
        may.route = may_route;
        links_.push_back({.who = made, .may = may});
        return made;
    }
    conversation& talk()
    {
        if (!talk_) {
            current_->delivery_chain = std::make_shared<hooks::chain>(links_);
            const conversation::surroundings here{home_, log_, metrics_, notices_, clock_, store_, nullptr};
            talk_.emplace(here, current_, message_, record_, base::session_id{7});
            EXPECT_TRUE(run(talk_->begin(*delivery::route::from_text("192.0.2.1:25", 25), {0, 1})).lets_pass());
        }
        return *talk_;
    }
    template <class T>
    T run(io::task<T> what)
    {
        std::optional<T> result;
        home_.spawn("ask", keep(std::move(what), result));
        home_.context().run();
        home_.context().restart();
        return std::move(result.value());
    }
    hooks::outcome connects(const std::optional<base::ip_address>& from = {}) { return run(talk().connect(place_, from)); }

    test::memory_log lines_;
    base::log log_{lines_};
    base::metrics metrics_;
    io::loop home_{log_};
    base::system_clock clock_;
    notice_board notices_{clock_};
    test::memory_store store_;
    std::shared_ptr<generation> current_ = std::make_shared<generation>();
    std::vector<hooks::link> links_;
    hooks::draft message_;
    queue::record record_;
    next_hosts::place place_{"mx.example.com", {*base::ip_address::from_text("192.0.2.1"), 25}};
    std::optional<conversation> talk_;

private:
    template <class T>
    static io::task<void> keep(io::task<T> what, std::optional<T>& result)
    {
        auto value = co_await std::move(what);
        result.emplace(std::move(value));
    }
};

TEST_F(a_conversation, is_wanted_by_who_subscribed_to_any_of_it)
{
    for (const auto hook : {hook_point::delivery_source, hook_point::delivery_connect, hook_point::delivery_reply}) {
        generation some;
        some.delivery_chain = std::make_shared<hooks::chain>(std::vector<hooks::link>{});
        EXPECT_FALSE(conversation::is_wanted(some));
        links_.clear();
        (void)plugin(hook, [](const asked&) { return answered; });
        some.delivery_chain = std::make_shared<hooks::chain>(links_);
        EXPECT_TRUE(conversation::is_wanted(some)) << name_of(hook);
    }
}

TEST_F(a_conversation, without_plugins_leaves_all_as_it_is_configured)
{
    EXPECT_TRUE(run(talk().choose_source("usual")).lets_pass());
    EXPECT_EQ(talk().pool(), "usual");
    EXPECT_TRUE(run(talk().secure(place_)).lets_pass());
    EXPECT_EQ(talk().policy().need, hooks::tls_need::opportunistic);
    EXPECT_TRUE(connects().lets_pass());
    EXPECT_FALSE(talk().leaves_host());
    EXPECT_EQ(talk().take_socket(), nullptr);
    EXPECT_FALSE(talk().weighs_replies());
    EXPECT_THAT(talk().recipients(), ElementsAre(0, 1));
    EXPECT_THAT(talk().later(), IsEmpty());
}

TEST_F(a_conversation, goes_from_the_pool_that_the_last_plugin_names)
{
    (void)plugin(hook_point::delivery_source, [](const asked& about) {
        EXPECT_EQ(about.what.out->pool, "usual");
        EXPECT_THAT(about.what.out->recipients, ElementsAre(0, 1));
        return name_pool(about, "bulk");
    });
    const auto second = plugin(hook_point::delivery_source, [](const asked& about) {
        EXPECT_EQ(about.what.out->pool, "bulk") << "what those before said";
        return answered;
    });
    EXPECT_TRUE(run(talk().choose_source("usual")).lets_pass());
    EXPECT_EQ(talk().pool(), "bulk");
    EXPECT_TRUE(run(talk().choose_source("usual")).lets_pass()) << "of the next transaction";
    EXPECT_EQ(second->calls, 2);
}

TEST_F(a_conversation, goes_from_no_pool_that_there_is_not)
{
    (void)plugin(hook_point::delivery_source, [](const asked& about) { return name_pool(about, "none"); });
    const auto said = run(talk().choose_source("usual"));
    EXPECT_EQ(said.verdict, verdict_kind::tempfail);
    EXPECT_EQ(talk().pool(), "usual");
    EXPECT_TRUE(lines_.contains("plugin_failed"));
}

TEST_F(a_conversation, does_not_begin_where_a_plugin_refuses_the_source)
{
    (void)plugin(hook_point::delivery_source, [](const asked& about) { return refuse(about, verdict_kind::reject, "5.7.1"); });
    const auto said = run(talk().choose_source("usual"));
    EXPECT_EQ(said.verdict, verdict_kind::reject);
    EXPECT_EQ(said.enhanced, "5.7.1");
    EXPECT_EQ(said.plugin, "p1");
    EXPECT_FALSE(talk().held());
}

TEST_F(a_conversation, that_a_plugin_holds_says_why)
{
    (void)plugin(hook_point::delivery_source, [](const asked& about) { return refuse(about, verdict_kind::hold); });
    EXPECT_EQ(run(talk().choose_source("usual")).verdict, verdict_kind::hold);
    EXPECT_EQ(talk().held(), "so says the plugin");
    EXPECT_TRUE(run(talk().begin(*delivery::route::from_text("192.0.2.1:25", 25), {0})).lets_pass());
    EXPECT_FALSE(talk().held()) << "which was about the transaction before";
}

TEST_F(a_conversation, asks_about_a_connection_with_what_is_known_of_it)
{
    const auto one = plugin(hook_point::delivery_connect, [](const asked& about) {
        EXPECT_EQ(about.what.session, base::session_id{7});
        EXPECT_EQ(about.what.out->next_hop, "192.0.2.1:25");
        EXPECT_EQ(about.what.out->host, "mx.example.com");
        EXPECT_EQ(about.what.out->peer.address.text(), "192.0.2.1");
        EXPECT_EQ(about.what.out->source.text(), "198.51.100.1");
        return answered;
    });
    EXPECT_TRUE(run(talk().secure(place_)).lets_pass()); // always before it
    EXPECT_TRUE(connects(base::ip_address::from_text("198.51.100.1")).lets_pass());
    EXPECT_EQ(one->calls, 1);
}

TEST_F(a_conversation, leaves_an_address_that_a_plugin_does_not_want_and_asks_about_the_next)
{
    bool is_wanted = false;
    (void)plugin(hook_point::delivery_connect,
                 [&](const asked& about) { return is_wanted ? answered : refuse(about, verdict_kind::tempfail, {}, true); });
    const auto said = connects();
    EXPECT_EQ(said.verdict, verdict_kind::tempfail);
    EXPECT_TRUE(talk().leaves_host());
    EXPECT_FALSE(hooks::tells_of_failure(said)) << "nobody has tried";
    is_wanted = true;
    EXPECT_TRUE(connects().lets_pass());
    EXPECT_FALSE(talk().leaves_host());
}

TEST_F(a_conversation, leaves_no_address_for_a_plugin_that_refuses_or_fails)
{
    for (const auto& [verdict, status] :
         {std::pair{verdict_kind::tempfail, call_status::answered}, std::pair{verdict_kind::reject, call_status::answered},
          std::pair{verdict_kind::hold, call_status::answered}, std::pair{verdict_kind::tempfail, call_status::failed}}) {
        talk_.reset();
        links_.clear();
        (void)plugin(hook_point::delivery_connect, [v = verdict, s = status](const asked& about) {
            (void)refuse(about, v);
            return call_result{s};
        });
        const auto said = connects();
        EXPECT_EQ(said.verdict, verdict);
        EXPECT_FALSE(talk().leaves_host());
        EXPECT_FALSE(hooks::tells_of_failure(said)) << "which says nothing of the next hop";
        EXPECT_EQ(talk().take_socket(), nullptr);
        talk().end();
        talk_.reset();
    }
}

TEST_F(a_conversation, knows_a_plugin_that_has_tried_in_vain)
{
    std::string enhanced = "4.4.1";
    bool wants_next_host = true;
    (void)plugin(hook_point::delivery_connect,
                 [&](const asked& about) { return refuse(about, verdict_kind::tempfail, enhanced, wants_next_host); });
    EXPECT_TRUE(hooks::tells_of_failure(connects()));
    EXPECT_TRUE(talk().leaves_host());
    enhanced = "4.4.2";
    wants_next_host = false;
    EXPECT_TRUE(hooks::tells_of_failure(connects()));
    EXPECT_FALSE(talk().leaves_host());
    for (const auto* other : {"4.4.0", "4.4.4", "4.7.1", ""}) {
        enhanced = other;
        EXPECT_FALSE(hooks::tells_of_failure(connects())) << other;
    }
}

TEST_F(a_conversation, has_a_socket_that_a_plugin_opened_once)
{
    const auto socket = std::make_shared<base::descriptor>(::socket(AF_INET, SOCK_STREAM, 0));
    (void)plugin(hook_point::delivery_connect, [&](const asked& about) { return give_socket(about, socket); });
    EXPECT_TRUE(connects().lets_pass());
    EXPECT_EQ(talk().socket_by(), "p1");
    EXPECT_EQ(talk().take_socket(), socket);
    EXPECT_EQ(talk().take_socket(), nullptr);
}

TEST_F(a_conversation, has_no_socket_where_a_plugin_behind_refuses_the_connection)
{
    const auto socket = std::make_shared<base::descriptor>(::socket(AF_INET, SOCK_STREAM, 0));
    (void)plugin(hook_point::delivery_connect, [&](const asked& about) { return give_socket(about, socket); });
    bool refuses = true;
    (void)plugin(hook_point::delivery_connect, [&](const asked& about) {
        return refuses ? refuse(about, verdict_kind::tempfail, {}, true) : give_socket(about, nullptr);
    });
    EXPECT_FALSE(connects().lets_pass());
    EXPECT_TRUE(talk().leaves_host());
    EXPECT_EQ(talk().take_socket(), nullptr);
    EXPECT_EQ(socket.use_count(), 1) << "nobody else keeps it open";
    refuses = false;
    EXPECT_TRUE(connects().lets_pass());
    EXPECT_EQ(talk().take_socket(), socket);
}

TEST_F(a_conversation, has_no_socket_of_who_may_not_give_one)
{
    const auto socket = std::make_shared<base::descriptor>(::socket(AF_INET, SOCK_STREAM, 0));
    (void)plugin(
        hook_point::delivery_connect, [&](const asked& about) { return give_socket(about, socket); }, false);
    EXPECT_EQ(connects().verdict, verdict_kind::tempfail);
    EXPECT_EQ(talk().take_socket(), nullptr);
    EXPECT_TRUE(lines_.contains("not granted"));
}

TEST_F(a_conversation, weighs_what_a_next_hop_said)
{
    (void)plugin(hook_point::delivery_reply, [](const asked& about) {
        EXPECT_EQ(about.what.shape->smtp_code, 550);
        EXPECT_EQ(about.what.shape->text, "too fast");
        return weigh(about, verdict_kind::proceed, 15min);
    });
    (void)plugin(hook_point::delivery_reply, [](const asked& about) { return weigh(about, verdict_kind::tempfail, 5min); });
    const auto last =
        plugin(hook_point::delivery_reply, [](const asked& about) { return weigh(about, verdict_kind::reject, 1h); });
    EXPECT_TRUE(talk().weighs_replies());
    hooks::shaping said;
    said.smtp_code = 550;
    said.text = "too fast";
    const auto came = run(talk().weigh_reply(said));
    EXPECT_EQ(came.verdict, verdict_kind::tempfail);
    EXPECT_EQ(came.plugin, "p2");
    EXPECT_EQ(said.wait, 15min) << "the longest of those who were asked";
    EXPECT_EQ(said.wait_by, "p1");
    EXPECT_EQ(last->calls, 0) << "behind who decided";
}

TEST_F(a_conversation, hears_nothing_of_a_reply_from_a_plugin_that_fails)
{
    (void)plugin(hook_point::delivery_reply, [](const asked&) { return call_result{call_status::failed}; });
    hooks::shaping said;
    const auto came = run(talk().weigh_reply(said));
    EXPECT_TRUE(came.lets_pass());
    EXPECT_TRUE(came.has_failed);
    EXPECT_EQ(said.wait, 0ms);
}

TEST_F(a_conversation, asks_for_a_policy_once_a_host_and_again_for_another)
{
    const auto one = plugin(hook_point::delivery_tls_policy, [](const asked& about) {
        hooks::outgoing_reply more;
        more.tls = hooks::tls_need::required;
        about.answer.out = std::make_shared<const hooks::outgoing_reply>(std::move(more));
        return answered;
    });
    EXPECT_TRUE(run(talk().secure(place_)).lets_pass());
    EXPECT_TRUE(run(talk().secure(place_)).lets_pass());
    EXPECT_EQ(one->calls, 1);
    EXPECT_EQ(talk().policy().need, hooks::tls_need::required);
    auto other = place_;
    other.host = "mx2.example.com";
    EXPECT_TRUE(run(talk().secure(other)).lets_pass());
    EXPECT_EQ(one->calls, 2);
}

TEST_F(a_conversation, that_is_cut_waits_for_nobody)
{
    const auto silent = plugin(hook_point::delivery_connect, [this](const asked&) {
        talk_->cut();
        return call_result{call_status::pending, 9};
    });
    const auto said = connects();
    EXPECT_FALSE(said.lets_pass());
    EXPECT_TRUE(talk().is_cut());
    EXPECT_FALSE(talk().leaves_host());
    EXPECT_FALSE(hooks::tells_of_failure(said));
    EXPECT_THAT(silent->withdrawn(), ElementsAre(9U));
}

TEST_F(a_conversation, ends_for_its_plugins_when_it_is_over)
{
    const auto one = plugin(hook_point::delivery_connect, [](const asked&) { return answered; });
    EXPECT_TRUE(connects().lets_pass());
    EXPECT_EQ(one->ended, 0);
    talk().end();
    EXPECT_EQ(one->ended, 1);
    talk_.reset();
}

} // namespace
} // namespace postern::runtime
