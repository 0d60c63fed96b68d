// docs/reference/hooks.md is what the headers say. POSTERN_WRITE_DOCS=1 writes it anew (./dev docs).

#include "tests/architecture/hook_reference.hpp"
#include "tests/architecture/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace postern::test {
namespace {

TEST(the_hook_reference, has_a_record_a_comment_and_a_class_of_every_hook)
{
    EXPECT_THAT(make_hook_reference().problems, testing::IsEmpty());
}

TEST(the_hook_reference, says_what_the_headers_say)
{
    const auto page = source_root() / "docs/reference/hooks.md";
    const auto made = make_hook_reference();
    if (std::getenv("POSTERN_WRITE_DOCS") != nullptr)
        std::ofstream{page, std::ios::binary} << made.text;
    std::ifstream in{page, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    EXPECT_TRUE(text == made.text) << "docs/reference/hooks.md is not what the headers say: ./dev docs";
}

} // namespace
} // namespace postern::test
