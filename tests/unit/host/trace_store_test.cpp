#include "core/host/trace_store.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <sys/stat.h>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

class a_trace_store : public ::testing::Test {
protected:
    std::unique_ptr<trace_store> open(std::uint64_t keep = mib)
    {
        return std::make_unique<trace_store>(folder_.path() / "trace", keep, base::log{log_});
    }
    static void keep(trace_store& store, std::uint64_t id, std::string_view notes, std::uint64_t other = 0)
    {
        store.keep({base::wall_time{1234ms}, runtime::record_kind::attempt, id, other, notes});
    }
    static std::vector<std::string> notes_of(trace_store& store, std::uint64_t id)
    {
        std::vector<std::string> out;
        for (const auto& each : store.find(id))
            out.push_back(each.notes);
        return out;
    }
    [[nodiscard]] std::vector<std::filesystem::path> files() const
    {
        std::vector<std::filesystem::path> out;
        for (const auto& each : std::filesystem::directory_iterator{folder_.path() / "trace"})
            out.push_back(each.path());
        return out;
    }
    [[nodiscard]] std::uint64_t octets() const
    {
        std::uint64_t sum = 0;
        for (const auto& each : files())
            sum += std::filesystem::file_size(each);
        return sum;
    }

    postern::test::temporary_folder folder_;
    postern::test::memory_log log_;
};

TEST_F(a_trace_store, finds_what_it_was_given_by_either_id_and_in_order)
{
    const auto store = open();
    keep(*store, 1, "first");
    keep(*store, 2, "of another");
    keep(*store, 1, "second", 9);
    EXPECT_THAT(notes_of(*store, 1), ElementsAre("first", "second"));
    EXPECT_THAT(notes_of(*store, 9), ElementsAre("second"));
    EXPECT_THAT(notes_of(*store, 3), IsEmpty());
    const auto found = store->find(9);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].at, base::wall_time{1234ms});
    EXPECT_EQ(found[0].what, runtime::record_kind::attempt);
    EXPECT_EQ(found[0].id, 1U);
    EXPECT_EQ(found[0].other, 9U);
}

TEST_F(a_trace_store, knows_after_a_restart_what_it_knew_before)
{
    {
        const auto store = open();
        keep(*store, 1, "before");
    }
    const auto store = open();
    keep(*store, 1, "after");
    EXPECT_THAT(notes_of(*store, 1), ElementsAre("before", "after"));
    EXPECT_THAT(files(), SizeIs(1)) << "a file that is not full goes on";
}

TEST_F(a_trace_store, goes_on_behind_the_last_whole_record_after_a_crash)
{
    {
        const auto store = open();
        keep(*store, 1, "whole");
        keep(*store, 1, "half");
    }
    const auto file = files().at(0);
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 3);
    const auto store = open();
    EXPECT_THAT(notes_of(*store, 1), ElementsAre("whole"));
    keep(*store, 1, "after");
    EXPECT_THAT(notes_of(*store, 1), ElementsAre("whole", "after"));
}

TEST_F(a_trace_store, leaves_alone_what_is_not_its_own)
{
    std::filesystem::create_directory(folder_.path() / "trace");
    std::ofstream{folder_.path() / "trace/000000000007.trace"} << "something else";
    std::ofstream{folder_.path() / "trace/notes.txt"} << "an operator's";
    const auto store = open();
    keep(*store, 1, "mine");
    EXPECT_THAT(notes_of(*store, 1), ElementsAre("mine"));
    std::ifstream other{folder_.path() / "trace/000000000007.trace"};
    EXPECT_EQ((std::string{std::istreambuf_iterator<char>{other}, {}}), "something else");
    EXPECT_TRUE(std::filesystem::exists(folder_.path() / "trace/notes.txt"));
}

TEST_F(a_trace_store, takes_no_more_room_than_it_was_given_and_forgets_the_oldest)
{
    const auto store = open();
    const std::string notes(10'000, 'x');
    for (std::uint64_t id = 1; id <= 500; ++id) {
        keep(*store, id, notes);
        if (id % 10 == 0)
            store->flush();
    }
    EXPECT_LE(octets(), mib + 100'000 + notes.size()); // what is written at once may end behind a file's share
    EXPECT_GT(octets(), mib / 2);
    EXPECT_THAT(notes_of(*store, 1), IsEmpty());
    EXPECT_THAT(notes_of(*store, 500), SizeIs(1));
}

TEST_F(a_trace_store, is_for_its_user_alone)
{
    const auto store = open();
    keep(*store, 1, "private");
    store->flush();
    struct stat folder {};
    struct stat file {};
    ASSERT_EQ(::stat((folder_.path() / "trace").c_str(), &folder), 0);
    ASSERT_EQ(::stat(files().at(0).c_str(), &file), 0);
    EXPECT_EQ(folder.st_mode & 0777U, 0700U);
    EXPECT_EQ(file.st_mode & 0777U, 0600U);
}

TEST_F(a_trace_store, that_cannot_write_says_so_once_and_goes_on)
{
    std::ofstream{folder_.path() / "trace"} << "a file where its folder should be";
    const auto store = open();
    keep(*store, 1, "lost");
    store->flush();
    keep(*store, 1, "lost too");
    store->flush();
    EXPECT_EQ(log_.count("trace.not_written"), 1);
    std::filesystem::remove(folder_.path() / "trace");
    keep(*store, 1, "kept");
    EXPECT_THAT(notes_of(*store, 1), ElementsAre("kept"));
}

TEST_F(a_trace_store, keeps_nothing_and_makes_no_folder_when_it_has_no_room)
{
    const auto store = open(0);
    EXPECT_FALSE(store->is_keeping());
    store->limit(mib);
    EXPECT_TRUE(store->is_keeping());
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "trace"));
}

} // namespace
} // namespace postern::daemon
