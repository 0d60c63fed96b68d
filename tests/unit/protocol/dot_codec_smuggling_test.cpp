// SMTP smuggling (CVE-2023-51764 and its kin): octets that one server takes for the end of a message and another for text.
// Each variant goes in with a command behind it; whatever the division, the command must stay text, and the message must be
// known as one that nobody passes on, or be made canonical.

#include "core/protocol/dot_codec.hpp"
#include "core/protocol/line_reader.hpp"

#include "tests/unit/protocol/portions.hpp"

#include <gtest/gtest.h>

namespace postern::protocol {
namespace {

using namespace std::string_literals;
using testing_content::decode_at;
using testing_content::decoded;
using testing_content::encode;
using testing_content::every;

const std::string command = "MAIL FROM:<smuggled@evil.example>\r\n";

const std::string pretended_ends[] = {
    "\n.\n",        "\n.\r\n",      "\r.\r",         "\r.\r\n",       "\r.\n",         "\n.\r",
    "\r\n.\n",      "\r\n.\r",      "\r\n.\r\r\n",   "\r\r\n.\r\r\n", "\n\n.\n\n",     "\r\n\0.\r\n"s,
    "\r\n.\0\r\n"s, "\r\n.\r\0\n"s, "\r\0\n.\r\n"s,  "\0\r\n.\0"s,    "\r\n\x85.\r\n", "\x85.\x85",
    "\r\n. \r\n",   "\r\n.\t\r\n",  "\r\n.\x0b\r\n", "\n\r.\n\r",     "\n\r\n.\n\r\n",
};

/// The same in all portions of equal size and all divisions in two.
decoded decode(const std::string& wire, bare_lf_rule rule)
{
    const auto whole = decode_at(wire, {}, rule);
    for (std::size_t i = 1; i < wire.size(); ++i) {
        EXPECT_EQ(decode_at(wire, {i}, rule).content, whole.content);
        EXPECT_EQ(decode_at(wire, every(i, wire.size()), rule).content, whole.content);
        EXPECT_EQ(decode_at(wire, every(i, wire.size()), rule).rest, whole.rest);
    }
    return whole;
}

TEST(smuggling, does_not_end_a_message_by_a_variant_of_its_end)
{
    for (const auto& end : pretended_ends) {
        const auto result = decode("text" + end + command + "\r\n.\r\nQUIT\r\n", bare_lf_rule::keep);
        EXPECT_TRUE(result.done);
        EXPECT_EQ(result.rest, "QUIT\r\n") << testing::PrintToString(end);
        EXPECT_NE(result.content.find(command), std::string::npos) << testing::PrintToString(end);
    }
}

TEST(smuggling, is_noticed_by_its_defects)
{
    for (const auto& end : pretended_ends) {
        const auto result = decode("text" + end + command + "\r\n.\r\n", bare_lf_rule::keep);
        const bool is_canonical = end.find_first_of("\r\n\0"s) == std::string::npos || end == "\r\n\x85.\r\n" ||
                                  end == "\r\n. \r\n" || end == "\r\n.\t\r\n" || end == "\r\n.\x0b\r\n";
        EXPECT_EQ(result.facts.has_defect(), !is_canonical) << testing::PrintToString(end);
    }
}

TEST(smuggling, does_not_pass_through_where_bare_lfs_are_mended)
{
    for (const auto& end : pretended_ends) {
        const auto result = decode("text" + end + command + "\r\n.\r\nQUIT\r\n", bare_lf_rule::to_crlf);
        EXPECT_TRUE(result.done);
        EXPECT_EQ(result.rest, "QUIT\r\n") << testing::PrintToString(end);
        EXPECT_FALSE(result.facts.bare_lf);
        if (result.facts.has_defect())
            continue;
        // What leaves again holds no line end but CRLF and no dot alone but the last.
        const auto wire = encode(result.content, {});
        EXPECT_EQ(wire.find("\r\n.\r\n"), wire.size() - 5) << testing::PrintToString(end);
        EXPECT_FALSE(decode_at(wire, {}).facts.has_defect());
    }
}

TEST(smuggling, does_not_split_a_command_line)
{
    for (const auto& separator : {"\n"s, "\r"s, "\r\r"s, "\n\r"s, "\0\n"s, "\r\0\n"s}) {
        const auto wire = "NOOP" + separator + "MAIL FROM:<smuggled@evil.example>\r\n";
        for (std::size_t portion = 1; portion <= wire.size(); ++portion) {
            line_reader reader{512};
            unsigned lines = 0;
            for (std::size_t at = 0; at < wire.size(); at += portion) {
                std::string_view octets = std::string_view{wire}.substr(at, portion);
                while (const auto found = reader.take(octets)) {
                    ++lines;
                    EXPECT_NE(found->defect, line_defect::none);
                }
            }
            EXPECT_EQ(lines, 1U) << testing::PrintToString(separator);
        }
    }
}

} // namespace
} // namespace postern::protocol
