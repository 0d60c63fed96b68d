// A delivery on its way out, as a plugin in C++ sees and answers it, on the fake host.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

/// Answers as the test wants.
class scripted {
public:
    explicit scripted(const postern::host& host) : host_{host}
    {
        host.keyword({.name = "XA"});
        host.parameter({.name = "XP", .keyword = "XA", .of = postern::param_of::both, .value = postern::param_value::optional});
    }
    postern::verdict on(const postern::delivery_begin& event) { return begin(event); }
    postern::tls_reply on(const postern::tls_policy& event) { return policy(event); }
    postern::peer_reply on(const postern::peer_offers& event) { return peer(event); }
    postern::task<postern::client_lines> on(postern::client_verb event)
    {
        if (wait > 0s)
            co_await host_.sleep(wait);
        co_return verb(event);
    }
    postern::verdict on(const postern::client_params& event) { return params(event); }

    static inline std::function<postern::verdict(const postern::delivery_begin&)> begin;
    static inline std::function<postern::tls_reply(const postern::tls_policy&)> policy;
    static inline std::function<postern::peer_reply(const postern::peer_offers&)> peer;
    static inline std::function<postern::client_lines(const postern::client_verb&)> verb;
    static inline std::function<postern::verdict(const postern::client_params&)> params;
    static inline std::chrono::seconds wait{0};

private:
    postern::host host_;
};

constexpr postern_plugin table = postern::sdk::describe<scripted>("org.example.scripted", "1", "test");

class an_outgoing_delivery : public ::testing::Test {
protected:
    an_outgoing_delivery()
    {
        scripted::begin = [](const auto&) { return postern::proceed(); };
        scripted::policy = [](const auto&) { return postern::proceed(); };
        scripted::peer = [](const auto&) { return postern::proceed(); };
        scripted::verb = [](const auto&) { return postern::proceed(); };
        scripted::params = [](const auto&) { return postern::proceed(); };
        scripted::wait = 0s;
        EXPECT_EQ(host.create(), POSTERN_PASS);
        delivery.to = {"a@one.example", "b@two.example"};
    }
    ~an_outgoing_delivery() override { EXPECT_THAT(host.complaints(), IsEmpty()); }

    fake_host host{table};
    fake_delivery delivery{host};
};

