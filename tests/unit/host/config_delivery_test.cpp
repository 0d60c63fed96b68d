#include "core/host/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view start =
    "hostname = \"mx.example.org\"\ndata_dir = \"data\"\n[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\n";

std::optional<config> read(std::string_view lines, std::vector<std::string>& complaints)
{
    problems found;
    auto what = read_config_text(std::string{start} + std::string{lines}, "/etc/postern/postern.toml", found);
    for (const auto& each : found)
        complaints.push_back(each.text());
    return what;
}

TEST(the_shape_of_deliveries, is_that_of_all_and_that_of_some)
{
    std::vector<std::string> complaints;
    const auto what = read("[delivery]\nrate = \"600/1m\"\npool = \"usual\"\n"
                           "[[delivery.source_pool]]\nname = \"usual\"\naddresses = [\"192.0.2.1\", \"2001:db8::1\"]\n"
                           "[[delivery.source_pool]]\nname = \"bulk\"\nhostname = \"bulk.example.org\"\n"
                           "[[delivery.destination]]\nnext_hop = \"B\xc3\xbc"
                           "cher.example\"\nconcurrency = 3\nrate = \"1/10s\"\npool = \"bulk\"\n"
                           "[[delivery.destination]]\nnext_hop = \"mx.example.com:25\"\nsuspended = \"they asked for it\"\n",
                           complaints);
    ASSERT_TRUE(what) << complaints.front();
    const auto& shape = what->delivery;
    EXPECT_EQ(shape.rate, (delivery::pace{600, 60s}));
    EXPECT_EQ(shape.pool, "usual");
    ASSERT_EQ(shape.pools.size(), 2U);
    EXPECT_EQ(shape.pools.at("usual").addresses.size(), 2U);
    EXPECT_EQ(shape.pools.at("bulk").hostname, "bulk.example.org");
    ASSERT_EQ(shape.destinations.size(), 2U);
    const auto& books = shape.destinations.at("xn--bcher-kva.example");
    EXPECT_EQ(books.concurrency, 3U);
    EXPECT_EQ(books.rate, (delivery::pace{1, 10s}));
    EXPECT_EQ(books.pool, "bulk");
    EXPECT_EQ(shape.destinations.at("mx.example.com:25").suspended, "they asked for it");
    EXPECT_FALSE(shape.destinations.at("mx.example.com:25").concurrency);
}

TEST(the_shape_of_deliveries, has_its_mistakes_told_where_they_are)
{
    const std::vector<std::pair<std::string_view, std::string_view>> wrong{
        {"[delivery]\nrate = \"600\"\n", "\"600\" is no number of messages in a time"},
        {"[delivery]\nrate = \"0/1m\"\n", "is no number of messages in a time"},
        {"[delivery]\nrate = \"5/1us\"\n", "is no number of messages in a time"},
        {"[delivery]\npool = \"none\"\n", "there is no [[delivery.source_pool]] of the name \"none\""},
        {"[[delivery.source_pool]]\nname = \"a\"\naddresses = [\"host\"]\n", "\"host\" is no address of this machine"},
        {"[[delivery.source_pool]]\nname = \"a\"\naddresses = [\"0.0.0.0\"]\n", "\"0.0.0.0\" is no address of this machine"},
        {"[[delivery.source_pool]]\nname = \"a\"\nhostname = \"a b\"\n", "must be a host name"},
        {"[[delivery.source_pool]]\naddresses = []\n", "must be given, and no other pool's"},
        {"[[delivery.source_pool]]\nname = \"a\"\n[[delivery.source_pool]]\nname = \"a\"\n",
         "must be given, and no other pool's"},
        {"[[delivery.destination]]\nconcurrency = 1\n", "must be a domain, or a host and port"},
        {"[[delivery.destination]]\nnext_hop = \"a:b\"\n", "must be a domain, or a host and port"},
        {"[[delivery.destination]]\nnext_hop = \"A.example\"\n[[delivery.destination]]\nnext_hop = \"a.example\"\n",
         "is there twice"},
        {"[[delivery.destination]]\nnext_hop = \"a.example\"\nspeed = 1\n", "speed"},
    };
    for (const auto& [lines, what] : wrong) {
        std::vector<std::string> complaints;
        EXPECT_FALSE(read(lines, complaints)) << lines;
        EXPECT_THAT(complaints, ::testing::Contains(AllOf(HasSubstr("postern.toml:"), HasSubstr(what)))) << lines;
    }
}

} // namespace
} // namespace postern::daemon
