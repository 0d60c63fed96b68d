#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

namespace {

class forwarding : public testing::Test {
protected:
    forwarding()
    {
        file_ = std::filesystem::temp_directory_path() / ("srs_secret." + std::to_string(::getpid()));
        has_secrets("0123456789abcdef\n");
    }
    ~forwarding() override { std::filesystem::remove(file_); }
    void has_secrets(const std::string& text) const { std::ofstream{file_} << text; }
    postern_status create()
    {
        host_.option("domain", "srs.example.org");
        host_.list("domains", {"example.org", ".example.org"});
        host_.option("secret_file", file_.string());
        EXPECT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        return host_.create();
    }
    /// The sender that a message for those goes on with.
    std::string sent(const std::string& from, const std::vector<std::string>& to)
    {
        fake_session session{host_, ++sessions_};
        static_cast<void>(session.mail(from));
        for (const auto& each : to)
            static_cast<void>(session.rcpt(each));
        session.to = to;
        const answer said = session.end({{"Subject", "hi"}}, "Subject: hi\r\n\r\nhello\r\n");
        EXPECT_TRUE(said.proceeds());
        return said.edits.empty() ? from : said.edits.at(0).value;
    }

    std::filesystem::path file_;
    fake_host host_{postern_plugin_v1};
    std::uint64_t sessions_ = 0;
};

TEST_F(forwarding, gives_foreign_senders_an_address_of_ours_that_leads_back)
{
    ASSERT_EQ(create(), POSTERN_PASS);
    const auto made = sent("user@client.example", {"a@elsewhere.example"});
    EXPECT_THAT(made, StartsWith("SRS0="));
    EXPECT_THAT(made, HasSubstr("=client.example=user@srs.example.org"));
    fake_session bounce{host_, 100};
    static_cast<void>(bounce.mail(""));
    const answer said = bounce.rcpt(made);
    EXPECT_TRUE(said.vouches());
    EXPECT_THAT(said.edits, ElementsAre(edit{POSTERN_EDIT_RCPT_REPLACE, 0, "", "user@client.example"}));
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(forwarding, rewrites_for_all_recipients_where_one_is_outside)
{
    ASSERT_EQ(create(), POSTERN_PASS);
    EXPECT_THAT(sent("user@client.example", {"a@example.org", "b@elsewhere.example"}), StartsWith("SRS0="));
}

TEST_F(forwarding, leaves_senders_alone_where_nothing_is_forwarded)
{
    ASSERT_EQ(create(), POSTERN_PASS);
    EXPECT_EQ(sent("user@client.example", {"a@example.org", "b@sub.Example.org"}), "user@client.example");
    EXPECT_EQ(sent("user@example.org", {"a@elsewhere.example"}), "user@example.org") << "ours";
    EXPECT_EQ(sent("user@a.b.example.org", {"a@elsewhere.example"}), "user@a.b.example.org");
    EXPECT_EQ(sent("", {"a@elsewhere.example"}), "") << "RFC 5321 4.5.5";
}

TEST_F(forwarding, of_all_messages_can_be_wanted)
{
    host_.option("forwards", "all");
    ASSERT_EQ(create(), POSTERN_PASS);
    EXPECT_THAT(sent("user@client.example", {"a@example.org"}), StartsWith("SRS0="));
}

TEST_F(forwarding, refuses_what_was_not_made_here_and_vouches_for_nothing_else)
{
    ASSERT_EQ(create(), POSTERN_PASS);
    fake_session session{host_, 100};
    static_cast<void>(session.mail(""));
    const answer forged = session.rcpt("SRS0=aaaa=RA=elsewhere.example=user@srs.example.org");
    EXPECT_TRUE(forged.rejects());
    EXPECT_EQ(forged.smtp_code, 550u);
    EXPECT_EQ(forged.enhanced, "5.7.1");
    EXPECT_FALSE(session.rcpt("user@srs.example.org").vouches());
    EXPECT_FALSE(session.rcpt("user@elsewhere.example").vouches());
    EXPECT_FALSE(session.rcpt("postmaster").vouches());
}

TEST_F(forwarding, of_who_has_too_long_an_address_keeps_it_or_is_refused)
{
    ASSERT_EQ(create(), POSTERN_PASS);
    const auto longest = std::string(64, 'a') + "@client.example";
    EXPECT_EQ(sent(longest, {"a@elsewhere.example"}), longest);

    fake_host strict{postern_plugin_v1};
    strict.option("domain", "srs.example.org");
    strict.list("domains", {"example.org"});
    strict.option("secret_file", file_.string());
    strict.option("too_long", "refuse");
    ASSERT_THAT(use_manifest(strict, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    ASSERT_EQ(strict.create(), POSTERN_PASS);
    fake_session session{strict};
    static_cast<void>(session.mail(longest));
    session.to = {"a@elsewhere.example"};
    const answer said = session.end({}, "\r\nhello\r\n");
    EXPECT_TRUE(said.rejects());
    EXPECT_EQ(said.enhanced, "5.1.7");
}

TEST_F(forwarding, is_not_begun_with_secrets_that_are_none)
{
    for (const auto& [text, why] : {std::pair{"", "has no secret in it"}, std::pair{"# only words\n\n", "has no secret in it"},
                                    std::pair{"0123456789abcdef\nshort\n", ":2: a secret has 16 octets or more"}}) {
        has_secrets(text);
        fake_host host{postern_plugin_v1};
        host.option("domain", "srs.example.org");
        host.list("domains", {"example.org"});
        host.option("secret_file", file_.string());
        ASSERT_THAT(use_manifest(host, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        ASSERT_EQ(host.refusals().size(), 1u);
        EXPECT_EQ(host.refusals()[0].first, "secret_file");
        EXPECT_THAT(host.refusals()[0].second, HasSubstr(why));
    }
}

} // namespace
