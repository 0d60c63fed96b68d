#include "core/hooks/trail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace postern::hooks {
namespace {

using namespace std::chrono_literals;
using kind = trail_note::kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> names(std::string_view octets)
{
    std::vector<std::string> out;
    for (const auto& each : read_trail(octets))
        out.push_back(each.what == kind::call || each.what == kind::edit ? each.who : each.name);
    return out;
}

TEST(a_trail, gives_back_what_was_noted)
{
    trail notes;
    notes.fact("sender", "a@client.example");
    notes.call({.hook = hook_point::cmd_rcpt, .plugin = "relay", .vouches = true, .took = 12us});
    notes.call({.hook = hook_point::msg_headers,
                .plugin = "scores",
                .verdict = verdict_kind::reject,
                .smtp_code = 550,
                .score = -7,
                .enhanced = "5.7.1",
                .text = "no",
                .took = 3ms});
    notes.edit("marks", hook_point::msg_headers, {edit_op::header_replace, 3, "", "new"});
    notes.edit("marks", hook_point::msg_headers, {edit_op::header_add, 0, "X-Seen", "yes"});
    const auto read = read_trail(notes.finish());
    ASSERT_THAT(read, SizeIs(5));
    EXPECT_EQ(read[0].what, kind::fact);
    EXPECT_EQ(read[0].name, "sender");
    EXPECT_EQ(read[0].text, "a@client.example");
    EXPECT_EQ(read[1].what, kind::call);
    EXPECT_EQ(read[1].who, "relay");
    EXPECT_EQ(read[1].hook, hook_point::cmd_rcpt);
    EXPECT_EQ(read[1].name, "vouches");
    EXPECT_EQ(read[1].microseconds, 12U);
    EXPECT_EQ(read[1].calls, 1U);
    EXPECT_EQ(read[2].verdict, verdict_kind::reject);
    EXPECT_EQ(read[2].smtp_code, 550);
    EXPECT_EQ(read[2].enhanced, "5.7.1");
    EXPECT_EQ(read[2].text, "no");
    EXPECT_EQ(read[2].score, -7);
    EXPECT_EQ(read[2].microseconds, 3000U);
    EXPECT_EQ(read[3].what, kind::edit);
    EXPECT_EQ(read[3].name, "header.replace 3");
    EXPECT_EQ(read[3].text, "new");
    EXPECT_EQ(read[4].name, "header.add X-Seen");
}

TEST(a_trail, tells_of_a_failure_why_and_not_what_was_said)
{
    std::string octets;
    append_call(octets, {.hook = hook_point::cmd_mail,
                         .plugin = "p",
                         .verdict = verdict_kind::reject,
                         .smtp_code = 550,
                         .text = "no",
                         .failure = "no answer within its deadline"});
    const auto read = read_trail(octets);
    ASSERT_THAT(read, SizeIs(1));
    EXPECT_EQ(read[0].name, "failed");
    EXPECT_EQ(read[0].text, "no answer within its deadline");
    EXPECT_EQ(read[0].verdict, verdict_kind::proceed);
    EXPECT_EQ(read[0].smtp_code, 0);
}

TEST(a_trail, adds_up_the_calls_about_a_body)
{
    trail notes;
    for (int i = 0; i < 1000; ++i) {
        notes.call({.hook = hook_point::msg_body, .plugin = "one", .took = 2us});
        notes.call({.hook = hook_point::msg_body, .plugin = "two", .took = 1us});
    }
    notes.call({.hook = hook_point::msg_body, .plugin = "two", .verdict = verdict_kind::reject});
    const auto read = read_trail(notes.finish());
    ASSERT_THAT(read, SizeIs(3));
    EXPECT_EQ(read[0].verdict, verdict_kind::reject) << "what decides is noted at once";
    EXPECT_EQ(read[1].who, "one");
    EXPECT_EQ(read[1].calls, 1000U);
    EXPECT_EQ(read[1].microseconds, 2000U);
}

std::string row(const std::vector<std::string>& names)
{
    std::string octets;
    for (const auto& each : names)
        append_name(octets, each);
    return octets;
}

TEST(a_trail, notes_those_who_pass_in_a_row_and_gives_them_back_one_by_one)
{
    trail notes;
    notes.passed(hook_point::cmd_mail, 3, row({"one", "two", "three"}));
    notes.call({.hook = hook_point::cmd_mail, .plugin = "timed", .took = 3us});
    notes.passed(hook_point::cmd_mail, 1, row({"four"}));
    notes.passed(hook_point::cmd_rcpt, 1, row({"four"}));
    notes.passed(hook_point::cmd_rcpt, 0, {});

    const auto read = read_trail(notes.finish());
    std::vector<std::string> found;
    for (const auto& each : read) {
        EXPECT_EQ(each.what, kind::call);
        found.push_back(std::string{name_of(each.hook)} + " " + each.who);
        EXPECT_EQ(each.microseconds.has_value(), each.who == "timed");
    }
    EXPECT_THAT(
        found, ElementsAre("cmd.mail one", "cmd.mail two", "cmd.mail three", "cmd.mail timed", "cmd.mail four", "cmd.rcpt four"));
}

TEST(a_trail, takes_as_many_in_a_row_as_an_octet_counts_and_of_a_name_as_much)
{
    trail notes;
    notes.passed(hook_point::cmd_mail, trail::most_passed,
                 row(std::vector<std::string>(trail::most_passed, std::string(300, 'p'))));
    const auto read = read_trail(notes.finish());
    ASSERT_THAT(read, SizeIs(trail::most_passed));
    EXPECT_EQ(read.back().who, std::string(255, 'p'));
}

TEST(a_trail, supposes_that_calls_about_a_body_that_were_not_timed_took_as_long_as_those_that_were)
{
    trail notes;
    for (int i = 0; i < 10; ++i)
        notes.call({.hook = hook_point::msg_body, .plugin = "one"});
    EXPECT_EQ(read_trail(notes.finish()).back().microseconds, std::nullopt);
    notes.rewind();
    for (int i = 0; i < 10; ++i)
        notes.call({.hook = hook_point::msg_body, .plugin = "one"});
    for (int i = 0; i < 2; ++i)
        notes.call({.hook = hook_point::msg_body, .plugin = "one", .took = 5us});
    const auto read = read_trail(notes.finish());
    EXPECT_EQ(read.back().calls, 12U);
    EXPECT_EQ(read.back().microseconds, 60U);
}

TEST(a_trail, keeps_what_is_about_the_connection_for_every_message)
{
    trail notes;
    notes.fact("connection", "c");
    notes.keep_until_here();
    notes.fact("first", "1");
    EXPECT_THAT(names(notes.finish()), ElementsAre("connection", "first"));
    notes.rewind();
    notes.fact("second", "2");
    EXPECT_THAT(names(notes.finish()), ElementsAre("connection", "second"));
}

TEST(a_trail, is_bounded_and_says_how_much_it_left_out)
{
    trail notes;
    const std::string text(500, 'x');
    for (int i = 0; i < 1000; ++i)
        notes.fact("n", text);
    const auto octets = notes.finish();
    EXPECT_LT(octets.size(), trail::most_octets + 1024);
    const auto read = read_trail(octets);
    EXPECT_EQ(read.back().name, "left out");
    EXPECT_EQ(read.back().text, std::to_string(1000 - (read.size() - 1)) + " more notes");
}

TEST(a_trail, cuts_a_text_that_is_too_long)
{
    std::string octets;
    append_fact(octets, "n", std::string(5000, 'x'));
    append_line(octets, kind::heard, "behind it");
    const auto read = read_trail(octets);
    ASSERT_THAT(read, SizeIs(2));
    EXPECT_EQ(read[0].text.size(), 1024U);
    EXPECT_EQ(read[1].text, "behind it");
}

TEST(a_trail, that_is_cut_or_scribbled_over_is_read_as_far_as_it_is_sound)
{
    std::string octets;
    append_fact(octets, "a", "b");
    append_call(octets, {.hook = hook_point::cmd_mail, .plugin = "p", .text = "t"});
    append_edit(octets, "p", hook_point::cmd_mail, {edit_op::sender_set, 0, "", "x@y"});
    append_line(octets, kind::said, "250 ok");
    const auto all = read_trail(octets).size();
    EXPECT_EQ(all, 4U);
    for (std::size_t size = 0; size < octets.size(); ++size)
        EXPECT_LT(read_trail(std::string_view{octets}.substr(0, size)).size(), all) << size;
    for (std::size_t at = 0; at < octets.size(); ++at) {
        auto scribbled = octets;
        scribbled[at] = '\xff';
        EXPECT_LE(read_trail(scribbled).size(), all) << at;
    }
    EXPECT_THAT(read_trail("\x09rest"), IsEmpty()) << "a kind of a later version";
}

} // namespace
} // namespace postern::hooks
