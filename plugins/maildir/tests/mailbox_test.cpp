#include "src/mailbox.hpp"
#include "temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include <sys/stat.h>

using maildir::content_source;
using maildir::disk;
using maildir::mailbox;
using maildir::outcome;
using maildir::testing::temporary_folder;
using testing::IsEmpty;

namespace {

/// A real disk whose n-th call fails, and that can lack hard links or write in small pieces.
class moody_disk : public disk {
public:
    int fails_at = std::numeric_limits<int>::max(); ///< from 1
    int error = ENOSPC;
    int calls = 0;
    int open = 0; ///< descriptors
    bool lacks_links = false;
    std::size_t most_at_once = std::numeric_limits<std::size_t>::max();

    int make_folder(const char* path) override { return fails() ? -1 : disk::make_folder(path); }
    int open_folder(int at, const char* path) override { return counted(fails() ? -1 : disk::open_folder(at, path)); }
    int create(int folder, const char* name) override { return counted(fails() ? -1 : disk::create(folder, name)); }
    ssize_t write(int file, const char* octets, std::size_t count) override
    {
        return fails() ? -1 : disk::write(file, octets, std::min(count, most_at_once));
    }
    int sync(int file) override { return fails() ? -1 : disk::sync(file); }
    int close(int file) override
    {
        --open;
        const int closed = disk::close(file);
        return fails() ? -1 : closed;
    }
    int link(int folder, const char* from, const char* to) override
    {
        if (lacks_links)
            return errno = EPERM, -1;
        return fails() ? -1 : disk::link(folder, from, to);
    }
    int rename(int folder, const char* from, const char* to) override { return fails() ? -1 : disk::rename(folder, from, to); }
    int unlink(int folder, const char* name) override { return fails() ? -1 : disk::unlink(folder, name); }

private:
    bool fails()
    {
        if (++calls != fails_at)
            return false;
        errno = error;
        return true;
    }
    int counted(int number)
    {
        if (number >= 0)
            ++open;
        return number;
    }
};

class mailbox_test : public testing::Test {
protected:
    content_source text(std::string octets)
    {
        return [octets = std::move(octets)](std::uint64_t offset, char* to, std::size_t length) {
            const std::size_t count = std::min(length, octets.size() - static_cast<std::size_t>(offset));
            std::memcpy(to, octets.data() + offset, count);
            return static_cast<std::int64_t>(count);
        };
    }
    mailbox make()
    {
        return mailbox{(folder_.path() / "box").string(), disk_, [this] { return "name" + std::to_string(++names_); }};
    }

