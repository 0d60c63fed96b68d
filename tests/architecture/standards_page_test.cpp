// docs/standards.md is what the index and the citations say. POSTERN_WRITE_DOCS=1 writes it anew (./dev docs).

#include "tests/architecture/rfc_index.hpp"
#include "tests/architecture/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace postern::test {
namespace {

TEST(the_page_of_standards, says_what_the_index_and_the_tests_say)
{
    const auto page = source_root() / "docs/standards.md";
    const auto made = make_standards_page();
    if (std::getenv("POSTERN_WRITE_DOCS") != nullptr)
        std::ofstream{page, std::ios::binary} << made;
    std::ifstream in{page, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    EXPECT_TRUE(text == made) << "docs/standards.md is not what docs/rfc_index.toml and the tests say: ./dev docs";
}

TEST(the_page_of_standards, finds_the_tests_of_all_kinds_that_cite_an_rfc)
{
    const auto tests = tests_by_rfc();
    EXPECT_THAT(tests.at(5321),
                testing::AllOf(testing::Contains("tests/transcripts/server/rcpt/takes_postmaster_without_a_domain.txt"),
                               testing::Contains("tests/unit/message/address_test.cpp")));
    EXPECT_THAT(tests.at(6710), testing::Contains("plugins/mt-priority/tests/plugin_test.cpp"));
    EXPECT_THAT(tests.at(6152), testing::Contains("tests/integration/seven_bit_test.cpp"));
}

TEST(the_page_of_standards, has_a_state_and_a_place_for_each)
{
    const auto page = make_standards_page();
    EXPECT_THAT(page,
                testing::HasSubstr("| [6152](#rfc-6152) | SMTP service extension for 8-bit MIME transport | implemented | "));
    EXPECT_THAT(page, testing::HasSubstr("`core/runtime`"));
}

} // namespace
} // namespace postern::test
