#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

TEST(relay_domains, vouches_for_its_domains_and_addresses_and_passes_on_the_rest)
{
    fake_host host{postern_plugin_v1};
    host.list("domains", {"example.com"});
    host.list("addresses", {"abuse@example.net"});
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    static_cast<void>(session.mail("a@client.example"));
    EXPECT_TRUE(session.rcpt("user@example.com").vouches());
    EXPECT_TRUE(session.rcpt("abuse@example.net").vouches());
    EXPECT_TRUE(session.rcpt("Postmaster").vouches());
    EXPECT_EQ(session.rcpt("user@evil.example").came, answer::how::passed);
    EXPECT_EQ(session.rcpt("user%evil.example@example.com").came, answer::how::passed);
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(relay_domains, lets_its_networks_and_logged_in_users_relay_anywhere)
{
    fake_host host{postern_plugin_v1};
    host.list("networks", {"192.0.2.0/24"});
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    static_cast<void>(session.mail("a@client.example"));
    session.who.address = "192.0.2.200";
    EXPECT_TRUE(session.rcpt("user@far.example").vouches());
    session.who.address = "198.51.100.1";
    EXPECT_FALSE(session.rcpt("user@far.example").vouches());
    session.who.identity = "alice";
    EXPECT_TRUE(session.rcpt("user@far.example").vouches());
}

TEST(relay_domains, without_options_vouches_for_nobody_but_the_postmaster)
{
    fake_host host{postern_plugin_v1};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    session.who.address = "127.0.0.1";
    static_cast<void>(session.mail("a@client.example"));
    EXPECT_FALSE(session.rcpt("user@example.com").vouches());
    EXPECT_TRUE(session.rcpt("postmaster").vouches());
}

TEST(relay_domains, refuses_entries_with_the_entry_and_the_reason)
{
    const auto refuses = [](const std::string& key, const std::string& entry, const std::string& text) {
        fake_host host{postern_plugin_v1};
        host.list(key, {entry});
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        EXPECT_THAT(host.refusals(), ElementsAre(Pair(key, text)));
    };
    refuses("domains", "*", "\"*\" is no domain; a wildcard is written \"*.example.com\"");
    refuses("addresses", "user", "\"user\" is no address");
    refuses("networks", "192.0.2.1/24", "\"192.0.2.1/24\" has bits set behind its prefix");
}

TEST(relay_domains, warns_of_a_network_that_holds_everybody)
{
    fake_host host{postern_plugin_v1};
    host.list("networks", {"0.0.0.0/0"});
    ASSERT_EQ(host.create(), POSTERN_PASS);
    ASSERT_EQ(host.log_lines().size(), 1u);
    EXPECT_EQ(host.log_lines()[0].first, POSTERN_LOG_WARNING);
}

TEST(relay_domains, says_that_it_provides_recipients)
{
    EXPECT_TRUE(fake_host{postern_plugin_v1}.provides("postern.recipients/1"));
    EXPECT_STREQ(postern_plugin_v1.id, "org.postern.relay-domains");
}

} // namespace
