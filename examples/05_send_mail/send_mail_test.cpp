#include "tests/support/next_hop.hpp"
#include "tests/support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace postern::test {
namespace {

using ::testing::HasSubstr;

TEST(the_example_that_sends_mail, sends_it_in_one_call_and_step_by_step)
{
    next_hop server;
    const auto said = run({SEND_MAIL_PROGRAM, server.address(), "a@client.example", "u@example.com", "v@example.com"},
                          "Subject: hi\n\nhello\n");
    EXPECT_EQ(said.status, (exit_status{0, 0})) << said.errors;
    EXPECT_THAT(said.output, HasSubstr("u@example.com: accepted"));
    const auto arrived = server.arrived();
    ASSERT_EQ(arrived.size(), 2U);
    EXPECT_EQ(arrived[0].content, "Subject: hi\r\n\r\nhello\r\n");
    EXPECT_EQ(arrived[1].recipients.size(), 2U);
}

TEST(the_example_that_sends_mail, says_what_is_wrong)
{
    next_hop server{[](hop_stage stage, std::string_view) {
        return stage == hop_stage::greeting ? hop_answer{.reply = "554 5.7.1 not you"} : hop_answer{};
    }};
    const auto said = run({SEND_MAIL_PROGRAM, server.address(), "a@client.example", "u@example.com"}, "Subject: hi\n\nhello\n");
    EXPECT_EQ(said.status, (exit_status{1, 0}));
    EXPECT_THAT(said.errors, HasSubstr("not you"));
}

} // namespace
} // namespace postern::test
