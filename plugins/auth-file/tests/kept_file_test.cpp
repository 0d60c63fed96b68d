#include "src/kept_file.hpp"

#include "tests/password_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace auth_file {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string alice = std::string{"alice:"} + test::bcrypt_line + "\n";
const std::string bob = std::string{"bob:"} + test::bcrypt_line + "\n";

class a_kept_file : public testing::Test {
protected:
    test::password_file file{alice};
    std::chrono::steady_clock::time_point now{1h};
    std::vector<std::string> complaints;
    kept_file kept{file.path(), [this] { return now; }, [this](std::string_view what) { complaints.emplace_back(what); }};
};

TEST_F(a_kept_file, is_looked_at_again_a_second_later)
{
    ASSERT_EQ(kept.read(), "");
    file.write(alice + bob);
    now += 1s - 1ns;
    EXPECT_FALSE(kept.current()->has_name("bob"));
    now += 1ns;
    EXPECT_TRUE(kept.current()->has_name("bob"));
    EXPECT_THAT(complaints, IsEmpty());
}

TEST_F(a_kept_file, that_is_broken_leaves_what_was_there_and_says_so_once)
{
    ASSERT_EQ(kept.read(), "");
    file.write(alice + "bob:hunter2\n");
    for (int i = 0; i < 3; ++i) {
        now += 1s;
        EXPECT_TRUE(kept.current()->has_name("alice"));
    }
    ASSERT_EQ(complaints.size(), 1u);
    EXPECT_THAT(complaints[0], HasSubstr("users:2: the credential begins"));
    file.write(alice + bob);
    now += 1s;
    EXPECT_TRUE(kept.current()->has_name("bob"));
}

TEST_F(a_kept_file, that_is_gone_leaves_what_was_there_and_says_so_once)
{
    ASSERT_EQ(kept.read(), "");
    fs::remove(file.path());
    for (int i = 0; i < 3; ++i) {
        now += 1s;
        EXPECT_TRUE(kept.current()->has_name("alice"));
    }
    EXPECT_THAT(complaints, ElementsAre(HasSubstr("users cannot be read: No such file")));
}

TEST_F(a_kept_file, that_anybody_can_write_is_refused)
{
    fs::permissions(file.path(), fs::perms{0602});
    EXPECT_THAT(kept.read(), HasSubstr("users can be written by anybody"));
}

TEST_F(a_kept_file, that_anybody_can_read_is_taken_with_a_warning)
{
    fs::permissions(file.path(), fs::perms{0644});
    EXPECT_EQ(kept.read(), "");
    EXPECT_THAT(complaints, ElementsAre(HasSubstr("users can be read by anybody")));
}

TEST(a_password_file, is_a_file_of_at_most_16_mib)
{
    const test::password_file file;
    EXPECT_THAT(load(file.folder()).why, HasSubstr("is no file"));
    EXPECT_NE(load(file.path()).table, nullptr) << "an empty one is a file too";
    std::string large;
    large.reserve((std::size_t{16} << 20U) + 1);
    while (large.size() < std::size_t{16} << 20U)
        large += "#" + std::string(1022, 'x') + "\n";
    file.write(large);
    EXPECT_NE(load(file.path()).table, nullptr);
    file.write(large + "#");
    EXPECT_THAT(load(file.path()).why, HasSubstr("more than 16 MiB"));
}

} // namespace
} // namespace auth_file
