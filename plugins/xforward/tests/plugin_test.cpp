#include <postern/testing/fake_host.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class a_server_with_xforward : public testing::Test {
protected:
    a_server_with_xforward()
    {
        host.list("networks", {"192.0.2.0/24"});
        host.list("next_hops", {"mx.example.com:25"});
        EXPECT_EQ(host.create(), POSTERN_PASS);
        delivery.offers = {{"XFORWARD", "NAME ADDR PORT PROTO HELO IDENT SOURCE"}};
    }
    ~a_server_with_xforward() override { EXPECT_THAT(host.complaints(), IsEmpty()); }

    /// What is stored with a message of the session, as its delivery sees it.
    void is_stored()
    {
        const answer said = session.mail("a@client.example");
        ASSERT_EQ(said.edits.size(), 1u);
        EXPECT_EQ(said.edits[0].op, POSTERN_EDIT_PARAM_SET);
        delivery.params = {{said.edits[0].name, said.edits[0].value}};
    }

    fake_host host{postern_plugin_v1};
    fake_session session{host};
    fake_delivery delivery{host};
};

TEST_F(a_server_with_xforward, offers_it_to_trusted_networks_alone)
{
    EXPECT_THAT(session.ehlo().offers, ElementsAre("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"));
    session.who.address = "198.51.100.7";
    EXPECT_THAT(session.ehlo().offers, IsEmpty());
    EXPECT_EQ(session.verb("XFORWARD", "NAME=a").smtp_code, 500u);
}

TEST_F(a_server_with_xforward, refuses_a_client_that_became_somebody_else)
{
    session.ehlo();
    session.who.address = "198.51.100.7";
    EXPECT_EQ(session.verb("XFORWARD", "NAME=a").smtp_code, 550u);
}

TEST_F(a_server_with_xforward, refuses_bad_syntax)
{
    session.ehlo();
    EXPECT_EQ(session.verb("XFORWARD", "").smtp_code, 501u);
    EXPECT_EQ(session.verb("XFORWARD", "WHO=me").smtp_code, 501u);
    EXPECT_EQ(session.verb("XFORWARD", "NAME=a").smtp_code, 250u);
}

TEST_F(a_server_with_xforward, lets_no_client_say_the_parameter_that_it_keeps)
{
    session.ehlo();
    EXPECT_EQ(session.mail("a@client.example", {{"XFORWARD", "NAME:evil"}}).smtp_code, 555u);
}

TEST_F(a_server_with_xforward, tells_a_next_hop_of_the_client)
{
    session.ehlo();
    is_stored();
    EXPECT_THAT(delivery.client_verb().client_lines(),
                ElementsAre("XFORWARD NAME=[UNAVAILABLE] ADDR=192.0.2.1 PORT=40000 PROTO=ESMTP HELO=client.example IDENT=4F1A "
                            "SOURCE=REMOTE"));
}

TEST_F(a_server_with_xforward, tells_a_next_hop_what_a_trusted_client_said)
{
    session.ehlo();
    EXPECT_EQ(session.verb("XFORWARD", "NAME=spike.example ADDR=IPV6:2001:db8::1 IDENT=ABC").smtp_code, 250u);
    is_stored();
    EXPECT_THAT(delivery.client_verb().client_lines(),
                ElementsAre("XFORWARD NAME=spike.example ADDR=IPV6:2001:db8::1 PORT=[UNAVAILABLE] PROTO=[UNAVAILABLE] "
                            "HELO=[UNAVAILABLE] IDENT=ABC SOURCE=[UNAVAILABLE]"));
}

TEST_F(a_server_with_xforward, forgets_what_was_said_when_the_transaction_is_over)
{
    session.ehlo();
    session.verb("XFORWARD", "NAME=spike.example");
    is_stored();
    session.committed("4F1A");
    is_stored();
    EXPECT_THAT(delivery.client_verb().client_lines(), ElementsAre(HasSubstr("NAME=[UNAVAILABLE]")));
    session.verb("XFORWARD", "NAME=spike.example");
    session.rset();
    is_stored();
    EXPECT_THAT(delivery.client_verb().client_lines(), ElementsAre(HasSubstr("NAME=[UNAVAILABLE]")));
}

TEST_F(a_server_with_xforward, forgets_what_was_said_when_the_client_greets_again) // RFC 5321 4.1.4
{
    session.ehlo();
    session.verb("XFORWARD", "NAME=spike.example");
    session.helo("client.example");
    session.ehlo();
    is_stored();
    EXPECT_THAT(delivery.client_verb().client_lines(), ElementsAre(HasSubstr("NAME=[UNAVAILABLE]")));
}

TEST_F(a_server_with_xforward, says_of_a_message_that_nobody_brought_that_it_is_local)
{
    EXPECT_THAT(delivery.client_verb().client_lines(), ElementsAre(HasSubstr("IDENT=4F1A SOURCE=LOCAL")));
}

TEST_F(a_server_with_xforward, tells_no_next_hop_that_is_not_listed_or_does_not_ask)
{
    delivery.next_hop = "mx.elsewhere.example:25";
    EXPECT_THAT(delivery.client_verb().client_lines(), IsEmpty());
    delivery.next_hop = "mx.example.com:25";
    delivery.offers = {{"DSN", ""}};
    EXPECT_THAT(delivery.client_verb().client_lines(), IsEmpty());
}

TEST(xforward, is_required_where_the_operator_says_so)
{
    fake_host host{postern_plugin_v1};
    host.list("next_hops", {"*"});
    host.option("required", true);
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_delivery delivery{host};
    delivery.offers = {{"XFORWARD", "NAME"}};
    const answer said = delivery.client_verb();
    ASSERT_EQ(said.out.lines.size(), 1u);
    EXPECT_TRUE(said.out.lines[0].is_required);
}

TEST(xforward, refuses_a_network_that_is_none)
{
    fake_host host{postern_plugin_v1};
    host.list("networks", {"192.0.2.1/24"});
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    ASSERT_EQ(host.refusals().size(), 1u);
    EXPECT_EQ(host.refusals()[0].first, "networks");
}

} // namespace
