#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace postern::testing;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

namespace {

class dkim_sign_plugin : public testing::Test {
protected:
    dkim_sign_plugin() : file_{std::filesystem::temp_directory_path() / ("dkim_sign." + std::to_string(::getpid()))}
    {
        std::ofstream{file_} << "-----BEGIN PRIVATE KEY-----\n"
                                "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                "-----END PRIVATE KEY-----\n";
        std::filesystem::permissions(file_, std::filesystem::perms{0600});
        host_.table("keys", {{"s1._domainkey.example.org", file_.string()}});
        host_.list("networks", {"192.0.2.0/24"});
    }
    ~dkim_sign_plugin() override { std::filesystem::remove(file_); }
    void begin()
    {
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        host_.may({"headers"});
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        delivery_.emplace(host_);
        delivery_->params = {{"XDKIMSIGN", std::nullopt, std::nullopt, POSTERN_RELAY_NEVER}};
        delivery_->fields = {{"From", "Alice <alice@example.org>"}, {"Subject", "hi"}};
        delivery_->body = "hello\r\n";
    }
    /// The signature; empty: none was made.
    std::string signature()
    {
        const answer said = delivery_->delivery_sign();
        EXPECT_TRUE(said.proceeds());
        EXPECT_THAT(said.edits, testing::AnyOf(IsEmpty(), SizeIs(1)));
        return said.edits.empty() ? "" : said.edits.at(0).value;
    }
    /// Why it does not begin.
    std::string refusal()
    {
        EXPECT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        EXPECT_EQ(host_.create(), POSTERN_E_INVALID);
        return host_.refusals().empty() ? "" : host_.refusals()[0].second;
    }

