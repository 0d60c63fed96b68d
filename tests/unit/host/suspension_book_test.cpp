#include "core/host/suspension_book.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace postern::daemon {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr base::wall_time noon{1'700'000'000'000ms};

class the_book_of_suspensions : public ::testing::Test {
protected:
    [[nodiscard]] fs::path file() const { return folder_ / suspension_file; }
    std::string suspend(std::string name, std::string_view why = {}, std::optional<std::chrono::milliseconds> time = {})
    {
        return book_.suspend(name, why, time, noon);
    }
    std::string resume(std::string name) { return book_.resume(name, noon); }
    /// What another process finds.
    delivery::suspensions found(base::wall_time now = noon) const
    {
        suspension_book other{file()};
        EXPECT_EQ(other.load(), "");
        return other.all(now);
    }

    test::temporary_folder folder_;
    suspension_book book_{file()};
};

TEST_F(the_book_of_suspensions, is_empty_where_there_is_none)
{
    EXPECT_EQ(book_.load(), "");
    EXPECT_TRUE(book_.all(noon).empty());
    EXPECT_FALSE(fs::exists(file()));
}

TEST_F(the_book_of_suspensions, is_read_by_the_next_process)
{
    EXPECT_EQ(suspend("Example.COM", "they \"mend\" it, \xc3\xbc"
                                     "brigens"),
              "");
    EXPECT_EQ(suspend("mx.example.org:25", "", 2h), "");
    const delivery::suspensions all{{"example.com",
                                     {"they \"mend\" it, \xc3\xbc"
                                      "brigens",
                                      noon,
                                      {}}},
                                    {"mx.example.org:25", {"", noon, noon + 2h}}};
    EXPECT_EQ(found(), all);
    EXPECT_EQ(book_.all(noon), all);
    EXPECT_EQ(found(noon + 2h).size(), 1U) << "the other one is over";
    EXPECT_EQ(fs::status(file()).permissions(), fs::perms{0600});
}

TEST_F(the_book_of_suspensions, says_the_name_as_it_counts)
{
    std::string name = "B\xc3\xbc"
                       "cher.example";
    EXPECT_EQ(book_.suspend(name, "", {}, noon), "");
    EXPECT_EQ(name, "xn--bcher-kva.example");
    name = "[2001:DB8::1]:25";
    EXPECT_EQ(book_.suspend(name, "", {}, noon), "");
    EXPECT_EQ(name, "[2001:db8::1]:25");
}

TEST_F(the_book_of_suspensions, forgets_what_is_resumed_or_over)
{
    EXPECT_EQ(suspend("a.example"), "");
    EXPECT_EQ(suspend("b.example", "", 1min), "");
    EXPECT_EQ(suspend("a.example", "another reason", 1h), "") << "the last word counts";
    EXPECT_EQ(found().at("a.example").why, "another reason");
    EXPECT_EQ(resume("A.example"), "");
    EXPECT_FALSE(found().contains("a.example"));
    EXPECT_THAT(resume("a.example"), HasSubstr("a.example is not suspended by an operator"));
    std::string over = "b.example";
    EXPECT_THAT(book_.resume(over, noon + 1min), HasSubstr("is not suspended"));
}

TEST_F(the_book_of_suspensions, refuses_what_is_no_destination_reason_or_time)
{
    for (const std::string name : {"", "a b", "a.example:70000", "a.example:x", "../etc", "a.example\n"})
        EXPECT_THAT(suspend(name), HasSubstr("is no destination")) << name;
    EXPECT_THAT(resume("a b"), HasSubstr("is no destination"));
    EXPECT_THAT(suspend("a.example", "two\nlines"), HasSubstr("one line"));
    EXPECT_THAT(suspend("a.example", "\xff"), HasSubstr("one line"));
    EXPECT_EQ(suspend("a.example", std::string(500, 'x')), "");
    EXPECT_THAT(suspend("a.example", std::string(501, 'x')), HasSubstr("at most 500 octets"));
    EXPECT_THAT(suspend("a.example", "", 0ms), HasSubstr("longer than nothing"));
    EXPECT_THAT(suspend("a.example", "", -1ms), HasSubstr("longer than nothing"));
    EXPECT_THAT(suspend("a.example", "", std::chrono::hours{24 * 4000}), HasSubstr("shorter than ten years"));
}

TEST_F(the_book_of_suspensions, is_not_guessed_at_when_it_is_damaged)
{
    for (const auto* damaged : {"", "{", "[]", "{}", "{\"suspended\":{}}", "{\"suspended\":[1]}", "{\"suspended\":[{}]}",
                                "{\"suspended\":[{\"next_hop\":\"a\",\"why\":\"\",\"since_ms\":\"1\"}]}",
                                "{\"suspended\":[{\"next_hop\":\"a\",\"why\":\"\",\"since_ms\":1,\"until_ms\":null}]}"}) {
        folder_.write(suspension_file, damaged);
        suspension_book other{file()};
        EXPECT_THAT(other.load(), HasSubstr("suspended.json: is damaged")) << damaged;
        EXPECT_TRUE(other.all(noon).empty());
    }
}

TEST_F(the_book_of_suspensions, changes_nothing_when_it_cannot_be_written)
{
    EXPECT_EQ(suspend("a.example"), "");
    fs::create_directory(file().string() + ".new"); // where the next one would be written
    EXPECT_THAT(suspend("b.example"), HasSubstr("suspended.json.new: "));
    EXPECT_THAT(resume("a.example"), HasSubstr("suspended.json.new: "));
    EXPECT_EQ(book_.all(noon), found());
    EXPECT_EQ(found().size(), 1U);
}

} // namespace
} // namespace postern::daemon
