#include "core/host/chain_report.hpp"

#include "core/host/generation_builder.hpp"
#include "tests/support/lambda_plugin.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/unit/host/plugin_folder.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A listener with a group and a domain.
class a_report : public ::testing::Test {
protected:
    a_report()
    {
        folder_.put("store", "queue-journal");
        problems found;
        settings_ = read_config_text(
            folder_.configuration("[[listener.domain]]\nnames = [\"a.example\", \".a.example\"]\nchain = [\"b\"]\n"
                                  "[[plugin]]\nname = \"b\"\nlibrary = \"pass_through\"\nmay = [\"accept\"]\n"
                                  "on_error = \"continue\"\nbreaker = { failures = 0 }\n"
                                  "[[plugin]]\nname = \"c\"\nlibrary = \"pass_through\"\ndeadline = \"1500ms\"\n"
                                  "[limits.budget]\nconnect = \"0s\"\n",
                                  "[[\"b\", \"c\"]]"),
            folder_.path() / "postern.toml", found);
        const auto plugins = plugin_set::load(*settings_, {load_purpose::check}, base::log{log_}, found);
        login_key_source key{settings_->data_dir, login_key_use::check};
        made_ = build_generation(*settings_, *plugins, load_tls(*settings_, found), std::make_shared<deadline_timer>(), 1, key,
                                 found);
        for (const auto& each : found)
            ADD_FAILURE() << each.text();
    }
    [[nodiscard]] std::string text(const chain_filter& only = {}) const { return chain_text(*settings_, *made_, only); }

    test::plugin_folder folder_;
    postern::test::memory_log log_;
    std::optional<config> settings_;
    std::shared_ptr<const runtime::generation> made_;
};

TEST_F(a_report, shows_groups_domains_rules_and_budgets)
{
    EXPECT_TRUE(text().starts_with("in cmd.rcpt: [b c]\n")) << text();
    EXPECT_THAT(text(), HasSubstr("\nin@a.example,.a.example cmd.rcpt: b\n"));
    EXPECT_THAT(text(), Not(HasSubstr("in@a.example,.a.example cmd.mail"))) << "before RCPT the listener's chain is asked";
    EXPECT_THAT(text(),
                HasSubstr("\nplugin b: on_error=continue deadline=5s breaker=none may=accept id=org.example.pass-through\n"));
    EXPECT_THAT(text(), HasSubstr("\nplugin c: on_error=tempfail deadline=1500ms breaker=5/10s id=org.example.pass-through\n"));
    EXPECT_TRUE(text().ends_with("\nbudget: connect=none envelope=4m content=4m end=4m\n"));
}

TEST_F(a_report, of_one_hook_has_nothing_else)
{
    EXPECT_EQ(text({"in", "cmd.rcpt"}), "in cmd.rcpt: [b c]\nin@a.example,.a.example cmd.rcpt: b\n");
    EXPECT_EQ(text({"delivery", "cmd.rcpt"}), "");
}

TEST_F(a_report, puts_who_only_watches_behind_those_who_decide)
{
    const auto named = [](const std::string& name) {
        const auto on = [](const postern::test::asked&) { return hooks::call_result{hooks::call_status::passed}; };
        return std::make_shared<postern::test::lambda_plugin>(name, std::set{hooks::hook_point::cmd_mail}, on);
    };
    const auto watcher = named("watcher");
    watcher->observed.insert(hooks::hook_point::cmd_mail);
    const auto health = std::make_shared<hooks::vitals>(hooks::breaker_rule{});
    std::vector<hooks::link> links;
    for (const auto& who : {named("x"), watcher, named("y"), named("z")})
        links.push_back({who, {}, std::chrono::seconds{5}, {}, who->name() == "z" ? 0U : 1U, health});
    auto profile = std::make_shared<runtime::listener_profile>(*made_->listeners.at("in"));
    profile->chain = std::make_shared<const hooks::chain>(std::move(links));
    auto made = *made_;
    made.listeners["in"] = std::move(profile);
    EXPECT_EQ(chain_text(*settings_, made, {"in", "cmd.mail"}), "in cmd.mail: [x y] z (watcher)\n");
    EXPECT_THAT(chain_json(*settings_, made, {"in", "cmd.mail"}),
                HasSubstr(R"("groups":[["x","y"],["z"]],"observers":["watcher"])"));
}

TEST_F(a_report, says_the_same_as_json)
{
    const auto said = boost::json::parse(chain_json(*settings_, *made_, {"in", "cmd.rcpt"})).as_object();
    const auto& chains = said.at("chains").as_array();
    ASSERT_EQ(chains.size(), 2U);
    EXPECT_EQ(chains[0].at("listener").as_string(), "in");
    EXPECT_EQ(boost::json::serialize(chains[0].at("hooks")), R"([{"hook":"cmd.rcpt","groups":[["b","c"]],"observers":[]}])");
    EXPECT_EQ(boost::json::serialize(chains[1].at("domains")), R"(["a.example",".a.example"])");
    EXPECT_TRUE(said.at("budget_ms").at("connect").is_null());
    EXPECT_EQ(said.at("budget_ms").at("end").as_int64(), 240000);
    ASSERT_EQ(said.at("plugins").as_array().size(), 2U);
    EXPECT_EQ(said.at("plugins").as_array()[1].at("deadline_ms").as_int64(), 1500);
}

} // namespace
} // namespace postern::daemon
