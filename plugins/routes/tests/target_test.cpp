#include "../src/target.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace routes {
namespace {

using kind = target::kind;

TEST(a_target, is_read_as_the_server_understands_and_tells_it)
{
    EXPECT_EQ(read_target("MX.Example.org."), (target{kind::host, "mx.example.org:25", "", "mx.example.org:25"}));
    EXPECT_EQ(read_target("192.0.2.1:26*7"), (target{kind::host, "192.0.2.1:26", "", "192.0.2.1:26", 7}));
    EXPECT_EQ(read_target("[2001:DB8::1]:26").name, "[2001:db8::1]:26");
    EXPECT_EQ(read_target("[::ffff:192.0.2.1]").name, "192.0.2.1:25");
    EXPECT_EQ(read_target("mx:Example.org"), (target{kind::mx, "mx:example.org", "", "example.org"}));
    EXPECT_EQ(read_target("mx"), (target{kind::own_mx, "", "", ""}));
    EXPECT_EQ(read_target("lmtp:Store.example:24"), (target{kind::lmtp, "lmtp:store.example:24", "", "lmtp:store.example:24"}));
    EXPECT_EQ(read_target("lmtp:unix:/run/lmtp*2"), (target{kind::socket, "lmtp:unix:/run/lmtp", "", "lmtp:unix:/run/lmtp", 2}));
    EXPECT_EQ(read_target("transport:maildir"), (target{kind::transport, "", "maildir", "maildir"}));
}

TEST(a_target, may_be_a_host_with_the_name_of_a_word)
{
    EXPECT_EQ(read_target("mx:26").name, "mx:26");
    EXPECT_EQ(read_target("lmtp:26").what, kind::host);
    EXPECT_EQ(read_target("transport:26").what, kind::host);
}

TEST(a_target, that_is_none_is_refused)
{
    for (const auto* bad : {"",
                            ":25",
                            "h:0",
                            "h:65536",
                            "h:x",
                            "a b",
                            "2001:db8::1",
                            "[::1",
                            "192.0.2.300",
                            "mx:",
                            "mx:a..b",
                            "mx:25x",
                            "lmtp:",
                            "lmtp:h",
                            "lmtp:h:25",
                            "lmtp:unix:relative",
                            "lmtp:unix:/",
                            "transport:",
                            "transport:smtp",
                            "transport:lmtp",
                            "h*",
                            "h*0",
                            "h*10001",
                            "h*x",
                            "*3",
                            "b\xc3\xbc"
                            "cher.example"})
        EXPECT_THROW((void)read_target(bad), std::invalid_argument) << bad;
    EXPECT_EQ(read_target("h*10000").weight, 10000u);
}

} // namespace
} // namespace routes
