#include "core/host/file_watch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace postern::daemon {
namespace {

using std::filesystem::create_symlink;
using std::filesystem::remove;
using std::filesystem::rename;

class a_watched_file : public ::testing::Test {
protected:
    postern::test::temporary_folder folder_;
    std::filesystem::path file_ = folder_.write("a", "one");
    std::filesystem::path other_ = folder_.write("b", "two");
    file_watch watch_{{file_, folder_ / "absent"}};
};

TEST_F(a_watched_file, that_nobody_touched_has_not_changed)
{
    EXPECT_FALSE(watch_.have_changed());
    (void)postern::test::read_file(file_);
    EXPECT_FALSE(watch_.have_changed());
    EXPECT_FALSE(file_watch{}.have_changed());
}

TEST_F(a_watched_file, that_was_renamed_over_has_changed_once)
{
    rename(other_, file_);
    EXPECT_TRUE(watch_.have_changed());
    EXPECT_FALSE(watch_.have_changed());
}

TEST_F(a_watched_file, that_was_written_over_has_changed)
{
    folder_.write("a", "another size");
    EXPECT_TRUE(watch_.have_changed());
}

TEST_F(a_watched_file, that_goes_or_comes_has_changed)
{
    remove(file_);
    EXPECT_TRUE(watch_.have_changed());
    EXPECT_FALSE(watch_.have_changed());
    folder_.write("absent", "");
    EXPECT_TRUE(watch_.have_changed());
}

TEST_F(a_watched_file, behind_a_link_that_leads_elsewhere_now_has_changed)
{
    create_symlink(file_, folder_ / "link");
    file_watch watch{{folder_ / "link"}};
    create_symlink(other_, folder_ / "next");
    rename(folder_ / "next", folder_ / "link");
    EXPECT_TRUE(watch.have_changed());
}

} // namespace
} // namespace postern::daemon
