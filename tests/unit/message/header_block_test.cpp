#include "core/message/header_block.hpp"

#include "core/message/errc.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace postern::message {
namespace {

using namespace std::string_literals;

const std::string sample = "From: a@example.com\r\n"
                           "Subject: one\r\n two\r\n\tthree\r\n"
                           "X-Empty:\r\n"
                           "SUBJECT:no space\r\n"
                           "Old-Style \t: x\r\n";

std::size_t longest_line_of(std::string_view octets)
{
    std::size_t longest = 0;
    while (!octets.empty()) {
        const auto end = octets.find("\r\n");
        longest = std::max(longest, end);
        octets.remove_prefix(end + 2);
    }
    return longest;
}

TEST(header_block, gives_fields_in_order_with_their_folds)
{
    const header_block block{sample};
    ASSERT_EQ(block.size(), 5U);
    EXPECT_EQ(block[0].name, "From");
    EXPECT_EQ(block[0].value, "a@example.com");
    EXPECT_EQ(block[1].name, "Subject");
    EXPECT_EQ(block[1].value, "one\r\n two\r\n\tthree");
    EXPECT_EQ(block[2].name, "X-Empty");
    EXPECT_EQ(block[2].value, "");
    EXPECT_EQ(block[3].value, "no space");
    EXPECT_EQ(block[4].name, "Old-Style");
    EXPECT_EQ(block[4].value, "x");
}

TEST(header_block, keeps_every_octet)
{
    for (const auto& octets :
         {sample, ""s, "Subject: \xff\xfe\0 8bit\r\n"s, "no colon\r\nA: b\r\n"s, " starts with space\r\nA: b\r\n"s}) {
        const header_block block{octets};
        EXPECT_EQ(block.octets(), octets);
        EXPECT_EQ(block.octet_count(), octets.size());
        EXPECT_EQ(block.empty(), octets.empty());
    }
}

TEST(header_block, shows_a_line_that_is_no_field_without_a_name)
{
    const header_block block{"From bob Mon Jan 1 20:00:00\r\nA: b\r\n: no name\r\n"};
    ASSERT_EQ(block.size(), 3U);
    EXPECT_EQ(block[0].name, "");
    EXPECT_EQ(block[0].value, "From bob Mon Jan 1 20:00:00");
    EXPECT_EQ(block[1].name, "A");
    EXPECT_EQ(block[2].name, "");
    EXPECT_EQ(block.find(""), block.size());
}

TEST(header_block, ends_a_last_line_that_lacks_its_end)
{
    header_block block{"A: b"};
    EXPECT_FALSE(block.insert(1, "C", "d"));
    EXPECT_EQ(block.octets(), "A: b\r\nC: d\r\n");
}

TEST(header_block, finds_fields_in_any_case_from_any_place)
{
    const header_block block{sample};
    EXPECT_EQ(block.find("subject"), 1U);
    EXPECT_EQ(block.find("Subject", 2), 3U);
    EXPECT_EQ(block.find("Subject", 4), block.size());
    EXPECT_EQ(block.find("Subj"), block.size());
    EXPECT_EQ(block.find("old-style"), 4U);
    EXPECT_EQ(block.find("Subject", 99), block.size());
}

TEST(header_block, inserts_at_the_front_between_and_at_the_end)
{
    header_block block{"A: 1\r\nB: 2\r\n"};
    EXPECT_FALSE(block.insert(0, "First", "x"));
    EXPECT_FALSE(block.insert(2, "Middle", "y"));
    EXPECT_FALSE(block.insert(block.size(), "Last", "z"));
    EXPECT_EQ(block.octets(), "First: x\r\nA: 1\r\nMiddle: y\r\nB: 2\r\nLast: z\r\n");
    EXPECT_EQ(block.octet_count(), block.octets().size());
}

TEST(header_block, replaces_a_value_and_keeps_name_and_neighbours)
{
    header_block block{sample};
    EXPECT_FALSE(block.replace(1, "[tag] one"));
    EXPECT_EQ(block.octets(), "From: a@example.com\r\nSubject: [tag] one\r\nX-Empty:\r\nSUBJECT:no space\r\nOld-Style \t: x\r\n");
}

TEST(header_block, takes_views_into_itself)
{
    header_block block{"Subject: a text that is longer than any small string\r\n"};
    for (int i = 0; i < 20; ++i) {
        EXPECT_FALSE(block.insert(0, block[0].name, block[0].value));
        EXPECT_FALSE(block.replace(0, block[0].value));
    }
    EXPECT_EQ(block.size(), 21U);
    for (std::size_t i = 0; i < block.size(); ++i)
        EXPECT_EQ(block[i].value, "a text that is longer than any small string");
}

TEST(header_block, removes_a_field_with_its_folds)
{
    header_block block{sample};
    EXPECT_FALSE(block.remove(1));
    EXPECT_FALSE(block.remove(0));
    EXPECT_EQ(block.octets(), "X-Empty:\r\nSUBJECT:no space\r\nOld-Style \t: x\r\n");
    EXPECT_FALSE(block.remove(2));
    EXPECT_FALSE(block.remove(0));
    EXPECT_FALSE(block.remove(0));
    EXPECT_TRUE(block.empty());
}

TEST(header_block, refuses_indices_that_do_not_exist_and_changes_nothing)
{
    header_block block{"no field\r\nA: b\r\n"};
    EXPECT_EQ(block.insert(3, "A", "b"), errc::no_such_field);
    EXPECT_EQ(block.replace(2, "b"), errc::no_such_field);
    EXPECT_EQ(block.remove(2), errc::no_such_field);
    EXPECT_EQ(block.replace(0, "a line that is no field has no value"), errc::no_such_field);
    EXPECT_EQ(block.octets(), "no field\r\nA: b\r\n");
}

TEST(header_block, refuses_names_that_are_no_ftext)
{
    header_block block;
    for (const auto& name : {""s, "A B"s, "A:"s, "A\r\nB"s, "A\t"s, "\xc3\xa9"s, "A\0"s, "A\x7f"s, std::string(998, 'a')})
        EXPECT_EQ(block.insert(0, name, "x"), errc::bad_field_name) << name;
    EXPECT_TRUE(block.empty());
    EXPECT_FALSE(block.insert(0, "__proto__", "x")) << "a name like any other";
}

TEST(header_block, refuses_values_that_would_begin_another_line)
{
    header_block block{"A: b\r\n"};
    for (const auto& value : {"x\r\nInjected: y"s, "x\r\n"s, "x\r\n\r\n body"s, "x\ny"s, "x\n y"s, "x\r y"s, "x\r"s, "\r\nB: c"s,
                              "x\0y"s, "x\r\n\r\n"s, "x\r\n y\r\nz"s}) {
        EXPECT_EQ(block.insert(0, "X", value), errc::bad_field_value) << value;
        EXPECT_EQ(block.replace(0, value), errc::bad_field_value) << value;
    }
    EXPECT_EQ(block.octets(), "A: b\r\n");
    EXPECT_FALSE(block.insert(1, "X", "x\r\n y\r\n\tz"));
    EXPECT_FALSE(block.insert(2, "Y", "\r\n y"));
    EXPECT_EQ(block.octets(), "A: b\r\nX: x\r\n y\r\n\tz\r\nY:\r\n y\r\n");
}

TEST(header_block, leaves_a_line_of_998_octets_and_folds_one_of_999)
{
    header_block block;
    const std::string head(500, 'a');
    ASSERT_FALSE(block.insert(0, "X", head + " " + std::string(998 - 3 - 501, 'b')));
    EXPECT_EQ(longest_line_of(block.octets()), 998U);
    ASSERT_FALSE(block.replace(0, head + " " + std::string(999 - 3 - 501, 'b')));
    EXPECT_EQ(block.octets(), "X: " + head + "\r\n " + std::string(999 - 3 - 501, 'b') + "\r\n");
}

TEST(header_block, folds_only_in_front_of_white_space_and_loses_nothing)
{
    header_block block;
    std::string value = "start";
    for (int i = 0; i < 1000; ++i)
        value += (i % 7 == 0 ? "  \t" : " ") + std::to_string(i);
    ASSERT_FALSE(block.insert(0, "X-Long", value));
    EXPECT_LE(longest_line_of(block.octets()), 998U);
    std::string unfolded = block.octets();
    for (auto at = unfolded.find("\r\n"); at != std::string::npos; at = unfolded.find("\r\n"))
        unfolded.erase(at, 2);
    EXPECT_EQ(unfolded, "X-Long: " + value);
    EXPECT_EQ(header_block{block.octets()}.size(), 1U);
}

TEST(header_block, leaves_a_word_that_is_too_long_for_any_line_whole)
{
    header_block block;
    ASSERT_FALSE(block.insert(0, "X", std::string(3000, 'a')));
    EXPECT_EQ(block.octets(), "X: " + std::string(3000, 'a') + "\r\n");
    ASSERT_FALSE(block.replace(0, std::string(3000, 'a') + "   "));
    EXPECT_EQ(block.octets(), "X: " + std::string(3000, 'a') + "   \r\n") << "no line of white space alone";
    ASSERT_FALSE(block.replace(0, std::string(3000, 'a') + " b"));
    EXPECT_EQ(block.octets(), "X: " + std::string(3000, 'a') + "\r\n b\r\n");
}

using change = header_change::kind;

TEST(header_block, applies_a_batch_by_the_indices_from_before_it)
{
    header_block block{"A: 1\r\nB: 2\r\nC: 3\r\n"};
    EXPECT_FALSE(block.apply({{change::add, 0, "Y", "last"},
                              {change::remove, 1, "", ""},
                              {change::insert, 2, "M", "before C"},
                              {change::insert, 1, "L", "where B was"},
                              {change::insert, 2, "N", "behind M"},
                              {change::replace, 2, "", "three"},
                              {change::replace, 2, "", "four"},
                              {change::insert, 3, "X", "behind C"},
                              {change::insert, 0, "Z", "first"},
                              {change::add, 7, "W", "the very last"}}));
    EXPECT_EQ(block.octets(),
              "Z: first\r\nA: 1\r\nL: where B was\r\nM: before C\r\nN: behind M\r\nC: four\r\nX: behind C\r\nY: last\r\n"
              "W: the very last\r\n");
    EXPECT_EQ(block.octet_count(), block.octets().size());
    EXPECT_FALSE(block.apply({}));
    EXPECT_EQ(block.size(), 9U);
}

TEST(header_block, applies_a_batch_whole_or_not_at_all)
{
    const std::string before = "no field\r\nA: 1\r\nB: 2\r\n";
    header_block block{before};
    const auto refused = [&](const header_change& last, base::error_code why) {
        const auto answer =
            block.apply({{change::add, 0, "X", "1"}, {change::replace, 1, "", "2"}, {change::remove, 2, "", ""}, last});
        EXPECT_EQ(block.octets(), before);
        return answer && answer->change == 3 && answer->why == why;
    };
    EXPECT_TRUE(refused({change::insert, 4, "X", "1"}, errc::no_such_field));
    EXPECT_TRUE(refused({change::replace, 3, "", "1"}, errc::no_such_field));
    EXPECT_TRUE(refused({change::replace, 0, "", "1"}, errc::no_such_field));
    EXPECT_TRUE(refused({change::remove, 3, "", ""}, errc::no_such_field));
    EXPECT_TRUE(refused({change::replace, 2, "", "1"}, errc::no_such_field));
    EXPECT_TRUE(refused({change::remove, 2, "", ""}, errc::no_such_field));
    EXPECT_TRUE(refused({change::add, 0, "X Y", "1"}, errc::bad_field_name));
    EXPECT_TRUE(refused({change::insert, 0, "X", "1\r\nY: 2"}, errc::bad_field_value));
    EXPECT_TRUE(refused({change::replace, 1, "", "1\n"}, errc::bad_field_value));
    EXPECT_FALSE(block.apply({{change::insert, 3, "X", "1"}}));
    EXPECT_EQ(block.octets(), before + "X: 1\r\n");
}

// The octets that a peer may send as header fields, and as many edits as a plugin may make: a loop thread waits for both.
TEST(header_block, edits_many_fields_in_about_the_time_that_reading_them_takes)
{
    std::string octets;
    for (int i = 0; i < 10'000; ++i)
        octets += "X:\r\n";
    for (int i = 0; i < 50'000; ++i)
        octets += "Y:\r\n";
    std::vector<header_change> batch;
    for (std::size_t i = 0; i < 10'000; ++i)
        batch.push_back({i % 2 == 0 ? change::remove : change::insert, i, "Z", "1"});
    auto reading = std::chrono::steady_clock::duration::max();
    auto editing = reading;
    for (int i = 0; i < 5; ++i) { // the best of them: the machine may be busy
        const auto start = std::chrono::steady_clock::now();
        header_block block{octets};
        const auto read = std::chrono::steady_clock::now();
        EXPECT_FALSE(block.apply(batch));
        const auto edited = std::chrono::steady_clock::now();
        EXPECT_EQ(block.size(), 60'000U);
        reading = std::min(reading, read - start);
        editing = std::min(editing, edited - read);
    }
    EXPECT_LT(editing, 10 * reading) << "quadratic work takes hundreds of times as long";
}

} // namespace
} // namespace postern::message
