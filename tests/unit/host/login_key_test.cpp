#include "core/host/login_key.hpp"

#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace postern::daemon {
namespace {

TEST(the_login_key, is_made_once_and_then_stays)
{
    const test::temporary_folder folder;
    const auto file = folder / login_key_file;
    const auto first = keep_login_key(file);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->size(), 32U);
    EXPECT_EQ(*keep_login_key(file), *first);
    const test::temporary_folder another;
    EXPECT_NE(*keep_login_key(another / login_key_file), *first);
}

TEST(the_login_key, is_its_owners_alone_and_leaves_nothing_else)
{
    const test::temporary_folder folder;
    ASSERT_TRUE(keep_login_key(folder / login_key_file));
    struct stat facts {};
    ASSERT_EQ(::stat((folder / login_key_file).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777U, 0600U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.path()}, {}), 1);
}

TEST(the_login_key, is_the_same_for_all_who_make_it_at_once)
{
    const test::temporary_folder folder;
    std::vector<std::string> keys(8);
    {
        std::vector<std::thread> makers;
        for (auto& key : keys)
            makers.emplace_back([&] {
                if (auto made = keep_login_key(folder / login_key_file))
                    key = std::move(*made);
            });
        for (auto& each : makers)
            each.join();
    }
    EXPECT_FALSE(keys.front().empty());
    EXPECT_TRUE(std::all_of(keys.begin(), keys.end(), [&](const auto& each) { return each == keys.front(); }));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.path()}, {}), 1);
}

TEST(the_login_key, is_not_taken_from_what_is_none)
{
    const test::temporary_folder folder;
    for (const std::size_t size : {0, 31, 33})
        EXPECT_EQ(keep_login_key(folder.write("key", std::string(size, 'k'))).error(), boost::system::errc::bad_message) << size;
    std::filesystem::create_symlink(folder.write("elsewhere", std::string(32, 'k')), folder / "link");
    EXPECT_FALSE(keep_login_key(folder / "link"));
    EXPECT_FALSE(keep_login_key(folder / "nowhere" / login_key_file));
}

} // namespace
} // namespace postern::daemon
