#include "../src/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace pipe_transport {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Optional;

std::string problem_with(const std::vector<std::string>& what, bool each = true)
{
    try {
        const command_line made{what, each, "+"};
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return {};
}

const facts one{"s@client.example", {"user+box@example.org"}, "4F1A"}; // NOLINT(cert-err58-cpp)

TEST(an_argument, is_one_whatever_is_put_into_it)
{
    const command_line made{
        {"/bin/p", "-f", "{sender}", "--", "{recipient}", "{user}/{extension}@{domain}", "{queue_id}", "{{x}"}, true, "+"};
    EXPECT_THAT(made.of(one), Optional(ElementsAre("/bin/p", "-f", "s@client.example", "--", "user+box@example.org",
                                                   "user/box@example.org", "4F1A", "{x}")));
    const auto odd = made.of({"$(id) `id` ; \"'", {"\"a b; c\\\"*\"@example.org"}, "4F1A"});
    EXPECT_THAT(odd, Optional(ElementsAre("/bin/p", "-f", "$(id) `id` ; \"'", "--", "\"a b; c\\\"*\"@example.org",
                                          "a b; c\"*/@example.org", "4F1A", "{x}")));
}

TEST(an_address, without_an_extension_or_a_domain_has_an_empty_one)
{
    const command_line made{{"/bin/p", "--", "{user}", "{extension}", "{domain}"}, true, "+"};
    EXPECT_THAT(made.of({"", {"postmaster"}, ""}), Optional(ElementsAre("/bin/p", "--", "postmaster", "", "")));
    EXPECT_THAT(made.of({"", {"+x@a"}, ""}), Optional(ElementsAre("/bin/p", "--", "+x", "", "a")));
    const command_line whole{{"/bin/p", "{user}"}, true, ""};
    EXPECT_THAT(whole.of({"", {"a+b@c"}, ""}), Optional(ElementsAre("/bin/p", "a+b")));
}

TEST(an_address, never_becomes_an_option)
{
    const facts sly{"-oX@client.example", {"-rf@example.org"}, "4F1A"};
    EXPECT_FALSE((command_line{{"/bin/p", "{recipient}"}, true, "+"}.of(sly)));
    EXPECT_FALSE((command_line{{"/bin/p", "-f", "{sender}"}, true, "+"}.of(sly)));
    EXPECT_FALSE((command_line{{"/bin/p", "{extension}{user}"}, true, "+"}.of(sly))) << "an empty word in front";
    EXPECT_FALSE((command_line{{"/bin/p", "{extension}"}, true, "+"}.of({"", {"a+-x@b"}, ""})));
    EXPECT_TRUE((command_line{{"/bin/p", "--", "{recipient}"}, true, "+"}.of(sly)));
    EXPECT_TRUE((command_line{{"/bin/p", "-f{sender}", "to={recipient}"}, true, "+"}.of(sly)));
}

TEST(arguments_of_recipients, are_repeated_for_each)
{
    const command_line made{{"/bin/p", "-f", "{sender}", "--", "{recipient}", "end"}, false, "+"};
    EXPECT_THAT(made.of({"s@x", {"a@x", "b@x"}, ""}), Optional(ElementsAre("/bin/p", "-f", "s@x", "--", "a@x", "b@x", "end")));
}

TEST(a_command, that_cannot_be_run_is_told)
{
    EXPECT_THAT(problem_with({}), HasSubstr("names no program"));
    EXPECT_THAT(problem_with({""}), HasSubstr("names no program"));
    EXPECT_THAT(problem_with({"sh"}), HasSubstr("no absolute path"));
    EXPECT_THAT(problem_with({"/bin/p", "{recipients}"}), HasSubstr("words are {sender}"));
    EXPECT_THAT(problem_with({"/bin/p", "{recipient"}), HasSubstr("words are {sender}"));
    EXPECT_THAT(problem_with({"/bin/p", "-d{user}"}, false), HasSubstr("an argument of its own"));
    EXPECT_THAT(problem_with({"/bin/p", "-d{user}"}), Eq(""));
    EXPECT_THAT(problem_with({"/bin/p", "{user}"}, false), Eq(""));
}

} // namespace
} // namespace pipe_transport
