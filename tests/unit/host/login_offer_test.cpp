#include "core/host/login_offer.hpp"

#include "core/host/linked_plugin.hpp"
#include "tests/support/memory_log.hpp"

#include <postern/plugin.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Verifies what its table says, and brings a mechanism of its own where it has a name for one.
template <std::uint32_t kinds, char mechanism = '\0'>
class verifier {
public:
    explicit verifier(const host& host)
    {
        if constexpr (mechanism != '\0')
            host.mechanism(std::string{"X"} + mechanism);
        if constexpr (kinds != 0)
            host.verifies(static_cast<proof>(kinds));
    }
    login_reply on(const auth_step&) { return proceed(); }
    login_reply on(const auth_verify&) requires(kinds != 0) { return proceed(); }
};

template <class Plugin>
constexpr postern_plugin table_of = sdk::describe<Plugin>("org.example.verifier", "1.0", "tests");

class an_offer : public ::testing::Test {
protected:
    void link(std::string library, const postern_plugin& table) { linked_.push_back({std::move(library), &table}); }
    /// With all plugins that are linked in the listener's chain.
    std::shared_ptr<const session::auth_offer> make(const std::string& listener_lines)
    {
        std::string chain;
        std::string plugins;
        for (const auto& each : linked_) {
            chain += (chain.empty() ? "\"" : ", \"") + each.library + "\"";
            plugins += "[[plugin]]\nname = \"" + each.library + "\"\nlibrary = \"" + each.library + "\"\n";
        }
        const auto toml = R"(
hostname = "mx.example"
data_dir = "data"
tls = { cert = "cert.pem", key = "key.pem" }
[[listener]]
name = "in"
address = "127.0.0.1:0"
tls = "starttls"
chain = [)" + chain + "]\n" +
                          listener_lines + plugins;
        const auto from = read_config_text(toml, "/nowhere/postern.toml", found_);
        EXPECT_TRUE(from.has_value());
        if (!from)
            return std::make_shared<session::auth_offer>();
        const auto set =
            plugin_set::load(*from, {.purpose = load_purpose::without_store, .linked = &linked_}, base::log{log_}, found_);
        EXPECT_NE(set, nullptr);
        login_key_source key{from->data_dir, login_key_use::check};
        return login_offer(from->listeners.front(), key, *set, found_);
    }
    static std::vector<std::string> names(const session::auth_offer& of)
    {
        std::vector<std::string> out;
        for (const auto& each : of.mechanisms)
            out.push_back(each.name);
        return out;
    }

    std::vector<linked_plugin> linked_;
    postern::test::memory_log log_;
    problems found_;
};

TEST_F(an_offer, is_not_made_where_nobody_can_log_in)
{
    link("verifier", table_of<verifier<POSTERN_AUTH_PASSWORD>>);
    EXPECT_EQ(make(""), nullptr);
    EXPECT_THAT(found_, IsEmpty());
}

TEST_F(an_offer, has_the_mechanisms_that_somebody_verifies_for_and_no_others)
{
    link("verifier", table_of<verifier<POSTERN_AUTH_PASSWORD>>);
    const auto made = make("auth = true\n");
    EXPECT_THAT(names(*made), ElementsAre("PLAIN", "LOGIN"));
    EXPECT_THAT(found_, IsEmpty());
}

TEST_F(an_offer, has_scram_by_the_digest_of_the_secrets_that_are_kept)
{
    link("verifier", table_of<verifier<POSTERN_AUTH_SECRET>>);
    EXPECT_THAT(names(*make("auth = true\n")), ElementsAre("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"));
    linked_.clear();
    link("older", table_of<verifier<POSTERN_AUTH_SECRET_SHA_1>>);
    EXPECT_THAT(names(*make("auth = true\n")), ElementsAre("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"));
    EXPECT_THAT(found_, IsEmpty());
}

