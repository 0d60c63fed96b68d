#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

class xtrace : public testing::Test {
protected:
    /// An instance as a server makes it, and a client that has said EHLO.
    void SetUp() override
    {
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        ASSERT_THAT(session_.ehlo().offers, ElementsAre("XTRACE 1"));
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(xtrace, answers_a_token_with_what_it_knows_of_the_client)
{
    const answer said = session_.verb("XTRACE", "7f3a");
    EXPECT_EQ(said.smtp_code, 250u);
    EXPECT_THAT(said.lines(), ElementsAre("trace 7f3a", "from 192.0.2.1", "as client.example"));
}

TEST_F(xtrace, takes_tokens_of_1_to_64_characters)
{
    EXPECT_TRUE(session_.verb("XTRACE", std::string(64, 'x')).proceeds());
    EXPECT_EQ(session_.verb("XTRACE", std::string(65, 'x')).smtp_code, 501u);
    EXPECT_EQ(session_.verb("XTRACE").smtp_code, 501u);
    EXPECT_EQ(session_.verb("XTRACE", "two words").smtp_code, 501u);
    EXPECT_EQ(session_.verb("XTRACE", "h\xc3\xa4").smtp_code, 501u);
}

TEST_F(xtrace, reads_octets_alike_in_whatever_pieces_they_come)
{
    const std::string octets{"\r\n.\r\nQUIT\r\n\0\xff", 13};
    for (const std::size_t piece : {whole, std::size_t{1}, std::size_t{5}}) {
        const answer asked = session_.verb("XTRACE", "DATA 13");
        ASSERT_EQ(asked.smtp_code, 354u);
        ASSERT_EQ(asked.octets(), 13u);
        EXPECT_THAT(session_.verb_data(octets, piece).lines(), ElementsAre("read 13 octets, adler32 0d8a02b6"));
    }
    static_cast<void>(session_.verb("XTRACE", "DATA 9"));
    EXPECT_THAT(session_.verb_data("Wikipedia").lines(), ElementsAre("read 9 octets, adler32 11e60398")); // a known value
}

TEST_F(xtrace, reads_no_octets_and_as_many_as_it_was_declared_with)
{
    EXPECT_EQ(session_.verb("XTRACE", "DATA 0").smtp_code, 354u);
    EXPECT_THAT(session_.verb_data("").lines(), ElementsAre("read 0 octets, adler32 00000001"));
    EXPECT_EQ(session_.verb("XTRACE", "DATA 65536").octets(), 65536u);
    EXPECT_EQ(session_.verb_data(std::string(65536, 'x'), 4096).smtp_code, 250u);
    EXPECT_EQ(session_.verb("XTRACE", "DATA 65537").smtp_code, 552u);
    for (const char* bad : {"DATA -1", "DATA x", "DATA 1 2", "DATA 99999999999999999999"})
        EXPECT_EQ(session_.verb("XTRACE", bad).smtp_code, 501u) << bad;
}

TEST_F(xtrace, takes_data_for_a_token_where_no_number_follows)
{
    EXPECT_THAT(session_.verb("XTRACE", "DATA").lines(), testing::Contains("trace DATA"));
}

TEST_F(xtrace, keeps_apart_the_octets_of_two_sessions)
{
    fake_session other{host_, 2};
    static_cast<void>(other.ehlo());
    static_cast<void>(session_.verb("XTRACE", "DATA 9"));
    static_cast<void>(other.verb("XTRACE", "DATA 9"));
    static_cast<void>(session_.verb_data("Wiki"));
    static_cast<void>(other.verb_data("xyz"));
    EXPECT_THAT(session_.verb_data("pedia").lines(), ElementsAre("read 9 octets, adler32 11e60398"));
}

TEST_F(xtrace, keeps_an_id_as_the_client_wrote_it)
{
    EXPECT_TRUE(session_.mail("a@client.example", {{"XTRACEID", "7f+2B3a"}}).proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"XTRACEID", "7f+2B3a", POSTERN_RELAY_OPTIONAL}));
}

TEST_F(xtrace, refuses_an_id_that_is_no_xtext_or_no_token)
{
    for (const std::string& bad : {std::string{"7f+2b"}, std::string{"a+20b"}, std::string{"+0D+0A"}, std::string(65, 'x')}) {
        const answer said = session_.mail("a@client.example", {{"XTRACEID", bad}});
        EXPECT_TRUE(said.rejects()) << bad;
        EXPECT_EQ(said.smtp_code, 501u) << bad;
    }
    EXPECT_TRUE(session_.mail("a@client.example", {{"XTRACEID", std::string(64, 'x')}}).proceeds());
    EXPECT_EQ(session_.mail("a@client.example", {{"XTRACEID", std::nullopt}}).smtp_code, 501u);
}

TEST_F(xtrace, takes_no_id_with_rcpt)
{
    ASSERT_TRUE(session_.mail("a@client.example").proceeds());
    EXPECT_EQ(session_.rcpt("b@mx.example", {{"XTRACEID", "7f3a"}}).smtp_code, 555u);
}

TEST(xtrace_for_tls_only, is_unknown_in_the_clear)
{
    fake_host host{postern_plugin_v1};
    host.option("tls_only", true);
    ASSERT_THAT(use_manifest(host, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_THAT(session.ehlo().offers, IsEmpty());
    EXPECT_EQ(session.verb("XTRACE", "7f3a").smtp_code, 500u);
    EXPECT_EQ(session.mail("a@client.example", {{"XTRACEID", "7f3a"}}).smtp_code, 555u);
    session.tls_established();
    EXPECT_THAT(session.ehlo().offers, ElementsAre("XTRACE 1"));
    EXPECT_TRUE(session.verb("XTRACE", "7f3a").proceeds());
}

TEST(xtrace_that_is_required, says_so_of_its_ids)
{
    fake_host host{postern_plugin_v1};
    host.option("policy", "require");
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    static_cast<void>(session.ehlo());
    EXPECT_TRUE(session.mail("a@client.example", {{"XTRACEID", "7f3a"}}).proceeds());
    EXPECT_EQ(session.kept.at(0).relay, POSTERN_RELAY_REQUIRED);
}

TEST(xtrace_with_another_policy, is_refused_at_start)
{
    fake_host host{postern_plugin_v1};
    host.option("policy", "perhaps");
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("policy", "is \"optional\" or \"require\"")));
}

} // namespace
