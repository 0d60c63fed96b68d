#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

using namespace postern::testing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class routing : public testing::Test {
protected:
    void start(const std::vector<std::pair<std::string, std::string>>& routes)
    {
        host_.table("routes", routes);
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }
    /// Next hop and transport of the answer.
    std::pair<std::string, std::string> to(const std::string& recipient, std::uint32_t attempt = 0)
    {
        const answer said = job_.route(recipient, attempt);
        if (said.edits.empty())
            return {};
        return {said.edits.at(0).value, said.edits.at(0).name};
    }
    using hop = std::pair<std::string, std::string>;

    fake_host host_{postern_plugin_v1};
    fake_session job_{host_, 7};
};

TEST_F(routing, says_where_a_recipient_goes)
{
    start({{"a.example", "relay.example:26"},
           {"b.example", "lmtp:unix:/run/lmtp"},
           {"c.example", "transport:box"},
           {"d.example", "mx:a.example"},
           {"*", "mx"},
           {"e.example", "usual"}});
    EXPECT_EQ(to("u@a.example"), hop("relay.example:26", ""));
    EXPECT_EQ(to("u@b.example"), hop("lmtp:unix:/run/lmtp", ""));
    EXPECT_EQ(to("u@c.example"), hop("", "box"));
    EXPECT_EQ(to("u@d.example"), hop("mx:a.example", ""));
    EXPECT_EQ(to("u@Else.example"), hop("mx:Else.example", ""));
    EXPECT_EQ(to("u@e.example"), hop());
    EXPECT_TRUE(job_.route("u@-.example").rejects());
}

TEST_F(routing, may_end_the_way)
{
    start({{"a.example", "fail 5.1.6 moved"}, {"b.example", "defer"}, {"c.example", "hold for us"}});
    const answer fails = job_.route("u@a.example");
    EXPECT_TRUE(fails.rejects());
    EXPECT_EQ(fails.enhanced, "5.1.6");
    EXPECT_EQ(fails.text, "moved");
    EXPECT_TRUE(job_.route("u@b.example").defers());
    const answer holds = job_.route("u@c.example");
    EXPECT_TRUE(holds.holds());
    EXPECT_EQ(holds.text, "for us");
    EXPECT_TRUE(job_.route("u@d.example").proceeds());
}

TEST_F(routing, is_given_one_certain_need_of_tls_a_transaction)
{
    start({{"a.example", "relay:25 tls=verified"}, {"b.example", "relay:25"}, {"c.example", "relay:25 tls=verified"}});
    fake_delivery delivery{host_};
    delivery.next_hop = "relay:25";
    delivery.host_name = delivery.tls_name = "relay";
    delivery.to = {"u@a.example", "u@b.example", "u@c.example"};
    EXPECT_TRUE(delivery.delivery_begin().proceeds());
    EXPECT_THAT(delivery.to, ElementsAre("u@a.example", "u@c.example"));
    EXPECT_THAT(delivery.put_off, ElementsAre("u@b.example"));
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_VERIFIED);
    EXPECT_EQ(delivery.tls_name, "relay");

    delivery.to = {"u@b.example"};
    delivery.tls = POSTERN_TLS_OPPORTUNISTIC;
    EXPECT_TRUE(delivery.delivery_begin().proceeds());
    EXPECT_TRUE(delivery.tls_policy().proceeds());
    EXPECT_EQ(delivery.tls, POSTERN_TLS_OPPORTUNISTIC);
}

TEST_F(routing, weakens_nothing)
{
    start({{"a.example", "relay:25 tls=required"}, {"b.example", "relay:25 tls=verified:other.example"}});
    for (const auto* recipient : {"u@a.example", "u@b.example"}) {
        fake_delivery delivery{host_};
        delivery.to = {recipient};
        delivery.tls = POSTERN_TLS_DANE;
        EXPECT_TRUE(delivery.delivery_begin().proceeds());
        EXPECT_TRUE(delivery.tls_policy().proceeds());
        EXPECT_EQ(delivery.tls, POSTERN_TLS_DANE);
    }
}

TEST_F(routing, that_cannot_be_read_is_not_begun)
{
    host_.table("routes", {{"a.example", "relay:0"}});
    ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    EXPECT_EQ(host_.create(), POSTERN_E_INVALID);
    ASSERT_EQ(host_.refusals().size(), 1u);
    EXPECT_EQ(host_.refusals()[0].first, "routes");
    EXPECT_THAT(host_.refusals()[0].second, HasSubstr("\"a.example\" \"relay:0\" has no port"));
}

} // namespace
