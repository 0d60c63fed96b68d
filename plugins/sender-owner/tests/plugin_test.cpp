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

class sender_owner_plugin : public testing::Test {
protected:
    void begin(const std::string& identity)
    {
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
        session_.who.identity = identity;
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }
    static void expect_refused(const answer& said)
    {
        EXPECT_TRUE(said.rejects());
        EXPECT_EQ(said.smtp_code, 553u);
        EXPECT_EQ(said.enhanced, "5.7.1");
    }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(sender_owner_plugin, lets_who_is_logged_in_send_as_themselves_only)
{
    begin("alice@example.com");
    EXPECT_TRUE(session_.mail("Alice@EXAMPLE.com").proceeds());
    expect_refused(session_.mail("bob@example.com"));
    EXPECT_TRUE(session_.mail("").proceeds());
}

TEST_F(sender_owner_plugin, knows_who_owns_what_else)
{
    host_.table("owners", {{"alice", "a@example.com, @alice.example"}});
    host_.option("separator", "+");
    begin("alice");
    EXPECT_TRUE(session_.mail("a+x@example.com").proceeds());
    EXPECT_TRUE(session_.mail("x@alice.example").proceeds());
    expect_refused(session_.mail("b@example.com"));
}

TEST_F(sender_owner_plugin, asks_nothing_of_who_is_not_logged_in_unless_they_have_to_be)
{
    begin("");
    EXPECT_TRUE(session_.mail("anybody@example.com").proceeds());
    EXPECT_TRUE(session_.headers({{"From", "somebody else"}}).proceeds());

    fake_host strict{postern_plugin_v1};
    strict.option("require_login", true);
    ASSERT_EQ(strict.create(), POSTERN_PASS);
    fake_session nobody{strict, 2};
    const answer said = nobody.mail("anybody@example.com");
    EXPECT_EQ(said.smtp_code, 530u);
    EXPECT_EQ(said.enhanced, "5.7.0");
}

TEST_F(sender_owner_plugin, can_refuse_the_null_sender)
{
    host_.option("null_sender", false);
    begin("alice@example.com");
    expect_refused(session_.mail(""));
}

TEST_F(sender_owner_plugin, reads_every_address_of_from)
{
    begin("alice@example.com");
    EXPECT_TRUE(session_.headers({{"Subject", "x"}, {"FROM", "Alice <alice@example.com>"}}).proceeds());
    EXPECT_TRUE(session_.headers({{"Subject", "x"}}).proceeds());
    expect_refused(session_.headers({{"From", "alice@example.com, bob@example.com"}}));
    expect_refused(session_.headers({{"From", "alice@example.com"}, {"From", "bob@example.com"}}));
    expect_refused(session_.headers({{"From", "\"alice@example.com\" <bob@example.com>"}}));
    expect_refused(session_.headers({{"From", "alice"}}));
}

TEST_F(sender_owner_plugin, need_not_read_from)
{
    host_.option("check_from", false);
    begin("alice@example.com");
    EXPECT_TRUE(session_.headers({{"From", "bob@example.com"}}).proceeds());
}

TEST_F(sender_owner_plugin, reads_owners_from_a_file)
{
    const std::string file = testing::TempDir() + "sender_owner_file";
    std::ofstream{file} << "# who: what\n\nalice: a@example.com, @alice.example\n";
    host_.option("file", file);
    begin("alice");
    EXPECT_TRUE(session_.mail("a@example.com").proceeds());
    expect_refused(session_.mail("b@example.com"));
    std::remove(file.c_str());
}

TEST(sender_owner_options, that_mean_nothing_are_refused_at_start)
{
    const auto refused = [](auto set) {
        fake_host host{postern_plugin_v1};
        set(host);
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        return host.refusals();
    };
    EXPECT_THAT(refused([](fake_host& h) { h.option("separator", "++"); }),
                ElementsAre(Pair("separator", "\"++\" is one octet that a local part may hold, such as \"+\", or empty")));
    EXPECT_THAT(refused([](fake_host& h) {
                    h.table("owners", {{"alice", "example.com"}});
                }),
                ElementsAre(Pair("owners", "\"alice\" has no list of addresses such as \"alice@example.com, @alice.example\"")));
    EXPECT_THAT(refused([](fake_host& h) { h.option("file", "/nowhere/at/all"); }),
                ElementsAre(Pair("file", "\"/nowhere/at/all\" cannot be read")));
}

} // namespace
