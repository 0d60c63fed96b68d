#include "core/session/server_header_section.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace postern::session {
namespace {

struct split {
    std::string head;
    std::string body;
    bool is_too_big = false;

    bool operator==(const split&) const = default;
};

std::ostream& operator<<(std::ostream& out, const split& what)
{
    return out << '"' << what.head << "\" | \"" << what.body << '"' << (what.is_too_big ? " too big" : "");
}

split divided(std::string_view message, std::size_t portion, std::size_t limit = 1000)
{
    header_section section;
    split result;
    bool is_over = false;
    while (!message.empty()) {
        auto run = message.substr(0, portion);
        message.remove_prefix(run.size());
        if (!is_over) {
            const auto status = section.take(run, limit);
            if (status == header_section::status::too_big) {
                result.is_too_big = true;
                return result;
            }
            is_over = status == header_section::status::over;
            if (is_over)
                result.body += section.overhang();
        }
        result.body += run;
    }
    if (!is_over) {
        section.finish();
        result.body = section.overhang();
    }
    result.head = section.take_octets();
    return result;
}

void expect_split(std::string_view message, const split& expected, std::size_t limit = 1000)
{
    for (std::size_t portion = 1; portion <= std::max<std::size_t>(message.size(), 1); ++portion)
        ASSERT_EQ(divided(message, portion, limit), expected) << "in portions of " << portion;
}

TEST(header_section, ends_at_the_first_empty_line)
{
    expect_split("A: 1\r\nB: 2\r\n\r\nbody\r\n\r\n", {"A: 1\r\nB: 2\r\n", "body\r\n\r\n"});
}

TEST(header_section, keeps_folds_and_the_obsolete_space_before_the_colon)
{
    expect_split("A: 1\r\n two\r\n\t\r\nB \t: 2\r\n\r\nx", {"A: 1\r\n two\r\n\t\r\nB \t: 2\r\n", "x"});
}

TEST(header_section, is_empty_when_the_first_line_is_empty_or_no_field)
{
    expect_split("\r\nbody", {"", "body"});
    expect_split("no field\r\nA: 1\r\n", {"", "no field\r\nA: 1\r\n"});
    expect_split(" fold of nothing\r\nA: 1\r\n", {"", " fold of nothing\r\nA: 1\r\n"});
    expect_split(": no name\r\n", {"", ": no name\r\n"});
    expect_split("", {"", ""});
}

TEST(header_section, ends_before_the_first_line_that_is_no_field)
{
    expect_split("A: 1\r\nFrom a Mon: x\r\nB: 2\r\n", {"A: 1\r\n", "From a Mon: x\r\nB: 2\r\n"});
    expect_split("A: 1\r\nb\xc3\xbc: x\r\n", {"A: 1\r\n", "b\xc3\xbc: x\r\n"});
    expect_split("A: 1\r\n\rx", {"A: 1\r\n", "\rx"});
}

TEST(header_section, may_end_with_the_message)
{
    expect_split("A: 1\r\nB: 2\r\n", {"A: 1\r\nB: 2\r\n", ""});
    expect_split("A: 1\r\nB: 2", {"A: 1\r\nB: 2", ""});
    expect_split("A: 1\r\nnofield", {"A: 1\r\n", "nofield"});
}

TEST(header_section, is_taken_up_to_its_limit)
{
    expect_split("A: 1\r\nB: 2\r\n\r\nbody", {"A: 1\r\nB: 2\r\n", "body"}, 12);
    expect_split("A: 1\r\nB: 23\r\n\r\nbody", {"", "", true}, 12);
    expect_split("A: 1\r\nB: 2\r\n and more", {"", "", true}, 12);
}

TEST(header_section, does_not_count_what_proves_to_be_body)
{
    expect_split("A: 1\r\nB: 2\r\nbody begins", {"A: 1\r\nB: 2\r\n", "body begins"}, 12);
}

TEST(header_section, takes_a_name_of_998_octets_and_none_of_999)
{
    const std::string name(998, 'x');
    expect_split(name + ": v\r\n", {name + ": v\r\n", ""}, 2000);
    expect_split(name + "x: v\r\n", {"", name + "x: v\r\n"}, 2000);
}

TEST(header_section, holds_little_of_a_body_that_looks_like_an_endless_name)
{
    header_section section;
    auto status = header_section::status::more;
    std::size_t taken = 0;
    while (status == header_section::status::more && taken < 100'000) {
        std::string_view run = "x";
        status = section.take(run, 256U << 10U);
        ++taken;
    }
    EXPECT_EQ(status, header_section::status::over);
    EXPECT_EQ(taken, 999U);
}

TEST(header_section, holds_little_of_a_body_that_looks_like_an_endless_space_before_a_colon)
{
    header_section section;
    std::string_view name = "x";
    auto status = section.take(name, 256U << 10U);
    std::size_t taken = 0;
    while (status == header_section::status::more && taken < 100'000) {
        std::string_view run = " ";
        status = section.take(run, 256U << 10U);
        ++taken;
    }
    EXPECT_EQ(status, header_section::status::over);
    EXPECT_LT(taken, 3000U);
}

} // namespace
} // namespace postern::session
