#include "core/host/login_key.hpp"

#include "tests/support/memory_log.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
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

using ::testing::HasSubstr;

mode_t mode_of(const std::filesystem::path& file)
{
    struct stat facts {};
    EXPECT_EQ(::stat(file.c_str(), &facts), 0);
    return facts.st_mode & 07777U;
}

auto entries(const test::temporary_folder& folder)
{
    return std::distance(std::filesystem::directory_iterator{folder.path()}, {});
}

TEST(the_login_key, is_made_once_and_then_stays)
{
    const test::temporary_folder folder;
    const auto file = folder / login_key_file;
    const auto first = keep_login_key(file);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->octets.size(), 32U);
    EXPECT_EQ(first->doubt, "");
    EXPECT_EQ(keep_login_key(file)->octets, first->octets);
    const test::temporary_folder another;
    EXPECT_NE(keep_login_key(another / login_key_file)->octets, first->octets);
}

TEST(the_login_key, is_its_owners_alone_and_leaves_nothing_else)
{
    const test::temporary_folder folder;
    ASSERT_TRUE(keep_login_key(folder / login_key_file));
    EXPECT_EQ(mode_of(folder / login_key_file), 0600U);
    EXPECT_EQ(entries(folder), 1);
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
                    key = std::move(made->octets);
            });
        for (auto& each : makers)
            each.join();
    }
    EXPECT_FALSE(keys.front().empty());
    EXPECT_TRUE(std::all_of(keys.begin(), keys.end(), [&](const auto& each) { return each == keys.front(); }));
    EXPECT_EQ(entries(folder), 1);
}

TEST(the_login_key, is_not_taken_from_what_is_none)
{
    const test::temporary_folder folder;
    for (const std::size_t size : {1, 31, 33})
        EXPECT_EQ(keep_login_key(folder.write("key", std::string(size, 'k'))).error(), boost::system::errc::bad_message) << size;
    std::filesystem::create_directory(folder / "folder");
    EXPECT_EQ(keep_login_key(folder / "folder").error(), boost::system::errc::bad_message);
    EXPECT_FALSE(keep_login_key(folder / "nowhere" / login_key_file));
}

/// Nobody can have seen a key there.
TEST(the_login_key, is_made_where_a_start_that_was_cut_off_left_an_empty_file)
{
    const test::temporary_folder folder;
    const auto file = folder.write(login_key_file, "");
    const auto made = keep_login_key(file);
    ASSERT_TRUE(made);
    EXPECT_EQ(test::read_file(file), made->octets);
}

/// Servers that a client may reach by the same name should have the same.
TEST(the_login_key, may_be_a_link_to_one_that_is_shared)
{
    const test::temporary_folder folder;
    const auto shared = folder.write("shared", std::string(32, 'k'));
    ASSERT_EQ(::chmod(shared.c_str(), 0600), 0);
    std::filesystem::create_symlink(shared, folder / login_key_file);
    const auto key = keep_login_key(folder / login_key_file);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->octets, std::string(32, 'k'));
    EXPECT_EQ(key->doubt, "");
}

TEST(the_login_key, is_not_made_at_the_end_of_a_link)
{
    const test::temporary_folder folder;
    std::filesystem::create_symlink(folder / "elsewhere", folder / login_key_file);
    EXPECT_FALSE(keep_login_key(folder / login_key_file));
    EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere"));
}

TEST(the_login_key, that_others_can_read_is_used_and_doubted)
{
    const test::temporary_folder folder;
    const auto file = folder.write(login_key_file, std::string(32, 'k'));
    for (const mode_t mode : {0604U, 0602U, 0620U}) {
        ASSERT_EQ(::chmod(file.c_str(), mode), 0);
        const auto key = keep_login_key(file);
        ASSERT_TRUE(key);
        EXPECT_EQ(key->octets, std::string(32, 'k'));
        EXPECT_THAT(key->doubt, HasSubstr("chmod 600")) << mode;
    }
}

TEST(the_login_key, of_root_may_be_read_by_a_group_and_that_of_somebody_else_is_not_taken)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root gives files away";
    const test::temporary_folder folder;
    const auto file = folder.write(login_key_file, std::string(32, 'k'));
    ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
    EXPECT_EQ(keep_login_key(file)->doubt, "");
    ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
    EXPECT_EQ(keep_login_key(file).error(), boost::system::errc::operation_not_permitted);
}

TEST(a_source_of_the_login_key, keeps_it_in_its_folder)
{
    const test::temporary_folder folder;
    login_key_source first{folder.path(), login_key_use::keep};
    EXPECT_EQ(entries(folder), 0) << "nobody has asked";
    const auto made = first.octets();
    EXPECT_EQ(made, test::read_file(folder / login_key_file));
    EXPECT_EQ(first.doubt(), "");
    EXPECT_EQ((login_key_source{folder.path(), login_key_use::check}.octets()), first.octets());
}

TEST(a_source_of_the_login_key, writes_nothing_in_a_check)
{
    const test::temporary_folder folder;
    login_key_source key{folder.path(), login_key_use::check};
    EXPECT_EQ(key.octets().size(), 32U);
    EXPECT_EQ(key.doubt(), "");
    EXPECT_EQ(entries(folder), 0);
    const auto empty = folder.write(login_key_file, "");
    EXPECT_EQ((login_key_source{folder.path(), login_key_use::check}.octets()), key.octets());
    EXPECT_EQ(test::read_file(empty), "");
}

/// What is kept hardens logins, and is no part of them.
TEST(a_source_of_the_login_key, without_one_has_one_for_the_life_of_the_process_and_says_so)
{
    const test::temporary_folder folder;
    (void)folder.write(login_key_file, "no key");
    login_key_source doubtful{folder.path(), login_key_use::keep};
    EXPECT_EQ(doubtful.octets().size(), 32U);
    EXPECT_THAT(doubtful.doubt(), HasSubstr((folder / login_key_file).string() + ": is no key; remove it"));
    EXPECT_EQ(test::read_file(folder / login_key_file), "no key");
    login_key_source nowhere{"", login_key_use::keep};
    EXPECT_EQ(nowhere.octets(), doubtful.octets());
    EXPECT_EQ(nowhere.doubt(), "");
}

TEST(a_source_of_the_login_key, warns_of_its_doubt_alone)
{
    const test::temporary_folder folder;
    test::memory_log log;
    login_key_source key{folder.path(), login_key_use::keep};
    (void)key.octets();
    warn_of(key, base::log{log});
    EXPECT_EQ(log.count(""), 0);
    std::filesystem::remove(folder / login_key_file);
    std::filesystem::create_symlink("nowhere", folder / login_key_file);
    login_key_source doubtful{folder.path(), login_key_use::keep};
    (void)doubtful.octets();
    warn_of(doubtful, base::log{log});
    EXPECT_EQ(
        log.count("login_key.doubtful problem=" + (folder / login_key_file).string() + ": is a link to a file that is missing"),
        1);
}

} // namespace
} // namespace postern::daemon
