#include "core/host/cli_traffic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using runtime::client_traffic;
using ::testing::ElementsAre;

std::vector<std::string> shown(const std::vector<client_traffic>& all)
{
    std::vector<std::string> lines;
    traffic_lines show{[&](const std::string& line) { lines.push_back(line); }};
    for (const auto& each : all)
        show.show(each);
    return lines;
}

client_traffic said(std::string_view octets, bool is_secret = false)
{
    return {client_traffic::kind::said, octets, is_secret};
}

client_traffic heard(std::string_view octets, bool is_secret = false)
{
    return {client_traffic::kind::heard, octets, is_secret};
}

TEST(a_shown_dialogue, has_a_line_for_each_line_in_whatever_portions)
{
    EXPECT_THAT(
        shown({heard("220 m"), heard("x\r\n"), said("EHLO a\r\nNOOP\r\n"), {client_traffic::kind::secured, "TLSv1.3 X", false}}),
        ElementsAre("<- 220 mx", "-> EHLO a", "-> NOOP", "== TLS: TLSv1.3 X"));
}

TEST(a_shown_dialogue, masks_what_proves_somebodys_identity)
{
    EXPECT_THAT(shown({said("AUTH PLAIN c2VjcmV0\r\n", true), said("AUTH LOGIN\r\n", true), heard("334 VXNlcm5hbWU6\r\n", true),
                       said("c2VjcmV0\r\n", true), heard("235 2.7.0 ok\r\n", true)}),
                ElementsAre("-> AUTH PLAIN ****", "-> AUTH LOGIN", "<- 334 ****", "-> ****", "<- 235 2.7.0 ok"));
}

TEST(a_shown_dialogue, does_nothing_to_the_terminal)
{
    EXPECT_THAT(shown({heard("220 \x1b[2J\xc3\xa9\r\n")}), ElementsAre("<- 220 \\x1b[2J\\xc3\\xa9"));
}

TEST(a_shown_dialogue, breaks_endless_lines)
{
    EXPECT_EQ(shown({heard(std::string(10000, 'x'))}).size(), 2U);
}

} // namespace
} // namespace postern::daemon
