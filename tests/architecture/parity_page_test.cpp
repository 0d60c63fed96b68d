// docs/parity.md against the tests that there are.

#include "tests/architecture/parity_page.hpp"
#include "tests/architecture/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(the_page_of_parity, names_only_tests_that_there_are)
{
    const auto page = read_source(source_root() / "docs/parity.md");
    const auto known = names_of_tests();
    std::vector<std::string> wrong;
    for (const auto& row : rows_of(page.lines))
        for (const auto& test : row.tests)
            if (!known.contains(test))
                wrong.push_back(page.at(row.line) + "no test " + test);
    EXPECT_THAT(wrong, IsEmpty());
}

TEST(the_page_of_parity, says_of_each_row_what_shows_it)
{
    const auto page = read_source(source_root() / "docs/parity.md");
    std::vector<std::string> wrong;
    for (const auto& row : rows_of(page.lines))
        if (row.tests.empty())
            wrong.push_back(page.at(row.line) + row.what);
    EXPECT_THAT(wrong, IsEmpty());
    EXPECT_GT(rows_of(page.lines).size(), 100U);
}

TEST(rows_of_a_page, are_those_behind_the_head_of_a_table)
{
    const auto rows = rows_of({"| a | tests |", "|---|---|", "| one | `x.y`, `z` |", "| `two` | - |", "", "| no | table |"});
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].what, "one");
    EXPECT_THAT(rows[0].tests, ElementsAre("x.y", "z"));
    EXPECT_EQ(rows[1].line, 4U);
    EXPECT_THAT(rows[1].tests, IsEmpty());
}

} // namespace
} // namespace postern::test
