#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

class rrvs : public testing::Test {
protected:
    rrvs()
    {
        host_.list("domains", {"example.com"});
        host_.table("since", {{"new@example.com", "2024-01-31T12:00:00Z"}});
        host_.table("domain_since", {{"bought.example", "2020-06-01T00:00:00Z"}});
    }
    void begin()
    {
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        ASSERT_THAT(session_.ehlo().offers, ElementsAre("RRVS"));
        ASSERT_TRUE(session_.mail("a@client.example").proceeds());
    }
    answer asks(const char* recipient, const char* value) { return session_.rcpt(recipient, {{"RRVS", value}}); }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(rrvs, refuses_a_recipient_whose_mailbox_or_domain_changed_hands) // RFC 7293 14
{
    begin();
    const answer mailbox = asks("new@example.com", "2023-01-01T00:00:00Z");
    EXPECT_EQ(mailbox.smtp_code, 550u);
    EXPECT_EQ(mailbox.enhanced, "5.7.17");
    EXPECT_EQ(asks("a@bought.example", "2019-01-01T00:00:00Z;C").enhanced, "5.7.18");
}

TEST_F(rrvs, takes_a_recipient_that_it_could_judge_and_asks_nothing_of_next_hops)
{
    begin();
    EXPECT_TRUE(asks("new@example.com", "2024-06-01T00:00:00Z").proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"RRVS", "2024-06-01T00:00:00Z", POSTERN_RELAY_OPTIONAL}));
    EXPECT_TRUE(asks("old@example.com", "2001-01-01T00:00:00Z").proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"RRVS", "2001-01-01T00:00:00Z", POSTERN_RELAY_OPTIONAL}));
}

TEST_F(rrvs, of_others_is_required_of_next_hops_unless_the_sender_says_continue) // RFC 7293 3.1
{
    begin();
    for (const auto& [value, relay] :
         {std::pair{"2024-06-01T00:00:00Z", POSTERN_RELAY_REQUIRED}, std::pair{"2024-06-01T00:00:00Z;R", POSTERN_RELAY_REQUIRED},
          std::pair{"2024-06-01T00:00:00Z;C", POSTERN_RELAY_OPTIONAL}}) {
        EXPECT_TRUE(asks("a@example.net", value).proceeds());
        EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"RRVS", value, relay}));
    }
}

TEST_F(rrvs, that_is_no_time_is_a_syntax_error)
{
    begin();
    EXPECT_EQ(asks("new@example.com", "2024-06-01").smtp_code, 501u);
    EXPECT_EQ(asks("new@example.com", "2024-06-01T00:00:00Z;X").enhanced, "5.5.4");
    EXPECT_EQ(session_.mail("a@client.example", {{"RRVS", "2024-06-01T00:00:00Z"}}).smtp_code, 555u) << "it is one of RCPT";
}

TEST_F(rrvs, refuses_what_it_cannot_judge_if_told_so)
{
    host_.option("unknown", "reject");
    begin();
    EXPECT_EQ(asks("old@example.com", "2024-06-01T00:00:00Z").enhanced, "5.7.19");
    EXPECT_TRUE(asks("a@example.net", "2024-06-01T00:00:00Z").proceeds());
}

TEST_F(rrvs, judges_header_fields_about_recipients_and_takes_them_out) // RFC 7293 3.2
{
    host_.option("header_field", true);
    begin();
    const std::string name = "Require-Recipient-Valid-Since";
    session_.to = {"new@Example.com"};
    EXPECT_EQ(session_.headers({{"Subject", "hi"}, {name, "new@example.com; Sun, 1 Jan 2023 00:00:00 +0000"}}).enhanced,
              "5.7.17");
    const answer said = session_.headers({{"Subject", "hi"},
                                          {name, "new@example.com; Sat, 1 Jun 2024 00:00:00 +0000"},
                                          {name, "other@example.com; Sat, 1 Jun 2002 00:00:00 +0000"},
                                          {name, "nonsense"}});
    EXPECT_TRUE(said.proceeds());
    EXPECT_THAT(said.edits, ElementsAre(edit{POSTERN_EDIT_HEADER_REMOVE, 1, "", ""}));
}

TEST_F(rrvs, takes_header_fields_out_unjudged_where_the_recipient_has_the_parameter) // RFC 7293 5
{
    host_.option("header_field", true);
    begin();
    const fields section{{"Require-Recipient-Valid-Since", "new@EXAMPLE.com; Sun, 1 Jan 2023 00:00:00 +0000"}};
    EXPECT_TRUE(asks("new@example.com", "2024-06-01T00:00:00Z").proceeds());
    session_.to = {"new@example.com"};
    const answer said = session_.headers(section);
    EXPECT_TRUE(said.proceeds());
    EXPECT_THAT(said.edits, ElementsAre(edit{POSTERN_EDIT_HEADER_REMOVE, 0, "", ""}));
    session_.committed("4F1A");
    EXPECT_EQ(session_.headers(section).enhanced, "5.7.17") << "another transaction";
}

TEST_F(rrvs, judges_mailboxes_without_a_date_by_the_latest_that_they_can_have) // RFC 7293 5
{
    host_.option("unknown", "2015-01-01T00:00:00Z");
    begin();
    EXPECT_TRUE(asks("old@example.com", "2015-01-01T00:00:00Z").proceeds());
    EXPECT_EQ(asks("old@example.com", "2014-01-01T00:00:00Z").enhanced, "5.7.17");
}

TEST_F(rrvs, leaves_header_fields_alone_unless_told_to_judge_them)
{
    begin();
    session_.to = {"new@example.com"};
    EXPECT_EQ(session_.headers({{"Require-Recipient-Valid-Since", "new@example.com; Sun, 1 Jan 2023 00:00:00 +0000"}}).came,
              answer::how::passed);
}

TEST_F(rrvs, reads_dates_from_a_file_too)
{
    const std::string file = testing::TempDir() + "rrvs_since";
    std::ofstream{file} << "# mailbox, since when\n\nthird@example.com 2025-01-01T00:00:00Z\n";
    host_.option("since_file", file);
    begin();
    EXPECT_EQ(asks("third@example.com", "2024-06-01T00:00:00Z").enhanced, "5.7.17");
    EXPECT_EQ(asks("new@example.com", "2023-06-01T00:00:00Z").enhanced, "5.7.17");
    std::remove(file.c_str());
}

TEST(rrvs_options, that_mean_nothing_are_refused_at_start)
{
    const auto refused = [](auto set) {
        fake_host host{postern_plugin_v1};
        set(host);
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        return host.refusals();
    };
    EXPECT_THAT(refused([](fake_host& h) { h.option("unknown", "perhaps"); }),
                ElementsAre(Pair("unknown", "is \"accept\", \"reject\" or a time such as \"2024-01-31T12:00:00Z\"")));
    EXPECT_THAT(refused([](fake_host& h) {
                    h.table("since", {{"a@b.example", "once"}});
                }),
                ElementsAre(Pair("since", "\"a@b.example\" has no time such as \"2024-01-31T12:00:00Z\"")));
    EXPECT_THAT(refused([](fake_host& h) { h.option("since_file", "/nowhere/at/all"); }),
                ElementsAre(Pair("since_file", "\"/nowhere/at/all\" cannot be read")));
}

} // namespace
