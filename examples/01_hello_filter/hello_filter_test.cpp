#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

TEST(hello_filter, says_hello_in_every_message)
{
    fake_host host{postern_plugin_v1};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_TRUE(session.mail("apple@example.org").proceeds());
    const answer said = session.headers({{"Subject", "hi"}});
    EXPECT_THAT(said.edits, ElementsAre(edit{POSTERN_EDIT_HEADER_ADD, 0, "X-Hello", "world"}));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(hello_filter, refuses_a_sender_that_holds_the_word)
{
    fake_host host{postern_plugin_v1};
    host.option("word", "apple");
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    const answer said = session.mail("apple@example.org");
    EXPECT_TRUE(said.rejects());
    EXPECT_EQ(said.smtp_code, 550u);
    EXPECT_EQ(said.text, "no apple today");
    EXPECT_TRUE(session.mail("banana@example.org").proceeds());
}

TEST(hello_filter, refuses_a_greeting_of_two_lines_at_start)
{
    fake_host host{postern_plugin_v1};
    host.option("greeting", "a\r\nBcc: b@example.org");
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_EQ(host.refusals().at(0).first, "greeting");
}

} // namespace
