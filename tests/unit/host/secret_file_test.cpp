#include "core/host/secret_file.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace postern::daemon {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class a_secret_file : public ::testing::Test {
protected:
    /// The secret in a file with those octets, or why there is none.
    std::string read(std::string_view octets, unsigned mode = 0600)
    {
        const auto file = folder_.write("secret", octets);
        fs::permissions(file, fs::perms{mode});
        return read_at(file);
    }
    std::string read_at(const fs::path& file)
    {
        std::string why;
        const auto got = read_secret_file(file, why);
        EXPECT_EQ(got.has_value(), why.empty());
        return got ? std::string{got->view()} : why;
    }

    test::temporary_folder folder_;
};

TEST_F(a_secret_file, has_it_in_its_first_line)
{
    for (const auto& [octets, secret] : {std::pair{"secret", "secret"},
                                         {"secret\n", "secret"},
                                         {"secret\r\n", "secret"},
                                         {" with spaces \n", " with spaces "},
                                         {"one\ntwo\n", "one"}})
        EXPECT_EQ(read(octets), secret);
    EXPECT_EQ(read(std::string(most_secret_octets, 'x')), std::string(most_secret_octets, 'x'));
}

TEST_F(a_secret_file, is_refused_in_words_that_say_what_to_do)
{
    EXPECT_THAT(read(""), HasSubstr("has nothing in its first line"));
    EXPECT_THAT(read("\nsecret\n"), HasSubstr("has nothing in its first line"));
    EXPECT_THAT(read(std::string_view{"a\0b\n", 4}), HasSubstr("has a NUL"));
    EXPECT_THAT(read(std::string(most_secret_octets + 1, 'x')), HasSubstr("has more than 16384 octets"));
    EXPECT_THAT(read_at(folder_ / "none"), HasSubstr("none cannot be read: No such file"));
    EXPECT_THAT(read_at(folder_.path()), HasSubstr("is no file"));
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(read_at(folder_ / "pipe"), HasSubstr("is no file"));
}

TEST_F(a_secret_file, is_nobody_elses_to_read_or_write)
{
    for (const unsigned mode : {0604U, 0602U, 0620U, 0666U})
        EXPECT_THAT(read("secret\n", mode), HasSubstr("chmod 600")) << mode;
    EXPECT_EQ(read("secret\n", 0400), "secret");
    // What root gave a group is meant for it.
    EXPECT_EQ(read("secret\n", 0640) == "secret", ::geteuid() == 0);
}

TEST_F(a_secret_file, belongs_to_root_or_to_who_reads_it)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can give a file away";
    const auto file = folder_.write("secret", "secret\n");
    fs::permissions(file, fs::perms{0600});
    ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
    EXPECT_THAT(read_at(file), HasSubstr("must be owned by root or by the user who serves"));
}

} // namespace
} // namespace postern::daemon