    temporary_folder folder_;
    moody_disk disk_;
    int names_ = 0;
};
using a_mailbox = mailbox_test;

TEST_F(a_mailbox, makes_its_folders_for_its_owner_alone)
{
    const mailbox box{(folder_.path() / "a/b/").string(), disk_, [] { return "n"; }};
    ASSERT_TRUE(box.prepare().is_ok());
    ASSERT_TRUE(box.prepare().is_ok()); // and again
    for (const char* part : {"a/b/cur", "a/b/new", "a/b/tmp", "a/b"}) {
        struct stat facts {};
        ASSERT_EQ(::stat((folder_.path() / part).c_str(), &facts), 0) << part;
        EXPECT_EQ(facts.st_mode & 0777u, 0700u) << part;
    }
}

TEST_F(a_mailbox, keeps_every_octet_at_every_size_around_its_buffer)
{
    const mailbox box = make();
    for (const std::size_t size : {0u, 1u, 65536u - 9u, 65536u - 8u, 65536u - 7u, 65536u, 200000u}) {
        std::string octets(size, '\0');
        for (std::size_t i = 0; i < size; ++i)
            octets[i] = static_cast<char>(i * 31 % 251);
        ASSERT_TRUE(box.store("preface\n", text(octets), size).is_ok());
        const auto files = folder_.files("box/new");
        EXPECT_EQ(files.at("name" + std::to_string(names_)), "preface\n" + octets) << size;
    }
    EXPECT_THAT(folder_.files("box/tmp"), IsEmpty());
    EXPECT_EQ(disk_.open, 0);
}

TEST_F(a_mailbox, takes_content_and_writes_it_in_any_pieces)
{
    disk_.most_at_once = 3;
    const std::string octets = "Subject: hi\r\n\r\nhello\r\n";
    const auto one_by_one = [whole = text(octets)](std::uint64_t offset, char* to, std::size_t) { return whole(offset, to, 1); };
    ASSERT_TRUE(make().store("", one_by_one, octets.size()).is_ok());
    EXPECT_EQ(folder_.files("box/new").at("name1"), octets);
}

TEST_F(a_mailbox, is_written_for_its_owner_alone)
{
    ASSERT_TRUE(make().store("", text("x"), 1).is_ok());
    struct stat facts {};
    ASSERT_EQ(::stat((folder_.path() / "box/new/name1").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777u, 0600u);
}

TEST_F(a_mailbox, stores_without_hard_links_too)
{
    disk_.lacks_links = true;
    ASSERT_TRUE(make().store("", text("x"), 1).is_ok());
    EXPECT_EQ(folder_.files("box/new").size(), 1u);
    EXPECT_THAT(folder_.files("box/tmp"), IsEmpty());
}

TEST_F(a_mailbox, tries_another_name_when_one_is_taken_but_not_for_ever)
{
    const mailbox box = make();
    ASSERT_TRUE(box.prepare().is_ok());
    const mailbox stubborn{(folder_.path() / "box").string(), disk_, [] { return "same"; }};
    ASSERT_TRUE(stubborn.store("", text("1"), 1).is_ok());
    const outcome second = stubborn.store("", text("2"), 1); // tmp is free, new is not
    EXPECT_EQ(second.error.value(), EEXIST);
    EXPECT_EQ(folder_.files("box/new").at("same"), "1");
    EXPECT_THAT(folder_.files("box/tmp"), IsEmpty());
}

TEST_F(a_mailbox, keeps_nothing_of_content_that_breaks_off_or_cannot_be_read)
{
    const mailbox box = make();
    const auto broken = [](std::uint64_t offset, char* to, std::size_t length) -> std::int64_t {
        if (offset != 0)
            return -2;
        std::memset(to, 'x', std::min<std::size_t>(length, 10));
        return 10;
    };
    const auto short_by_one = [](std::uint64_t offset, char*, std::size_t) -> std::int64_t { return offset == 0 ? 9 : 0; };
    for (const content_source& content : {content_source{broken}, content_source{short_by_one}}) {
        const outcome done = box.store("", content, 10 + 1);
        EXPECT_STREQ(done.step, "read content");
        EXPECT_FALSE(done.is_full());
    }
    EXPECT_THAT(folder_.files("box/new"), IsEmpty());
    EXPECT_THAT(folder_.files("box/tmp"), IsEmpty());
}

TEST_F(a_mailbox, is_made_anew_when_it_was_moved_away)
{
    const mailbox box = make();
    ASSERT_TRUE(box.store("", text("1"), 1).is_ok());
    std::filesystem::remove_all(folder_.path() / "box");
    ASSERT_TRUE(box.store("", text("2"), 1).is_ok());
    std::filesystem::remove_all(folder_.path() / "box/tmp");
    ASSERT_TRUE(box.store("", text("3"), 1).is_ok());
    EXPECT_EQ(folder_.files("box/new").size(), 2u);
}

TEST_F(a_mailbox, holds_a_message_whole_or_not_at_all_whichever_call_fails)
{
    for (const bool lacks_links : {false, true}) {
        int failures = 0;
        for (int n = 1;; ++n) {
            std::filesystem::remove_all(folder_.path() / "box");
            disk_.calls = 0;
            disk_.fails_at = n;
            disk_.lacks_links = lacks_links;
            const outcome done = make().store("p", text(std::string(100000, 'x')), 100000);
            const bool did_fail = disk_.calls >= n;
            const auto stored = folder_.files("box/new");
            if (!done.is_ok()) {
                ++failures;
                EXPECT_TRUE(done.is_full()) << n << ' ' << done.step;
                EXPECT_THAT(stored, IsEmpty()) << n << ' ' << done.step;
            } else {
                ASSERT_EQ(stored.size(), 1u) << n;
                EXPECT_EQ(stored.begin()->second, "p" + std::string(100000, 'x')) << n;
            }
            EXPECT_EQ(disk_.open, 0) << n;
            disk_.fails_at = std::numeric_limits<int>::max();
            ASSERT_TRUE(make().store("p", text("again"), 5).is_ok()) << n; // and then it recovers
            if (!did_fail)
                break;
        }
        EXPECT_GE(failures, 15);
    }
}

TEST(outcome, is_full_for_disk_and_quota_only)
{
    const auto of = [](int error) { return outcome{std::error_code{error, std::generic_category()}, "x"}; };
    EXPECT_TRUE(of(ENOSPC).is_full());
    EXPECT_TRUE(of(EDQUOT).is_full());
    EXPECT_FALSE(of(EACCES).is_full());
    EXPECT_FALSE(outcome{}.is_full());
}

} // namespace
