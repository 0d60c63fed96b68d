#include "temporary_folder.hpp"

#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using maildir::testing::temporary_folder;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const std::string message = "Subject: hi\r\n\r\nhello\r\n";

class maildir_plugin : public testing::Test {
protected:
    void start()
    {
        host_.option("path", (folder_.path() / "box").string());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
    }
    temporary_folder folder_;
    fake_host host_{postern_plugin_v1};
    fake_session job_{host_, 7};
};

TEST_F(maildir_plugin, delivers_a_file_a_recipient_with_its_trace_in_front)
{
    start();
    const answer said = job_.deliver("s@client.example", {"a@example.com", "b@example.com"}, message);
    ASSERT_EQ(said.results.size(), 2u);
    EXPECT_EQ(said.results[0].verdict, POSTERN_CONTINUE);
    EXPECT_EQ(said.results[1].verdict, POSTERN_CONTINUE);
    std::vector<std::string> stored;
    for (const auto& [name, octets] : folder_.files("box/new"))
        stored.push_back(octets);
    EXPECT_THAT(stored,
                testing::UnorderedElementsAre("Return-Path: <s@client.example>\r\nDelivered-To: a@example.com\r\n" + message,
                                              "Return-Path: <s@client.example>\r\nDelivered-To: b@example.com\r\n" + message));
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(maildir_plugin, writes_the_null_reverse_path_as_such)
{
    start();
    static_cast<void>(job_.deliver("", {"a@example.com"}, message));
    EXPECT_EQ(folder_.files("box/new").begin()->second, "Return-Path: <>\r\nDelivered-To: a@example.com\r\n" + message);
}

TEST_F(maildir_plugin, lets_no_address_make_a_line)
{
    start();
    static_cast<void>(job_.deliver("s@x>\r\nBcc: evil", {"a@x\r\n\r\nbody\x7f"}, message));
    EXPECT_EQ(folder_.files("box/new").begin()->second,
              "Return-Path: <s@x>??Bcc: evil>\r\nDelivered-To: a@x????body?\r\n" + message);
}

TEST_F(maildir_plugin, defers_what_it_cannot_read_and_logs_why)
{
    start();
    host_.blob_fails_at = 0;
    const answer said = job_.deliver("s@x", {"a@x"}, message);
    ASSERT_EQ(said.results.size(), 1u);
    EXPECT_EQ(said.results[0].verdict, POSTERN_TEMPFAIL);
    EXPECT_EQ(said.results[0].smtp_code, 451u);
    EXPECT_EQ(said.results[0].enhanced, "4.3.0");
    ASSERT_EQ(host_.log_lines().size(), 1u);
    EXPECT_THAT(host_.log_lines()[0].second, HasSubstr("message=4F1A step=\"read content\""));
    EXPECT_THAT(folder_.files("box/new"), IsEmpty());
}

TEST_F(maildir_plugin, defers_when_a_file_stands_where_its_folder_was)
{
    start();
    std::filesystem::remove_all(folder_.path() / "box");
    std::ofstream{folder_.path() / "box"} << "in the way";
    const answer said = job_.deliver("s@x", {"a@x"}, message);
    EXPECT_EQ(said.results.at(0).verdict, POSTERN_TEMPFAIL);
    EXPECT_EQ(said.results.at(0).text, "the mailbox is not available"); // no path for the peer
}

TEST_F(maildir_plugin, refuses_to_start_without_a_path_or_with_one_that_cannot_be_made)
{
    fake_host without{postern_plugin_v1};
    EXPECT_EQ(without.create(), POSTERN_E_INVALID);
    ASSERT_EQ(without.refusals().size(), 1u);
    EXPECT_EQ(without.refusals()[0].first, "path");

    std::ofstream{folder_.path() / "file"} << "in the way";
    host_.option("path", (folder_.path() / "file/box").string());
    EXPECT_EQ(host_.create(), POSTERN_E_INVALID);
    ASSERT_EQ(host_.refusals().size(), 1u);
    EXPECT_THAT(host_.refusals()[0].second, HasSubstr("Not a directory"));
}

TEST_F(maildir_plugin, says_that_it_delivers_and_blocks)
{
    EXPECT_TRUE(host_.provides("postern.delivery/1"));
    EXPECT_EQ(postern_plugin_v1.flags, POSTERN_PLUGIN_BLOCKING);
    EXPECT_STREQ(postern_plugin_v1.requires_[1], "postern.blob/1");
}

} // namespace
