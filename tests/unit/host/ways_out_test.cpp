#include "core/host/ways_out.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<base::ip_address> machine{
    base::ip_address::from_text("127.0.0.1").value(), base::ip_address::from_text("::1").value(),
    base::ip_address::from_text("198.51.100.7").value(), base::ip_address::from_text("2001:db8::7").value()};

std::vector<std::string> texts(const problems& found)
{
    std::vector<std::string> out;
    for (const auto& each : found)
        out.push_back(each.text());
    return out;
}

config read(const std::string& delivery, const std::string& address = "127.0.0.1:25")
{
    problems found;
    const auto made =
        read_config_text("hostname = \"MX.example.org\"\ndata_dir = \"data\"\n[[listener]]\nname = \"in\"\naddress = \"" +
                             address + "\"\n[[plugin]]\nname = \"p\"\nlibrary = \"l\"\n[delivery]\n" + delivery + "\n",
                         "/etc/postern.toml", found);
    EXPECT_THAT(texts(found), IsEmpty());
    return made.value();
}

std::vector<std::string> circle(const std::string& relay, const std::string& address)
{
    const auto from = read("relay = \"" + relay + "\"", address);
    problems found;
    refuse_relay_to_ourselves(from, listening_places(from), machine, found);
    return texts(found);
}

TEST(a_relay_to_ourselves, is_refused_with_its_place_and_the_listeners_name)
{
    EXPECT_THAT(circle("198.51.100.7:25", "0.0.0.0:25"),
                ElementsAre("/etc/postern.toml:10: delivery.relay: \"198.51.100.7:25\" is this server's own listener \"in\" "
                            "(0.0.0.0:25), so mail would go in a circle; give the address and port of the next server"));
    for (const auto& [relay, address] : std::multimap<std::string, std::string>{{"127.0.0.1:25", "127.0.0.1:25"},
                                                                                {"127.0.0.1", "127.0.0.1:25"},
                                                                                {"127.3.2.1:25", "0.0.0.0:25"},
                                                                                {"0.0.0.0:25", "127.0.0.1:25"},
                                                                                {"[2001:db8::7]:26", "[::]:26"},
                                                                                {"[::1]:26", "[::]:26"},
                                                                                {"localhost:25", "127.0.0.1:25"},
                                                                                {"LOCALHOST.:25", "[::1]:25"},
                                                                                {"mail.localhost:25", "0.0.0.0:25"},
                                                                                {"mx.example.org:25", "0.0.0.0:25"},
                                                                                {"mx.example.org:25", "[2001:db8::7]:25"}})
        EXPECT_THAT(circle(relay, address), ElementsAre(HasSubstr(":10: delivery.relay"))) << relay << " " << address;
}

TEST(a_relay_to_others, is_not)
{
    for (const auto& [relay, address] : std::multimap<std::string, std::string>{{"198.51.100.8:25", "0.0.0.0:25"},
                                                                                {"198.51.100.7:26", "0.0.0.0:25"},
                                                                                {"127.0.0.2:25", "127.0.0.1:25"},
                                                                                {"127.0.0.1:25", "[::]:25"},
                                                                                {"127.0.0.1:25", "127.0.0.1:0"},
                                                                                {"127.0.0.1:25", "unix:/run/in"},
                                                                                {"localhost:26", "127.0.0.1:25"},
                                                                                {"next.example.org:25", "0.0.0.0:25"},
                                                                                {"mx.example.org:25", "127.0.0.1:25"},
                                                                                {"mx.example.org:26", "0.0.0.0:25"},
                                                                                {"", "0.0.0.0:25"}})
        EXPECT_THAT(circle(relay, address), IsEmpty()) << relay << " " << address;
}

TEST(a_relay_to_ourselves, may_speak_lmtp)
{
    EXPECT_THAT(circle("lmtp:127.0.0.1:24", "127.0.0.1:24"), ElementsAre(HasSubstr("this server's own listener")));
    EXPECT_THAT(circle("lmtp:unix:/run/in", "unix:/run/in"), ElementsAre(HasSubstr("this server's own listener")));
    EXPECT_THAT(circle("lmtp:unix:/run/out", "unix:/run/in"), IsEmpty());
    EXPECT_THAT(circle("lmtp:127.0.0.1:24", "unix:/run/in"), IsEmpty());
}

TEST(a_relay_to_ourselves, counts_where_it_is_used_and_wherever_we_listen)
{
    auto from = read("relay = \"127.0.0.1:2525\"", "127.0.0.1:0");
    problems found;
    refuse_relay_to_ourselves(from, std::vector<listening_place>{{"in", "127.0.0.1:2525"}, {"two", "0.0.0.0:2525"}}, {}, found);
    EXPECT_THAT(texts(found), ElementsAre(HasSubstr("\"in\" (127.0.0.1:2525)"))) << "once, for the first";
    found.clear();
    from.delivery.transport = "p";
    refuse_relay_to_ourselves(from, std::vector<listening_place>{{"in", "127.0.0.1:2525"}}, {}, found);
    EXPECT_THAT(texts(found), IsEmpty());
}

} // namespace
} // namespace postern::daemon
