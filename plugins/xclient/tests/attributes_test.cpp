#include "src/attributes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using testing::ElementsAre;
using testing::IsEmpty;
using xclient::fact;
using xclient::parse;

namespace {

TEST(attributes, become_facts_of_the_connection)
{
    const auto client = parse("NAME=spike.porcupine.org ADDR=168.100.189.2 PORT=1234 PROTO=ESMTP HELO=spike LOGIN=alice "
                              "DESTADDR=192.0.2.1 DESTPORT=25");
    ASSERT_TRUE(client);
    EXPECT_THAT(client->facts,
                ElementsAre(fact{"address", "168.100.189.2"}, fact{"port", "1234"}, fact{"helo", "spike"},
                            fact{"identity", "alice"}, fact{"local_address", "192.0.2.1"}, fact{"local_port", "25"}));
    EXPECT_EQ(client->name, "spike.porcupine.org");
    EXPECT_EQ(client->protocol, "ESMTP");
}

TEST(attributes, are_read_in_any_case_and_as_xtext)
{
    EXPECT_THAT(parse("addr=IPv6:2001:db8::1  Login=a+2Bb")->facts,
                ElementsAre(fact{"address", "2001:db8::1"}, fact{"identity", "a+b"}));
    EXPECT_THAT(parse("ADDR=2001:db8::1")->facts, ElementsAre(fact{"address", "2001:db8::1"}));
}

TEST(attributes, that_are_not_known_leave_nothing_of_the_proxy)
{
    for (const char* none : {"[UNAVAILABLE]", "[TEMPUNAVAIL]", "[unavailable]"}) {
        const std::string n = none;
        const auto client = parse("ADDR=" + n + " PORT=" + n + " HELO=" + n + " LOGIN=" + n + " NAME=" + n + " PROTO=" + n);
        ASSERT_TRUE(client) << none;
        EXPECT_THAT(client->facts,
                    ElementsAre(fact{"address", "0.0.0.0"}, fact{"port", "0"}, fact{"helo", ""}, fact{"identity", ""}));
        EXPECT_THAT(client->name, IsEmpty());
        EXPECT_THAT(client->protocol, IsEmpty());
    }
}

TEST(attributes, that_are_none_are_a_syntax_error)
{
    for (const char* bad : {"", "ADDR", "ADDR=", "ADDR=host.example", "ADDR=192.0.2.300", "ADDR=192.0.2.1+0",
                            "ADDR=IPV6:192.0.2.1", "ADDR=IPV6:", "PORT=65536", "PORT=x", "PORT=-1", "PROTO=LMTP", "SHOE=43", "=x",
                            "LOGIN=a+20b", "HELO=a+0D+0A", "NAME=a=b", "ADDR=192.0.2.1 x"})
        EXPECT_FALSE(parse(bad)) << bad;
    EXPECT_TRUE(parse("HELO=" + std::string(255, 'x')));
    EXPECT_FALSE(parse("HELO=" + std::string(256, 'x')));
}

} // namespace
