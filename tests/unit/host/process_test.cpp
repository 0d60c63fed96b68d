#include "core/host/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace postern::daemon {
namespace {

TEST(an_account, is_found_by_name)
{
    std::string why;
    const auto root = find_account("root", "", why);
    ASSERT_TRUE(root) << why;
    EXPECT_EQ(root->uid, 0U);
    EXPECT_FALSE(find_account("no-such-user-here", "", why));
    EXPECT_EQ(why, "there is no user \"no-such-user-here\"");
    EXPECT_FALSE(find_account("root", "no-such-group-here", why));
    EXPECT_EQ(why, "there is no group \"no-such-group-here\"");
}

TEST(root, is_given_up_for_ever)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root";
    std::string why;
    const auto nobody = find_account("nobody", "", why);
    ASSERT_TRUE(nobody) << why;
    const auto child = ::fork();
    if (child == 0) {
        const bool gone = become(*nobody).empty() && ::geteuid() == nobody->uid && ::getegid() == nobody->gid &&
                          ::setuid(0) != 0 && ::seteuid(0) != 0;
        ::_exit(gone ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(acting_as, makes_files_that_belong_to_the_user_and_comes_back)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root";
    std::string why;
    const auto nobody = find_account("nobody", "", why);
    ASSERT_TRUE(nobody) << why;
    const postern::test::temporary_folder folder;
    ASSERT_EQ(::chown(folder.path().c_str(), nobody->uid, nobody->gid), 0);
    {
        const acting_as user{&*nobody};
        ASSERT_TRUE(user.succeeded());
        EXPECT_EQ(make_folder(folder / "a", folder.path(), nullptr), "");
    }
    EXPECT_EQ(::geteuid(), 0U);
    struct stat facts {};
    ASSERT_EQ(::stat((folder / "a").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, nobody->uid);
    EXPECT_EQ(facts.st_gid, nobody->gid);
}

TEST(a_folder, is_made_with_those_above_it_for_its_owner_alone)
{
    const postern::test::temporary_folder folder;
    EXPECT_EQ(make_folder(folder / "a/b", folder / "a", nullptr), "");
    EXPECT_EQ(make_folder(folder / "a/b", folder / "a", nullptr), ""); // again
    struct stat facts {};
    ASSERT_EQ(::stat((folder / "a/b").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777U, 0700U);
    EXPECT_NE(make_folder(folder / "x/y", folder / "x/y", nullptr), ""); // above its root nothing is made
    folder.write("file", "");
    EXPECT_NE(make_folder(folder / "file", folder / "file", nullptr), "");
}

TEST(the_service_manager, is_told_by_a_datagram)
{
    const postern::test::temporary_folder folder;
    const auto path = folder / "notify";
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::memcpy(where.sun_path, path.c_str(), path.native().size());
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    ASSERT_EQ(::setenv("NOTIFY_SOCKET", path.c_str(), 1), 0);
    notify_service_manager("READY=1");
    ASSERT_EQ(::unsetenv("NOTIFY_SOCKET"), 0);
    notify_service_manager("READY=1"); // nobody to tell
    char text[64];
    ASSERT_EQ(::recv(socket, text, sizeof text, MSG_DONTWAIT), 7);
    EXPECT_EQ(std::string(text, 7), "READY=1");
    EXPECT_LT(::recv(socket, text, sizeof text, MSG_DONTWAIT), 0);
    ::close(socket);
}

} // namespace
} // namespace postern::daemon
