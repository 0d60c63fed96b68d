#include "src/file_edit.hpp"

#include "tests/password_file.hpp"

#include <gtest/gtest.h>

namespace auth_file {
namespace {

TEST(an_edit, puts_new_lines_at_the_end)
{
    EXPECT_EQ(with_lines("", "a", {"x", "y"}), "a:x\na:y\n");
    EXPECT_EQ(with_lines("# c\nb:z", "a", {"x"}), "# c\nb:z\na:x\n");
}

TEST(an_edit, replaces_what_was_made_from_a_password_and_leaves_the_rest)
{
    const std::string hash = test::bcrypt_line;
    const std::string before = "# c\na:" + hash + "\nb:" + hash + "\na:{CERTIFICATE}CN=a\na:{PLAIN}old\n\n# end\n";
    EXPECT_EQ(with_other_lines(before, "a", {"NEW", "{PLAIN}new"}),
              "# c\na:NEW\na:{PLAIN}new\nb:" + hash + "\na:{CERTIFICATE}CN=a\n\n# end\n");
    EXPECT_EQ(with_other_lines("a:{CERTIFICATE}CN=a", "a", {"NEW"}), "a:{CERTIFICATE}CN=a\na:NEW\n");
}

TEST(an_edit, removes_all_lines_of_a_name_and_of_no_other)
{
    EXPECT_EQ(without_lines("# a:x\na:x\nab:x\n\na:y\nA:z", "a"), "# a:x\nab:x\n\nA:z");
    EXPECT_EQ(without_lines("a:x", "a"), "");
    EXPECT_EQ(without_lines("", "a"), "");
}

} // namespace
} // namespace auth_file
