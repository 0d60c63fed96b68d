#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

TEST(discard, drops_every_message_at_its_end_and_says_at_start_that_it_will)
{
    fake_host host{postern_plugin_v1};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    ASSERT_EQ(host.log_lines().size(), 1u);
    EXPECT_EQ(host.log_lines()[0].first, POSTERN_LOG_WARNING);
    fake_session session{host};
    EXPECT_TRUE(session.end({{"From", " a"}}, "From: a\r\n\r\nhi\r\n").discards());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(discard, is_asked_about_nothing_else)
{
    fake_host host{postern_plugin_v1};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    for (std::uint32_t hook = POSTERN_HOOK_CONN_OPEN; hook <= POSTERN_HOOK_DELIVERY_DONE; ++hook)
        EXPECT_EQ(host.is_subscribed(hook), hook == POSTERN_HOOK_END) << hook;
    EXPECT_FALSE(host.provides("postern.recipients/1"));
}

} // namespace
