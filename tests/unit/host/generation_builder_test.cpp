#include "core/host/generation_builder.hpp"

#include "core/host/chain_builder.hpp"
#include "core/host/process.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/server.hpp"
#include "tests/unit/host/plugin_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> texts(const problems& found)
{
    std::vector<std::string> out;
    for (const auto& each : found)
        out.push_back(each.text());
    return out;
}

class a_generation : public ::testing::Test {
protected:
    std::shared_ptr<const runtime::generation> build(const std::string& lines, const std::string& chain)
    {
        folder_.put("store", "queue-journal");
        const auto from = read_config_text(folder_.configuration(lines, chain), folder_.path() / "postern.toml", found_).value();
        const auto plugins =
            plugin_set::load(from, {.purpose = load_purpose::check, .services = services_}, base::log{log_}, found_);
        EXPECT_NE(plugins, nullptr) << ::testing::PrintToString(texts(found_));
        login_key_source key{from.data_dir, login_key_use::check};
        return build_generation(from, *plugins, load_tls(from, found_), std::make_shared<deadline_timer>(), 7, key, found_);
    }

    test::plugin_folder folder_;
    postern::test::memory_log log_;
    problems found_;
    common_services services_; ///< of the process
};

TEST_F(a_generation, has_what_the_configuration_says)
{
    const auto made =
        build("[[plugin]]\nname = \"a\"\nlibrary = \"good\"\n[[plugin]]\nname = \"b\"\nlibrary = \"pass_through\"\n"
              "on_error = \"hold\"\ndeadline = \"3s\"\nmay = [\"rcpt\"]\n"
              "[limits]\nrecipients = 3\nconnections = 5\nbare_lf = \"normalize\"\n[limits.timeouts]\ncommand = \"9s\"\n"
              "[queue]\nexpire = \"2d\"\n[delivery]\nrelay = \"192.0.2.1:25\"\ntls = \"none\"\n",
              "[\"b\", \"a\"]");
    ASSERT_NE(made, nullptr) << ::testing::PrintToString(texts(found_));
    EXPECT_EQ(made->number, 7U);
    EXPECT_EQ(made->limits.connections, 5U);
    EXPECT_EQ(made->retry.expire, 48h);
    EXPECT_EQ(made->delivery.relay, "192.0.2.1:25");
    EXPECT_EQ(made->client_tls, nullptr) << "delivery.tls is none";
    EXPECT_THAT(made->transports, IsEmpty());
    const auto& profile = *made->listeners.at("in");
    EXPECT_EQ(profile.session.hostname, "mx.example.org");
    EXPECT_EQ(profile.session.limits.recipients, 3U);
    EXPECT_EQ(profile.session.bare, session::bare_line_end::normalize);
    EXPECT_EQ(profile.timeouts.command, 9s);
    EXPECT_EQ(profile.tls, nullptr);
    const auto& links = profile.chain->all();
    ASSERT_EQ(links.size(), 2U);
    EXPECT_EQ(links[0].who->name(), "b");
    EXPECT_EQ(links[0].on_error, hooks::failure_policy::hold);
    EXPECT_EQ(links[0].deadline, 3s);
    EXPECT_TRUE(links[0].may.rcpt);
    EXPECT_EQ(links[1].who->name(), "a");
    EXPECT_EQ(links[1].on_error, hooks::failure_policy::tempfail);
    ASSERT_EQ(profile.chain->links(hooks::hook_point::cmd_rcpt).size(), 1U);
    // The queue's side asks all, in the order of the configuration.
    ASSERT_EQ(made->delivery_chain->all().size(), 2U);
    EXPECT_EQ(made->delivery_chain->all()[0].who->name(), "a");
}

TEST_F(a_generation, has_no_store_in_a_chain)
{
    EXPECT_EQ(build("[[plugin]]\nname = \"q\"\nlibrary = \"store\"\n[queue]\nstore = \"q\"\n", "[\"q\"]"), nullptr);
    EXPECT_THAT(texts(found_), ElementsAre(HasSubstr(
                                   ":7: listener.chain: \"q\" is a store (of the queue, or of [kv]); it cannot be in a chain")));
}

constexpr const char* two_plugins =
    "[[plugin]]\nname = \"a\"\nlibrary = \"good\"\n[[plugin]]\nname = \"b\"\nlibrary = \"pass_through\"\n";

// It is loaded, check says that all is good, and nobody ever asks it.
TEST_F(a_generation, has_nobody_in_no_chain_who_is_asked_in_chains_alone_without_a_warning)
{
    folder_.put("store", "queue-journal");
    const auto warned = [&](const std::string& chain) {
        const auto from =
            read_config_text(folder_.configuration(two_plugins, chain), folder_.path() / "postern.toml", found_).value();
        const auto plugins =
            plugin_set::load(from, {.purpose = load_purpose::check, .services = services_}, base::log{log_}, found_);
        EXPECT_NE(plugins, nullptr) << ::testing::PrintToString(texts(found_));
        warn_of_places(from, *plugins, base::log{log_});
        return log_.count("plugin.in_no_chain");
    };
    EXPECT_EQ(warned("[\"a\", \"b\"]"), 0);
    EXPECT_EQ(warned("[\"a\"]"), 1);
    EXPECT_TRUE(log_.contains("plugin.in_no_chain plugin=b hooks=cmd.rcpt note="));
}