    std::filesystem::path file_;
    fake_host host_{postern_plugin_v1};
    std::optional<fake_delivery> delivery_;
};

TEST_F(dkim_sign_plugin, signs_for_the_domain_of_the_author)
{
    begin();
    EXPECT_THAT(signature(), AllOf(StartsWith("v=1; a=ed25519-sha256; c=relaxed/relaxed;"), HasSubstr("d=example.org; s=s1;"),
                                   HasSubstr("h=from:subject:from:sender:"), Not(HasSubstr("x=")), Not(HasSubstr("l="))));
    EXPECT_EQ(delivery_->fields.front().first, "DKIM-Signature");
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(dkim_sign_plugin, knows_its_clients_and_keeps_that_with_the_message)
{
    begin();
    fake_session session{host_};
    session.who.address = "192.0.2.7";
    EXPECT_THAT(session.mail("alice@example.org").edits,
                ElementsAre(edit{POSTERN_EDIT_PARAM_SET, POSTERN_OF_MAIL, "XDKIMSIGN", ""}));
    session.who.address = "198.51.100.7";
    EXPECT_THAT(session.mail("alice@example.org").edits, IsEmpty());
    session.who.identity = "alice";
    EXPECT_THAT(session.mail("alice@example.org").edits, SizeIs(1));
    EXPECT_THAT(session.ehlo().offers, IsEmpty());
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(dkim_sign_plugin, signs_nothing_of_strangers)
{
    begin();
    delivery_->params.clear();
    EXPECT_EQ(signature(), "");
}

TEST_F(dkim_sign_plugin, signs_for_everybody_where_that_is_wanted)
{
    host_.option("sign_for", "everybody");
    begin();
    delivery_->params.clear();
    EXPECT_THAT(signature(), HasSubstr("d=example.org;"));
    fake_session session{host_};
    session.who.identity = "alice";
    EXPECT_THAT(session.mail("alice@example.org").edits, IsEmpty());
}

TEST_F(dkim_sign_plugin, signs_for_domains_below_unless_told_not_to)
{
    begin();
    delivery_->fields[0].second = "bob@sub.Example.org";
    EXPECT_THAT(signature(), HasSubstr("d=example.org;"));
    delivery_->fields = {{"From", "bob@example.net"}};
    EXPECT_EQ(signature(), "");
    delivery_->fields = {{"From", "bob@example.net, alice@example.org"}};
    EXPECT_EQ(signature(), "") << "the first one";
}

TEST_F(dkim_sign_plugin, signs_for_exactly_a_domain)
{
    host_.option("subdomains", false);
    begin();
    delivery_->fields[0].second = "bob@sub.example.org";
    EXPECT_EQ(signature(), "");
}

TEST_F(dkim_sign_plugin, signs_for_the_sender_where_that_is_wanted)
{
    host_.option("domain_of", "sender");
    begin();
    delivery_->fields[0].second = "bob@example.net";
    EXPECT_EQ(signature(), "");
    delivery_->from = "alice@example.org";
    EXPECT_THAT(signature(), HasSubstr("d=example.org;"));
    delivery_->fields = {{"Subject", "without an author"}};
    EXPECT_EQ(signature(), "") << "RFC 6376 5.4";
}

TEST_F(dkim_sign_plugin, lets_pass_unsigned_what_has_no_one_author)
{
    begin();
    using fields = std::vector<std::pair<std::string, std::string>>;
    for (const auto& wrong : {fields{{"Subject", "hi"}}, fields{{"From", "a@example.org"}, {"from", "b@example.org"}},
                              fields{{"From", "nobody"}}, fields{{"From", "a@example.org b@example.org"}}}) {
        delivery_->fields = wrong;
        EXPECT_EQ(signature(), "");
    }
}

TEST_F(dkim_sign_plugin, signs_in_the_manner_that_is_wanted)
{
    host_.option("canonicalization", "simple/relaxed");
    host_.option("valid_for", std::chrono::seconds{3600});
    host_.list("fields", {"From", "Subject"});
    host_.list("oversign", {"from"});
    begin();
    EXPECT_THAT(signature(), AllOf(HasSubstr("c=simple/relaxed;"), HasSubstr(" x="), HasSubstr("h=from:subject:from;")));
}

TEST_F(dkim_sign_plugin, tells_what_to_publish)
{
    begin();
    EXPECT_EQ(host_.tell({"records"}).output,
              "s1._domainkey.example.org. IN TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n");
    EXPECT_THAT(host_.tell({"records", "example.net"}).text, HasSubstr("no key"));
    EXPECT_THAT(host_.tell({"show"}).text, HasSubstr("records"));
}

TEST_F(dkim_sign_plugin, is_not_begun_with_a_key_that_others_can_read)
{
    std::filesystem::permissions(file_, std::filesystem::perms{0644});
    EXPECT_THAT(refusal(), AllOf(HasSubstr(file_.string()), HasSubstr("chmod o=")));
}

TEST_F(dkim_sign_plugin, is_not_begun_with_what_is_no_key)
{
    std::ofstream{file_} << "nothing";
    EXPECT_THAT(refusal(), AllOf(HasSubstr(file_.string()), HasSubstr("no private key")));
}

TEST_F(dkim_sign_plugin, is_not_begun_with_a_field_for_good_that_is_not_signed)
{
    host_.list("fields", {"from"});
    host_.list("oversign", {"from", "to"});
    EXPECT_THAT(refusal(), HasSubstr("\"to\""));
}

TEST_F(dkim_sign_plugin, is_not_begun_with_a_place_that_is_none)
{
    host_.table("keys", {{"example.org", file_.string()}}); // beside a good one
    EXPECT_THAT(refusal(), HasSubstr("SELECTOR._domainkey.DOMAIN"));
}

TEST_F(dkim_sign_plugin, is_not_begun_without_a_key)
{
    fake_host bare{postern_plugin_v1};
    ASSERT_THAT(use_manifest(bare, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    EXPECT_EQ(bare.create(), POSTERN_E_INVALID);
    ASSERT_THAT(bare.refusals(), SizeIs(1));
    EXPECT_THAT(bare.refusals()[0].second, HasSubstr("names no key"));
}

} // namespace
