// What a recipient who is refused leaves behind: nothing.
#include "core/session/server_session.hpp"

#include "tests/support/conversation.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace postern::session {
namespace {

using hooks::hook_point;
using test::conversation;

TEST(a_recipient, who_is_refused_leaves_no_wishes_of_its_parameters_behind)
{
    conversation peer{conversation::extended_config("XPAR", true)};
    peer.plugin().script[hook_point::param].edits = {{hooks::edit_op::expire_at, 0, "", "2000000000"},
                                                     {hooks::edit_op::priority_set, 0, "", "9"}};
    peer.says("EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\n");
    (void)peer.take_replies();
    peer.says("RCPT TO:<c@elsewhere.example> XPAR=1\r\n");
    EXPECT_EQ(peer.take_replies().substr(0, 3), "550");
    ASSERT_NE(peer.session().draft(), nullptr);
    EXPECT_EQ(peer.session().draft()->expire_at, std::nullopt);
    EXPECT_EQ(peer.session().draft()->priority, 0);
    EXPECT_TRUE(peer.session().draft()->journal.empty());

    peer.says("RCPT TO:<d@mx.example> XPAR=1\r\n");
    EXPECT_EQ(peer.take_replies().substr(0, 3), "250");
    EXPECT_NE(peer.session().draft()->expire_at, std::nullopt) << "the test shows something";
    EXPECT_EQ(peer.session().draft()->priority, 9);
}

} // namespace
} // namespace postern::session
