#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

TEST(filter_in_c, marks_every_message)
{
    fake_host host{postern_plugin_v1};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_EQ(session.mail("apple@example.org").came, answer::how::passed);
    EXPECT_THAT(session.headers({{"Subject", "hi"}}).edits, ElementsAre(edit{POSTERN_EDIT_HEADER_ADD, 0, "X-Filter", "C"}));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(filter_in_c, refuses_a_sender_that_holds_the_word_anywhere)
{
    fake_host host{postern_plugin_v1};
    host.option("word", "apple");
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    for (const char* sender : {"apple", "apple@x", "x@apple", "an.apple.a.day@x"})
        EXPECT_TRUE(session.mail(sender).rejects()) << sender;
    for (const char* sender : {"", "appl", "banana@x", "app-le@x"})
        EXPECT_FALSE(session.mail(sender).rejects()) << sender;
}

TEST(filter_in_c, with_an_empty_word_refuses_nobody)
{
    fake_host host{postern_plugin_v1};
    host.option("word", "");
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_FALSE(session.mail("banana@example.org").rejects());
}

TEST(filter_in_c, does_not_start_without_the_tables_that_it_needs)
{
    fake_host host{postern_plugin_v1};
    host.missing = {POSTERN_CONFIG_1};
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
}

} // namespace
