// Plays every file under server/ three ways. The file's path is the claim, the file the evidence.

#include "tests/support/transcript.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace postern::test {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path{POSTERN_TRANSCRIPTS} / "server";

std::vector<std::string> files()
{
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator{folder})
        if (entry.path().extension() == ".txt")
            found.push_back(fs::relative(entry.path(), folder).replace_extension().string());
    std::sort(found.begin(), found.end());
    return found;
}

std::string name_of(const testing::TestParamInfo<std::string>& file)
{
    auto name = file.param;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
}

class server_transcript : public testing::TestWithParam<std::string> {
protected:
    transcript what{folder / (GetParam() + ".txt")};
};

TEST_P(server_transcript, is_as_written)
{
    what.play_as_written();
}

TEST_P(server_transcript, is_the_same_octet_by_octet)
{
    what.play_octet_by_octet();
}

TEST_P(server_transcript, loses_and_invents_nothing_wherever_it_is_cut)
{
    what.play_cut_everywhere();
}

INSTANTIATE_TEST_SUITE_P(, server_transcript, testing::ValuesIn(files()), name_of);

TEST(transcript_reader, finds_the_dialogues)
{
    EXPECT_GE(files().size(), 60U);
}

TEST(transcript_reader, undoes_escapes)
{
    EXPECT_EQ(unescaped(R"(a\r\n\t\\\x41\0)"), (std::string{"a\r\n\t\\A\0", 7}));
    EXPECT_THROW((void)unescaped(R"(\q)"), std::runtime_error);
    EXPECT_THROW((void)unescaped(R"(\x4)"), std::runtime_error);
    EXPECT_THROW((void)unescaped("\\"), std::runtime_error);
}

} // namespace
} // namespace postern::test
