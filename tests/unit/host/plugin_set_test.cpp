#include "core/host/plugin_set.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/host/plugin_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class a_plugin_set : public ::testing::Test {
protected:
    /// Null: `found_` says why.
    std::unique_ptr<plugin_set> load(const std::string& lines, plugin_loading how = {})
    {
        found_.clear();
        const auto read = read_config_text(folder_.configuration(lines), folder_.path() / "postern.toml", found_);
        EXPECT_TRUE(read) << ::testing::PrintToString(complaints());
        return plugin_set::load(read.value(), std::move(how), base::log{log_}, found_);
    }
    std::vector<std::string> complaints() const
    {
        std::vector<std::string> out;
        for (const auto& each : found_)
            out.push_back(each.what);
        return out;
    }
    static std::string plugin(const std::string& name, const std::string& library, const std::string& config = {})
    {
        return "[[plugin]]\nname = \"" + name + "\"\nlibrary = \"" + library + "\"\n[plugin.config]\n" + config + "\n";
    }
    static std::vector<std::string> names(const plugin_set& of)
    {
        std::vector<std::string> out;
        for (const auto& each : of.plugins())
            out.push_back(each->name());
        return out;
    }

    test::plugin_folder folder_;
    postern::test::memory_log log_;
    problems found_;
};

TEST_F(a_plugin_set, has_the_plugins_in_their_order_and_the_store_apart)
{
    const auto all = load(plugin("second", "good") + plugin("kept", "store", "path = \"q\"") + plugin("first", "pass_through") +
                          "[queue]\nstore = \"kept\"\n");
    ASSERT_NE(all, nullptr) << ::testing::PrintToString(complaints());
    EXPECT_THAT(names(*all), ElementsAre("second", "first"));
    EXPECT_NE(all->store(), nullptr);
    EXPECT_EQ(all->find("first"), all->plugins()[1]);
    EXPECT_EQ(all->find("kept"), nullptr) << "it is in no chain";
    EXPECT_EQ(all->find(""), nullptr);
}

TEST_F(a_plugin_set, keeps_messages_in_the_journal_under_data_dir_unless_told_otherwise)
{
    EXPECT_EQ(load(""), nullptr);
    EXPECT_THAT(complaints(),
                ElementsAre(AllOf(HasSubstr("there is no queue-journal.so in "), HasSubstr(folder_.path().string()))));
    folder_.put("store", "queue-journal");
    const auto all = load("");
    ASSERT_NE(all, nullptr) << ::testing::PrintToString(complaints());
    EXPECT_NE(all->store(), nullptr);

    config plain;
    plain.data_dir = "/var/lib/postern";
    const auto settings = store_settings(plain);
    EXPECT_EQ(settings.library, "queue-journal");
    ASSERT_EQ(settings.options.size(), 1U);
    EXPECT_EQ(settings.options[0].key, "path");
    EXPECT_EQ(std::get<std::string>(settings.options[0].items.at(0).second.value), "/var/lib/postern/queue");
}

TEST_F(a_plugin_set, opens_no_store_to_check_and_none_but_the_store_to_verify)
{
    folder_.put("store", "queue-journal");
    const auto checked = load(plugin("p", "good"), {load_purpose::check});
    ASSERT_NE(checked, nullptr) << ::testing::PrintToString(complaints());
    EXPECT_EQ(checked->store(), nullptr);
    EXPECT_THAT(names(*checked), ElementsAre("p"));
    const auto verified = load(plugin("p", "good"), {load_purpose::store});
    ASSERT_NE(verified, nullptr) << ::testing::PrintToString(complaints());
    EXPECT_NE(verified->store(), nullptr);
    EXPECT_THAT(names(*verified), IsEmpty());
}

TEST_F(a_plugin_set, of_a_reload_goes_on_with_the_store_that_there_is)
{
    folder_.put("store", "queue-journal");
    const auto first = load("");
    ASSERT_NE(first, nullptr);
    const auto second = load(plugin("p", "good"), {load_purpose::serve, 2, first->store()});
    ASSERT_NE(second, nullptr) << ::testing::PrintToString(complaints());
    EXPECT_EQ(second->store(), first->store());
}

TEST_F(a_plugin_set, tells_all_that_is_wrong_before_any_plugin_is_created)
{
    folder_.put("store", "queue-journal");
    EXPECT_EQ(load(plugin("a", "absent") + plugin("b", "good", "colour = 1") + plugin("c", "create_throws") +
                   plugin("d", "good", "word = 7")),
              nullptr);
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("plugin a: there is no absent.so"), HasSubstr("colour"), HasSubstr("word")));
    EXPECT_EQ(load(plugin("c", "create_throws")), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("c")));
    EXPECT_EQ(load(plugin("b", "good", "word = \"bad\"")), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("is a bad word")));
}