TEST_F(an_outgoing_delivery, shows_a_transaction_and_puts_recipients_off)
{
    delivery.params = {{"XP", "1"}, {"XP", std::nullopt, 1, POSTERN_RELAY_REQUIRED}};
    delivery.attempt = 2;
    scripted::begin = [](const postern::delivery_begin& event) {
        EXPECT_EQ(event.message(), "4F1A");
        EXPECT_EQ(event.next_hop(), "mx.example.com:25");
        EXPECT_EQ(event.recipients().size(), 2u);
        EXPECT_EQ(event.attempt(), 2u);
        EXPECT_TRUE(event.is_smtp());
        EXPECT_EQ(event.params().size(), 2u);
        EXPECT_EQ(event.params()[0].value, "1");
        EXPECT_FALSE(event.params()[0].recipient);
        EXPECT_FALSE(event.params()[1].value);
        EXPECT_EQ(event.params()[1].recipient, 1u);
        EXPECT_EQ(event.params()[1].relay, postern::relay::required);
        EXPECT_EQ(event.received(), std::chrono::system_clock::from_time_t(1'700'000'000));
        return postern::proceed().put_off(0);
    };
    EXPECT_TRUE(delivery.delivery_begin().proceeds());
    EXPECT_THAT(delivery.to, ElementsAre("b@two.example"));
    EXPECT_THAT(delivery.put_off, ElementsAre("a@one.example"));
}

TEST_F(an_outgoing_delivery, has_a_policy_that_the_plugin_strengthens)
{
    scripted::policy = [](const postern::tls_policy& event) {
        EXPECT_EQ(event.host(), "mx.example.com");
        EXPECT_EQ(event.domains().size(), 2u);
        EXPECT_EQ(event.configured(), postern::tls_need::opportunistic);
        EXPECT_EQ(event.need(), postern::tls_need::opportunistic);
        return postern::use_tls(postern::tls_need::verified, "mx.other.example");
    };
    host.may({"tls"});
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(delivery.tls_name, "mx.other.example");
    EXPECT_THROW((void)postern::use_tls(postern::tls_need::verified, "no name"), std::invalid_argument);
}

TEST_F(an_outgoing_delivery, uses_what_the_plugin_lets_it_use)
{
    delivery.offers = {{"SIZE", "1000"}, {"CHUNKING", ""}};
    delivery.has_tls = true;
    scripted::peer = [](const postern::peer_offers& event) {
        EXPECT_EQ(event.greeting(), "mx.example.com ESMTP");
        EXPECT_EQ(event.offer_of("SIZE"), "1000");
        EXPECT_FALSE(event.offer_of("DSN"));
        EXPECT_TRUE(event.has_tls());
        EXPECT_FALSE(event.is_verified());
        EXPECT_EQ(event.tls_version(), "TLSv1.3");
        return postern::peer_reply{postern::proceed()}.without("CHUNKING");
    };
    EXPECT_TRUE(delivery.peer_offers().proceeds());
    EXPECT_EQ(delivery.offers.size(), 1u);
    EXPECT_THROW((void)postern::peer_reply{postern::proceed()}.without("chunking"), std::invalid_argument);
    EXPECT_THROW((void)postern::peer_reply{postern::proceed()}.try_next_host(), std::invalid_argument);
}

TEST_F(an_outgoing_delivery, goes_to_the_next_host_if_the_plugin_says_so)
{
    delivery.has_other_hosts = true;
    scripted::peer = [](const postern::peer_offers& event) {
        EXPECT_TRUE(event.has_other_hosts());
        return postern::peer_reply{postern::defer(0, {}, "not this one")}.try_next_host();
    };
    const answer said = delivery.peer_offers();
    EXPECT_TRUE(said.defers());
    EXPECT_TRUE(said.out.next_host);
}

TEST_F(an_outgoing_delivery, asks_for_lines_where_the_keyword_is_offered)
{
    scripted::verb = [](const postern::client_verb& event) {
        if (event.round() == 1) {
            EXPECT_EQ(event.said()[0].code, 250u);
            return postern::client_lines{postern::proceed()};
        }
        EXPECT_EQ(event.offer_of("XA"), "1");
        return postern::send_line("XTEST one", postern::line_rule::required).line("XTEST two").show().restart();
    };
    EXPECT_EQ(delivery.client_verb().came, answer::how::passed); // nobody offers it
    delivery.offers = {{"XA", "1"}, {"DSN", ""}};
    const answer said = delivery.client_verb();
    EXPECT_THAT(said.client_lines(), ElementsAre("XTEST one", "XTEST two"));
    EXPECT_TRUE(said.out.lines[0].is_required);
    EXPECT_TRUE(said.out.shows);
    EXPECT_TRUE(said.out.restarts);
    EXPECT_TRUE(delivery.client_verb({{250, "ok"}}, 1).proceeds());
    EXPECT_THROW((void)postern::send_line("MAIL FROM:<>"), std::invalid_argument);
    EXPECT_THROW((void)postern::send_line("XTEST\r\nRSET"), std::invalid_argument);
}

TEST_F(an_outgoing_delivery, waits_for_a_task)
{
    delivery.offers = {{"XA", "1"}};
    scripted::wait = 2s;
    scripted::verb = [](const auto&) { return postern::send_line("XTEST later"); };
    const answer said = delivery.client_verb();
    ASSERT_TRUE(said.is_pending());
    host.advance(2s);
    EXPECT_THAT(host.answer_to(said.ticket).client_lines(), ElementsAre("XTEST later"));
}

TEST_F(an_outgoing_delivery, has_its_parameters_rewritten)
{
    delivery.params = {{"XP", "9"}, {"XOTHER", "x"}};
    scripted::params = [](const postern::client_params& event) {
        EXPECT_FALSE(event.offer_of("XA"));
        return postern::proceed().set_param("XP", "8").require_param("XP", {}, 1);
    };
    EXPECT_TRUE(delivery.client_params().proceeds());
    EXPECT_THAT(delivery.params, ElementsAre(outgoing_param{"XP", "8"}, outgoing_param{"XOTHER", "x"},
                                             outgoing_param{"XP", std::nullopt, 1, POSTERN_RELAY_REQUIRED}));
    scripted::params = [](const auto&) { return postern::proceed().drop_param("XP"); };
    EXPECT_TRUE(delivery.client_params().proceeds());
    EXPECT_EQ(delivery.params.size(), 2u);
    EXPECT_THROW((void)postern::proceed().set_param("XP", "a b"), std::invalid_argument);
}

TEST(a_fake_delivery, complains_of_what_a_host_would_refuse)
{
    scripted::begin = [](const auto&) { return postern::proceed().put_off(0); };
    scripted::params = [](const auto&) { return postern::proceed().set_param("XOTHER", "1"); };
    scripted::peer = [](const auto&) { return postern::discard(); };
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_delivery delivery{host};
    EXPECT_TRUE(delivery.delivery_begin().is_failed()); // nobody would be left
    EXPECT_TRUE(delivery.client_params().is_failed());  // not its own
    EXPECT_TRUE(delivery.peer_offers().is_failed());    // nothing is deleted here
    EXPECT_EQ(host.complaints().size(), 3u);
}

} // namespace
