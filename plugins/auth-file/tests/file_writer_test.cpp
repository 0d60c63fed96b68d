#include "src/file_writer.hpp"

#include "tests/password_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace auth_file {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(a_file, is_replaced_by_another_with_its_mode_and_its_owner)
{
    const test::password_file file{"one", fs::perms{0640}};
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(file.path().c_str(), 12, 34), 0);
    }
    struct stat before {};
    struct stat after {};
    ASSERT_EQ(::stat(file.path().c_str(), &before), 0);
    EXPECT_EQ(edit_file(file.path(), [](std::string_view text) { return edited{std::string{text} + " two", {}}; }), "");
    ASSERT_EQ(::stat(file.path().c_str(), &after), 0);
    EXPECT_EQ(file.text(), "one two");
    EXPECT_NE(before.st_ino, after.st_ino);
    EXPECT_EQ(before.st_mode, after.st_mode);
    EXPECT_EQ(before.st_uid, after.st_uid);
    EXPECT_EQ(before.st_gid, after.st_gid);
    EXPECT_EQ(file.files_in_folder(), 1u);
}

TEST(a_file, stays_as_it_was_when_the_edit_says_why_not)
{
    const test::password_file file{"one"};
    EXPECT_EQ(edit_file(file.path(), [](std::string_view) { return edited{"two", "no"}; }), "no");
    EXPECT_EQ(file.text(), "one");
    EXPECT_EQ(file.files_in_folder(), 1u);
}

TEST(a_file, that_is_not_there_is_not_made)
{
    const test::password_file file;
    const auto other = file.folder() / "other";
    EXPECT_THAT(edit_file(other, [](std::string_view) { return edited{}; }), HasSubstr("other cannot be opened"));
    EXPECT_FALSE(fs::exists(other));
}

TEST(a_file, behind_a_link_is_replaced_and_the_link_stays)
{
    const test::password_file file{"one"};
    const auto link = file.folder() / "link";
    fs::create_symlink("users", link);
    EXPECT_EQ(edit_file(link, [](std::string_view) { return edited{"two", {}}; }), "");
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(file.text(), "two");
}

TEST(a_file, loses_nothing_when_many_change_it_at_once)
{
    const test::password_file file;
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i)
        writers.emplace_back([&] {
            for (int n = 0; n < 5; ++n)
                EXPECT_EQ(edit_file(file.path(), [](std::string_view text) { return edited{std::string{text} + "x", {}}; }), "");
        });
    for (auto& each : writers)
        each.join();
    EXPECT_EQ(file.text(), std::string(20, 'x'));
}

} // namespace
} // namespace auth_file