TEST_F(a_plugin_set, needs_each_plugins_manifest_and_that_it_is_its_own)
{
    folder_.put("store", "queue-journal");
    std::filesystem::remove(folder_.path() / "good.toml");
    EXPECT_EQ(load(plugin("p", "good")), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(AllOf(HasSubstr("plugin p: "), HasSubstr("good.toml is missing"))));
    folder_.write("good.toml", test::manifest_of("org.example.other"));
    EXPECT_EQ(load(plugin("p", "good")), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("its manifest is for org.example.other, its library is org.example.good")));
    folder_.write("good.toml", test::manifest_of("org.example.good"));
    std::filesystem::permissions(folder_.path() / "good.toml", std::filesystem::perms{0666});
    EXPECT_EQ(load(plugin("p", "good")), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("plugin p: good.toml: ")));
}

TEST_F(a_plugin_set, has_a_store_and_a_transport_that_are_such)
{
    folder_.put("store", "queue-journal");
    EXPECT_EQ(load(plugin("p", "good") + "[queue]\nstore = \"p\"\n"), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(AllOf(HasSubstr("queue.store: "), HasSubstr("does not provide \"postern.queue/1\""))));
    EXPECT_EQ(load(plugin("p", "good") + "[delivery]\ntransport = \"p\"\n"), nullptr);
    EXPECT_THAT(complaints(),
                ElementsAre(AllOf(HasSubstr("delivery.transport: "), HasSubstr("does not provide \"postern.delivery/1\""))));
}

/// What it guards would be open, and nobody would know.
TEST_F(a_plugin_set, has_nobody_who_requires_logins_and_declares_nothing_of_them)
{
    folder_.put("store", "queue-journal");
    folder_.put("speechless", "speechless");
    EXPECT_EQ(load(plugin("p", "speechless")), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(AllOf(HasSubstr("plugin p (org.example.speechless): "),
                                                HasSubstr("never be asked about a login"), HasSubstr("host.verifies"))));
}

TEST_F(a_plugin_set, opens_a_store_for_keys_and_values_when_a_plugin_needs_one)
{
    folder_.put("store", "queue-journal");
    const auto without = load(plugin("p", "good"));
    ASSERT_NE(without, nullptr) << ::testing::PrintToString(complaints());
    EXPECT_EQ(without->kv(), nullptr);

    EXPECT_EQ(load(plugin("p", "needy")), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("there is no kv-memory.so in ")));
    folder_.put("keeper", "kv-memory");
    const auto with = load(plugin("p", "needy"));
    ASSERT_NE(with, nullptr) << ::testing::PrintToString(complaints());
    ASSERT_NE(with->kv(), nullptr);
    EXPECT_EQ(with->kv()->store().name(), "kv-memory");
    EXPECT_THAT(names(*with), ElementsAre("p"));

    plugin_loading again{load_purpose::serve, 2};
    again.services.kv = with->kv();
    const auto reloaded = load(plugin("p", "good"), again);
    ASSERT_NE(reloaded, nullptr);
    EXPECT_EQ(reloaded->kv(), with->kv()); // whether it is needed or not: old sessions may use it
    const auto checked = load(plugin("p", "needy"), {load_purpose::check});
    ASSERT_NE(checked, nullptr) << ::testing::PrintToString(complaints());
    EXPECT_EQ(checked->kv(), nullptr);

    config plain;
    plain.data_dir = "/var/lib/postern";
    const auto settings = kv_store_settings(plain);
    EXPECT_EQ(settings.library, "kv-memory");
    EXPECT_EQ(std::get<std::string>(settings.options.at(0).items.at(0).second.value), "/var/lib/postern/kv");
}

TEST_F(a_plugin_set, has_the_store_for_keys_and_values_that_is_named)
{
    folder_.put("store", "queue-journal");
    const auto all = load(plugin("facts", "keeper") + plugin("p", "good") + "[kv]\nstore = \"facts\"\n");
    ASSERT_NE(all, nullptr) << ::testing::PrintToString(complaints());
    ASSERT_NE(all->kv(), nullptr);
    EXPECT_EQ(all->kv()->store().name(), "facts");
    EXPECT_THAT(names(*all), ElementsAre("p"));
    EXPECT_EQ(load(plugin("facts", "good") + "[kv]\nstore = \"facts\"\n"), nullptr);
    EXPECT_THAT(complaints(), ElementsAre(AllOf(HasSubstr("kv.store: "), HasSubstr("does not provide \"postern.kv-store/1\""))));
}

TEST(plugin_folders, are_those_that_are_named_or_those_of_the_program)
{
    config from;
    from.plugin_path = {"/a", "/b"};
    EXPECT_THAT(plugin_folders(from), ElementsAre("/a", "/b"));
    from.plugin_path.clear();
    const auto above = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
    EXPECT_THAT(plugin_folders(from), ElementsAre(above / "plugins", above / "lib/postern/plugins"));
}

} // namespace
} // namespace postern::daemon
