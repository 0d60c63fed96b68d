#include "core/host/declared_extensions.hpp"

#include "tests/unit/host/scripted_plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

using namespace postern::daemon::test;
using ::testing::HasSubstr;

postern_str text(std::string_view octets)
{
    return {octets.data(), octets.size()};
}

postern_keyword keyword(std::string_view name)
{
    return {sizeof(postern_keyword), 0, text(name), {}};
}

postern_verb verb(std::string_view name, std::string_view of)
{
    return {sizeof(postern_verb), 0, text(name), text(of), 0, 0, 0};
}

postern_param_kind param(std::string_view name, std::string_view of, std::uint32_t flags = POSTERN_PARAM_MAIL)
{
    return {sizeof(postern_param_kind), flags, text(name), text(of), POSTERN_RELAY_REQUIRED, 0, text("5.7.9")};
}

class a_declaring_plugin : public ::testing::Test {
protected:
    /// What create declares.
    void declares(std::function<void(const postern_ehlo_1&, postern_host*)> what)
    {
        script.on_create = [this, what = std::move(what)] {
            what(*static_cast<const postern_ehlo_1*>(script.get(script.host, POSTERN_EHLO_1)), script.host);
            return POSTERN_PASS;
        };
    }

    scripted_plugin script;
};

TEST_F(a_declaring_plugin, adds_all_of_it_to_its_listeners_as_its_own)
{
    declares([](const postern_ehlo_1& table, postern_host* host) {
        auto line = keyword("XTRACE");
        line.flags = POSTERN_KEYWORD_IN_TLS;
        line.parameters = text("1 2");
        EXPECT_EQ(table.keyword(host, &line), POSTERN_PASS);
        auto said = verb("XTRACE", "XTRACE");
        said.flags = POSTERN_VERB_IN_MAIL;
        said.counted_by = 2;
        said.most_octets = 10;
        EXPECT_EQ(table.verb(host, &said), POSTERN_PASS);
        const auto given = param("XID", "XTRACE", POSTERN_PARAM_RCPT | POSTERN_PARAM_VALUE);
        EXPECT_EQ(table.param(host, &given), POSTERN_PASS);
    });
    const auto instance = script.make_instance();
    ASSERT_NE(instance, nullptr);
    EXPECT_TRUE(instance->wants(hooks::hook_point::verb)) << "who declares a verb hears of it";
    EXPECT_TRUE(instance->wants(hooks::hook_point::verb_data));
    EXPECT_FALSE(instance->wants(hooks::hook_point::param)) << "this takes a subscription";
    session::extensions all;
    EXPECT_FALSE(instance->extensions().add_to(all, "mine"));
    ASSERT_EQ(all.keywords().size(), 1U);
    EXPECT_EQ(all.keywords()[0].owner, "mine");
    EXPECT_EQ(all.keywords()[0].parameters, "1 2");
    EXPECT_TRUE(all.keywords()[0].in_tls);
    EXPECT_FALSE(all.keywords()[0].logged_in);
    const auto* said = all.verb("XTRACE");
    ASSERT_NE(said, nullptr);
    EXPECT_TRUE(said->in_mail);
    EXPECT_FALSE(said->before_ehlo);
    EXPECT_EQ(said->counted_by, 2U);
    EXPECT_EQ(said->most_octets, 10U);
    const auto* given = all.parameter("XID");
    ASSERT_NE(given, nullptr);
    EXPECT_TRUE(given->of_rcpt);
    EXPECT_FALSE(given->of_mail);
    EXPECT_EQ(given->value, session::extension_parameter::value_rule::required);
    EXPECT_EQ(given->relay, message::relay_rule::required);
    EXPECT_EQ(given->lacking, "5.7.9");
}

TEST_F(a_declaring_plugin, is_not_loaded_with_what_no_protocol_may_hold)
{
    declares([](const postern_ehlo_1& table, postern_host* host) {
        const auto line = keyword("bad keyword");
        EXPECT_EQ(table.keyword(host, &line), POSTERN_E_INVALID);
        const auto said = verb("MAIL", "");
        EXPECT_EQ(table.verb(host, &said), POSTERN_E_INVALID);
        const auto given = param("SIZE", "XTRACE");
        EXPECT_EQ(table.param(host, &given), POSTERN_E_INVALID);
    });
    EXPECT_EQ(script.make_instance(), nullptr) << "even if it says that all is well";
    ASSERT_EQ(script.found.size(), 3U);
    EXPECT_THAT(script.found[0].text(), HasSubstr("postern.toml:7: plugin scripted (org.example.scripted): \"bad keyword"));
    EXPECT_THAT(script.found[1].text(), HasSubstr("the verb MAIL is the server's own"));
    EXPECT_THAT(script.found[2].text(), HasSubstr("the parameter SIZE is the server's own"));
}

TEST_F(a_declaring_plugin, hands_over_sound_records)
{
    declares([](const postern_ehlo_1& table, postern_host* host) {
        EXPECT_EQ(table.keyword(host, nullptr), POSTERN_E_INVALID);
        EXPECT_EQ(table.keyword(nullptr, nullptr), POSTERN_E_INVALID);
        auto line = keyword("XTRACE");
        --line.size;
        EXPECT_EQ(table.keyword(host, &line), POSTERN_E_INVALID);
        line = keyword("XTRACE");
        line.flags = 4;
        EXPECT_EQ(table.keyword(host, &line), POSTERN_E_INVALID);
        line = keyword("XTRACE");
        line.parameters = {nullptr, 1};
        EXPECT_EQ(table.keyword(host, &line), POSTERN_E_INVALID);
        const auto both = param("XID", "XTRACE", POSTERN_PARAM_MAIL | POSTERN_PARAM_VALUE | POSTERN_PARAM_NO_VALUE);
        EXPECT_EQ(table.param(host, &both), POSTERN_E_INVALID);
        auto unruly = param("XID", "XTRACE");
        unruly.relay = POSTERN_RELAY_REQUIRED + 1;
        EXPECT_EQ(table.param(host, &unruly), POSTERN_E_INVALID);
    });
    EXPECT_EQ(script.make_instance(), nullptr);
}

TEST_F(a_declaring_plugin, declares_in_create_only)
{
    const postern_ehlo_1* table = nullptr;
    declares([&](const postern_ehlo_1& of, postern_host*) { table = &of; });
    const auto instance = script.make_instance();
    ASSERT_NE(instance, nullptr);
    const auto line = keyword("XTRACE");
    EXPECT_EQ(table->keyword(script.host, &line), POSTERN_E_DENIED);
    EXPECT_TRUE(instance->extensions().empty());
}

} // namespace
} // namespace postern::daemon