TEST_F(a_generation, has_the_chains_of_domains_beside_that_of_the_listener)
{
    const auto made = build(std::string{"[[listener.domain]]\nnames = [\"a.example\"]\nchain = [\"a\"]\n[[listener.domain]]\n"
                                        "names = [\".b.example\", \"b.example\"]\nchain = [[\"a\", \"b\"]]\n"} +
                                two_plugins,
                            "[\"b\"]");
    ASSERT_NE(made, nullptr) << ::testing::PrintToString(texts(found_));
    const auto& profile = *made->listeners.at("in");
    ASSERT_EQ(profile.domain_chains.size(), 2U);
    EXPECT_EQ(profile.session.domains->find("a.example"), 1U);
    EXPECT_EQ(profile.session.domains->find("x.b.example"), 2U);
    EXPECT_EQ(profile.session.domains->find("c.example"), 0U);
    EXPECT_EQ(&profile.chain_number(0), profile.chain.get());
    const auto& links = profile.chain_number(2).all();
    ASSERT_EQ(links.size(), 2U);
    EXPECT_NE(links[0].group, 0U);
    EXPECT_EQ(links[0].group, links[1].group);
    EXPECT_EQ(links[1].who, profile.chain->all()[0].who);
    EXPECT_EQ(links[1].health, profile.chain->all()[0].health) << "an instance is one, in however many chains";
    EXPECT_EQ(links[1].health, made->delivery_chain->all()[1].health);
}

TEST_F(a_generation, has_an_owner_of_parameters_of_mail_last_in_its_group)
{
    const std::string with_owner = std::string{two_plugins} + "[[plugin]]\nname = \"o\"\nlibrary = \"owner\"\n";
    EXPECT_NE(build(with_owner, "[[\"a\", \"o\"], \"b\"]"), nullptr) << ::testing::PrintToString(texts(found_));
    EXPECT_NE(build(with_owner, "[\"o\", [\"a\", \"b\"]]"), nullptr) << ::testing::PrintToString(texts(found_));
    EXPECT_THAT(texts(found_), IsEmpty());
    EXPECT_EQ(build(with_owner, "[[\"o\", \"a\"], \"b\"]"), nullptr);
    EXPECT_THAT(texts(found_), ElementsAre(HasSubstr(":7: listener.chain: \"o\" may set its parameters at cmd.mail, which those "
                                                     "that are asked at the same time would not see; put it last in its "
                                                     "group, or out of it")));
}

TEST_F(a_generation, goes_on_with_the_times_of_the_one_before_and_with_closed_breakers)
{
    const auto first = build(two_plugins, "[\"b\"]");
    ASSERT_NE(first, nullptr);
    auto& before = *first->delivery_chain->all()[1].health;
    ASSERT_NE(before.times_at(hooks::hook_point::cmd_rcpt), nullptr) << "a hook that it subscribed to";
    EXPECT_EQ(before.times_at(hooks::hook_point::conn_open), nullptr) << "one that it did not";
    for (int i = 0; i < 5; ++i)
        (void)before.breaker_at(hooks::hook_point::cmd_rcpt).failed(hooks::breaker::passage::call, {});
    EXPECT_TRUE(before.breaker_at(hooks::hook_point::cmd_rcpt).is_open());
    const auto second = build(two_plugins, "[\"b\"]");
    ASSERT_NE(second, nullptr);
    auto& after = *second->delivery_chain->all()[1].health;
    EXPECT_EQ(after.times_at(hooks::hook_point::cmd_rcpt), before.times_at(hooks::hook_point::cmd_rcpt));
    EXPECT_FALSE(after.breaker_at(hooks::hook_point::cmd_rcpt).is_open());
}

/// What the manifests of plugins say about their place.
class the_order : public a_generation {
protected:
    std::vector<std::string> problems_of(const std::string& chain, const std::string& lines = {})
    {
        found_.clear();
        (void)build(lines + two_plugins, chain);
        return texts(found_);
    }
    void wish(const std::string& library, const std::string& words)
    {
        const auto id = library == "good" ? "org.example.good" : "org.example.pass-through";
        folder_.write(library + ".toml", words + "\n" + test::manifest_of(id));
    }
};

TEST_F(the_order, is_checked_against_before_and_never_changed)
{
    wish("good", "before = [\"org.example.pass-through\", \"org.example.absent\"]");
    EXPECT_THAT(problems_of("[\"a\", \"b\"]"), IsEmpty());
    EXPECT_THAT(problems_of("[\"a\"]"), IsEmpty());
    EXPECT_THAT(problems_of("[\"b\", \"a\"]"),
                ElementsAre(HasSubstr(":7: listener.chain: \"a\" must stand before \"b\", as its plugin.toml says (before = "
                                      "[\"org.example.pass-through\"]); move it")));
    EXPECT_THAT(problems_of("[[\"a\", \"b\"]]"),
                ElementsAre(HasSubstr("they are asked at the same time; take one out of the group")));
}

TEST_F(the_order, is_checked_against_after)
{
    wish("pass_through", "after = [\"org.example.good\"]");
    EXPECT_THAT(problems_of("[\"a\", \"b\"]"), IsEmpty());
    EXPECT_THAT(problems_of("[\"b\", \"a\"]"),
                ElementsAre(HasSubstr(":7: listener.chain: \"b\" must stand behind \"a\", as its plugin.toml says (after = "
                                      "[\"org.example.good\"]); move it")));
    EXPECT_THAT(problems_of("[[\"a\", \"b\"]]"), ElementsAre(HasSubstr("must stand behind \"a\"")));
}

TEST_F(the_order, is_checked_in_the_chain_of_a_domain_too)
{
    wish("good", "before = [\"org.example.pass-through\"]");
    EXPECT_THAT(problems_of("[]", "[[listener.domain]]\nnames = [\"a.example\"]\nchain = [\"b\", \"a\"]\n"),
                ElementsAre(HasSubstr(":10: listener.domain.chain: \"a\" must stand before \"b\"")));
}

} // namespace
} // namespace postern::daemon