TEST_F(an_offer, has_what_shows_too_much_only_where_it_is_listed)
{
    link("verifier", table_of<verifier<POSTERN_AUTH_PLAIN_TEXT | POSTERN_AUTH_ANONYMOUS | POSTERN_AUTH_TOKEN>>);
    EXPECT_THAT(names(*make("auth = true\n")), ElementsAre("OAUTHBEARER", "XOAUTH2"));
    const auto made = make("auth = true\nmechanisms = [\"CRAM-MD5\", \"ANONYMOUS\"]\n");
    EXPECT_THAT(names(*made), ::testing::UnorderedElementsAre("CRAM-MD5", "ANONYMOUS"));
    EXPECT_THAT(found_, IsEmpty());
}

TEST_F(an_offer, adds_up_what_a_chain_brings_plugins_own_mechanisms_first)
{
    link("one", table_of<verifier<POSTERN_AUTH_PASSWORD, 'A'>>);
    link("two", table_of<verifier<POSTERN_AUTH_TOKEN, 'B'>>);
    const auto made = make("auth = true\n");
    EXPECT_THAT(names(*made), ElementsAre("XA", "XB", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN"));
    EXPECT_EQ(made->mechanisms[1].owner, "two");
    EXPECT_EQ(made->mechanisms[1].kind, nullptr);
    EXPECT_NE(made->mechanisms[2].kind, nullptr);
    EXPECT_THAT(names(*make("auth = true\nmechanisms = [\"XB\", \"PLAIN\"]\n")), ElementsAre("XB", "PLAIN"));
    EXPECT_THAT(found_, IsEmpty());
}

TEST_F(an_offer, complains_of_a_mechanism_with_two_owners)
{
    link("one", table_of<verifier<0, 'A'>>);
    link("two", table_of<verifier<POSTERN_AUTH_PASSWORD, 'A'>>);
    (void)make("auth = true\n");
    ASSERT_THAT(found_, SizeIs(1));
    EXPECT_THAT(found_[0].text(), HasSubstr("listener in, plugin two: mechanism XA is that of plugin one already"));
    EXPECT_THAT(found_[0].text(), HasSubstr("/nowhere/postern.toml:5"));
}

TEST_F(an_offer, complains_of_listed_mechanisms_that_nobody_serves)
{
    link("verifier", table_of<verifier<POSTERN_AUTH_PASSWORD>>);
    (void)make("auth = true\nmechanisms = [\"PLAIN\", \"SCRAM-SHA-256\", \"GSSAPI\"]\n");
    ASSERT_THAT(found_, SizeIs(2));
    EXPECT_THAT(found_[0].text(), HasSubstr("\"SCRAM-SHA-256\": no plugin in the listener's chain verifies what it needs"));
    EXPECT_THAT(found_[1].text(), HasSubstr("\"GSSAPI\": there is no such mechanism here"));
}

TEST_F(an_offer, without_anybody_who_verifies_says_what_to_do)
{
    (void)make("auth = true\n");
    ASSERT_THAT(found_, SizeIs(1));
    EXPECT_THAT(found_[0].text(), HasSubstr("put an instance of auth-file, or its like, into it"));
}

TEST_F(an_offer, has_the_listeners_rules_and_secrets_of_the_process)
{
    link("verifier", table_of<verifier<POSTERN_AUTH_PASSWORD | POSTERN_AUTH_SECRET>>);
    const auto usual = make("auth = true\n");
    EXPECT_FALSE(usual->in_clear);
    EXPECT_FALSE(usual->is_required);
    EXPECT_EQ(usual->failures, 3U);
    const auto made = make("auth = true\nauth_in_clear = true\nauth_required = true\nauth_failures = 1\n");
    EXPECT_TRUE(made->in_clear);
    EXPECT_TRUE(made->is_required);
    EXPECT_EQ(made->failures, 1U);
    EXPECT_NE(made->nonce(), made->nonce());
    EXPECT_GE(made->unknown_user_key.size(), 18U);
    EXPECT_EQ(made->unknown_user_key, usual->unknown_user_key) << "or a reload would tell unknown users from known ones";
    EXPECT_THAT(found_, IsEmpty());
}

} // namespace
} // namespace postern::daemon
