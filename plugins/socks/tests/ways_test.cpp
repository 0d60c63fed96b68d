#include "../src/ways.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace socks {
namespace {

using ::testing::HasSubstr;

class a_table_of_ways : public ::testing::Test {
protected:
    std::string way_to(std::string_view host, std::string_view next_hop, std::string_view address = "192.0.2.1") const
    {
        const auto& found = ways_.to(host, next_hop, address);
        return found.what == way::kind::direct ? "direct" : found.what == way::kind::none ? "none" : found.by->text;
    }
    std::string problem(std::string_view where, std::string_view how = "direct")
    {
        try {
            ways_.add(where, how);
        } catch (const std::invalid_argument& wrong) {
            return wrong.what();
        }
        return {};
    }
    ways ways_{"127.0.0.1:9050"};
};

TEST_F(a_table_of_ways, that_says_nothing_leads_by_the_proxy)
{
    EXPECT_EQ(way_to("mx.example.org", "example.org"), "127.0.0.1:9050");
    EXPECT_EQ(way_to("", "", ""), "127.0.0.1:9050");
}

TEST_F(a_table_of_ways, gives_the_closest)
{
    ways_.add("*", "none");
    ways_.add("192.0.2.0/24", "127.0.0.1:1");
    ways_.add("2001:db8::1", "127.0.0.1:2");
    ways_.add(".example.org", "127.0.0.1:3");
    ways_.add(".mx.Example.org", "127.0.0.1:4");
    ways_.add("a.mx.example.org", "direct");
    ways_.add("relay.example:25", "127.0.0.1:5");
    EXPECT_EQ(way_to("A.MX.example.org", "example.org"), "direct");
    EXPECT_EQ(way_to("b.mx.example.org", "example.org"), "127.0.0.1:4");
    EXPECT_EQ(way_to("c.example.org", "example.org"), "127.0.0.1:3");
    EXPECT_EQ(way_to("relay.example", "Relay.example:25"), "127.0.0.1:5") << "by the next hop";
    EXPECT_EQ(way_to("example.org", "example.org"), "127.0.0.1:1") << "all below it is not itself";
    EXPECT_EQ(way_to("notexample.org", "notexample.org"), "127.0.0.1:1");
    EXPECT_EQ(way_to("x.example", "x.example", "2001:db8:0::1"), "127.0.0.1:2");
    EXPECT_EQ(way_to("x.example", "x.example", "198.51.100.1"), "none");
}

TEST_F(a_table_of_ways, refuses_what_is_no_place_and_what_is_no_way)
{
    EXPECT_THAT(problem("two words"), HasSubstr("is no host"));
    EXPECT_THAT(problem(""), HasSubstr("is no host"));
    EXPECT_THAT(problem("."), HasSubstr("is no host"));
    EXPECT_THAT(problem("192.0.2.1/24"), HasSubstr("bits set"));
    EXPECT_THAT(problem("192.0.2.0/33"), HasSubstr("prefix length"));
    EXPECT_THAT(problem("a.example", "tor"), HasSubstr("is no proxy"));
    EXPECT_EQ(problem("a.example"), "");
    EXPECT_THAT(problem("A.example"), HasSubstr("already"));
    EXPECT_THROW(ways{"localhost:9050"}, std::invalid_argument);
}

} // namespace
} // namespace socks
