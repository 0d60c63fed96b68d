#include "core/host/plugin_log.hpp"
#include "tests/support/memory_log.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace postern::daemon {
namespace {

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

struct a_plugins_event : ::testing::Test {
    postern_status write(std::string_view name, std::vector<postern_log_field> fields = {}, std::uint64_t session = 0,
                         std::uint32_t level = POSTERN_LOG_INFO)
    {
        postern_log_event what{};
        what.size = sizeof what;
        what.level = level;
        what.name = str(name);
        what.fields = {fields.data(), static_cast<std::uint32_t>(fields.size()), sizeof(postern_log_field)};
        what.session = session;
        return write_event(base::log{lines}, "spam", &what);
    }
    postern::test::memory_log lines;
};

/// Writes warnings and errors only.
class quiet_sink final : public base::log_sink {
public:
    [[nodiscard]] bool is_enabled(base::log_level level) const noexcept override { return level >= base::log_level::warning; }
    void write(base::log_level, std::string_view, std::span<const base::log_field>) noexcept override { ++written; }
    int written = 0;
};

TEST_F(a_plugins_event, is_written_with_its_instance_its_session_and_its_fields)
{
    EXPECT_EQ(write("list.loaded", {{str("entries"), {}, -5, 1, 0}, {str("file"), str("a b"), 7, 0, 0}}, 33), POSTERN_PASS);
    EXPECT_TRUE(lines.contains("plugin.event plugin=spam name=list.loaded session=0000000000011 entries=-5 file=a b"));
    EXPECT_EQ(write("bare"), POSTERN_PASS);
    EXPECT_EQ(lines.count("plugin.event plugin=spam name=bare"), 1);
}

TEST_F(a_plugins_event, has_a_name_and_keys_of_a_few_plain_letters)
{
    for (const auto* name : {"", "Ready", "a b", "1a", ".a", "a\n", "a=b"})
        EXPECT_EQ(write(name), POSTERN_E_INVALID) << name;
    EXPECT_EQ(write(std::string(64, 'a')), POSTERN_PASS);
    EXPECT_EQ(write(std::string(65, 'a')), POSTERN_E_INVALID);
    for (const auto* key : {"", "plugin", "name", "session", "a.b", "A", "_a"})
        EXPECT_EQ(write("x", {{str(key), str("v"), 0, 0, 0}}), POSTERN_E_INVALID) << key;
    const std::string longest(32, 'k');
    EXPECT_EQ(write("x", {{str(longest), str("v"), 0, 0, 0}}), POSTERN_PASS);
    EXPECT_EQ(write("x", {{str(longest + "k"), str("v"), 0, 0, 0}}), POSTERN_E_INVALID);
    EXPECT_EQ(lines.count("name=x"), 1);
}

TEST_F(a_plugins_event, is_refused_whole_when_its_record_is_nonsense)
{
    EXPECT_EQ(write_event(base::log{lines}, "spam", nullptr), POSTERN_E_INVALID);
    postern_log_event what{};
    what.size = 47;
    what.name = str("x");
    EXPECT_EQ(write_event(base::log{lines}, "spam", &what), POSTERN_E_INVALID);
    what.size = sizeof what;
    what.fields = {nullptr, 3, sizeof(postern_log_field)};
    EXPECT_EQ(write_event(base::log{lines}, "spam", &what), POSTERN_E_INVALID);
    what.fields = {&what, 1, sizeof(postern_log_field) - 1};
    EXPECT_EQ(write_event(base::log{lines}, "spam", &what), POSTERN_E_INVALID);
    what.fields = {};
    what.name = {nullptr, 3};
    EXPECT_EQ(write_event(base::log{lines}, "spam", &what), POSTERN_E_INVALID);
    EXPECT_EQ(write("x", {}, 0, 4), POSTERN_E_INVALID);
    EXPECT_EQ(write("x", {{str("k"), {nullptr, 9}, 0, 0, 0}}), POSTERN_E_INVALID);
    const std::vector<postern_log_field> most(32, {str("k"), str("v"), 0, 0, 0});
    EXPECT_EQ(write("x", most), POSTERN_PASS);
    const std::vector<postern_log_field> more(33, {str("k"), str("v"), 0, 0, 0});
    EXPECT_EQ(write("x", more), POSTERN_E_INVALID);
    EXPECT_EQ(lines.count("plugin.event"), 1);
}

TEST_F(a_plugins_event, has_values_that_are_cut_where_they_get_long)
{
    const std::string huge(1'000'000, 'v');
    EXPECT_EQ(write("x", {{str("k"), str(huge), 0, 0, 0}}), POSTERN_PASS);
    EXPECT_TRUE(lines.contains("k=" + huge.substr(0, 1024)));
    EXPECT_FALSE(lines.contains(huge.substr(0, 1025)));
}

TEST_F(a_plugins_event, below_the_level_is_taken_and_not_written)
{
    quiet_sink quiet;
    const base::log to{quiet};
    EXPECT_EQ(lowest_level(to), POSTERN_LOG_WARNING);
    EXPECT_EQ(lowest_level(base::log{lines}), POSTERN_LOG_DEBUG);
    postern_log_event what{};
    what.size = sizeof what;
    what.name = str("x");
    what.level = POSTERN_LOG_INFO;
    EXPECT_EQ(write_event(to, "spam", &what), POSTERN_PASS);
    EXPECT_EQ(quiet.written, 0);
    what.level = POSTERN_LOG_WARNING;
    EXPECT_EQ(write_event(to, "spam", &what), POSTERN_PASS);
    EXPECT_EQ(quiet.written, 1);
}

} // namespace
} // namespace postern::daemon
