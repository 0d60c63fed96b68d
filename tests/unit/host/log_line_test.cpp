#include "core/host/log_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

using base::log_field;
using base::log_level;
using namespace std::string_view_literals;

const base::wall_time when{std::chrono::milliseconds{1767225599123}}; // 2025-12-31T23:59:59.123Z

std::string text_line(std::initializer_list<log_field> fields)
{
    std::string out;
    append_text_line(out, when, log_level::info, "event", {fields.begin(), fields.size()});
    return out;
}

std::string json_line(std::initializer_list<log_field> fields)
{
    std::string out;
    append_json_line(out, when, log_level::warning, "event", {fields.begin(), fields.size()});
    return out;
}

TEST(a_text_line, is_time_level_event_and_fields)
{
    EXPECT_EQ(text_line({{"a", "1"}, {"b", -2}}), "2025-12-31T23:59:59.123Z info event a=1 b=-2");
}

TEST(a_text_line, quotes_what_would_be_read_as_something_else)
{
    EXPECT_TRUE(text_line({{"a", ""}}).ends_with(R"( a="")"));
    EXPECT_TRUE(text_line({{"a", "two words"}}).ends_with(R"( a="two words")"));
    EXPECT_TRUE(text_line({{"a", "b=c"}}).ends_with(R"( a="b=c")"));
    EXPECT_TRUE(text_line({{"a", R"(say "\")"}}).ends_with(R"( a="say \"\\\"")"));
}

TEST(a_text_line, cannot_be_ended_or_forged_by_a_value)
{
    const auto line = text_line({{"a", "x\r\n2026-01-01T00:00:00.000Z error forged\x1b[2J\0\x7f\xc2\x9b"sv}});
    EXPECT_TRUE(line.ends_with(R"( a="x\r\n2026-01-01T00:00:00.000Z error forged\x1b[2J\x00\x7f\xc2\x9b")")) << line;
    for (const char c : line)
        EXPECT_TRUE(c >= ' ' && c < 0x7f);
}

TEST(a_text_line, escapes_keys_too)
{
    EXPECT_TRUE(text_line({{"a b\n", "1"}}).ends_with(R"( "a b\n"=1)"));
}

TEST(a_json_line, is_one_object)
{
    EXPECT_EQ(json_line({{"a", "1"}, {"b", -2}}),
              R"({"time":"2025-12-31T23:59:59.123Z","level":"warning","event":"event","a":"1","b":-2})");
}

TEST(a_json_line, keeps_valid_utf8_and_escapes_all_else)
{
    EXPECT_TRUE(json_line({{"a", "gr\xc3\xbc\xc3\x9f"}}).ends_with("\"a\":\"gr\xc3\xbc\xc3\x9f\"}"));
    EXPECT_TRUE(json_line({{"a", "\"\\\n\x01\x7f"}}).ends_with(R"("a":"\"\\\u000a\u0001\u007f"})"));
    // alone, cut short, overlong, a surrogate, beyond Unicode, a C1 control
    for (const auto* wrong :
         {"\x80", "\xc3", "\xe2\x82", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xc2\x9b"}) {
        const auto line = json_line({{"a", wrong}});
        for (const char c : line)
            EXPECT_LT(static_cast<unsigned char>(c), 0x80) << line;
        EXPECT_NE(line.find(R"(\\x)"), std::string::npos) << line;
    }
}

TEST(a_json_line, has_no_key_twice)
{
    EXPECT_TRUE(json_line({{"time", "x"}, {"event", "y"}}).ends_with(R"("time_":"x","event_":"y"})"));
}

} // namespace
} // namespace postern::daemon
