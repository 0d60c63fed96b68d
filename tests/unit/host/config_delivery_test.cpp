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

TEST(a_login_of_deliveries, is_for_a_host_and_over_verified_tls)
{
    std::vector<std::string> complaints;
    const auto what = read("[[delivery.login]]\nnext_hop = \"Smart.example.net:587\"\nuser = \"alice\"\npassword_file = \"pw\"\n"
                           "mechanisms = [\"scram-sha-256\", \"PLAIN\"]\ntls_name = \"Mail.example.net\"\nact_for = \"bob\"\n"
                           "[[delivery.login]]\nnext_hop = \"192.0.2.1\"\nuser = \"carol\"\ntoken_file = \"/run/token\"\n"
                           "tls = \"opportunistic\"\nin_clear = true\n",
                           complaints);
    ASSERT_TRUE(what) << complaints.front();
    ASSERT_EQ(what->logins.size(), 2U);
    const auto& first = what->logins.front();
    EXPECT_EQ(first.next_hop, "smart.example.net:587");
    EXPECT_EQ(first.what.user, "alice");
    EXPECT_EQ(first.what.act_for, "bob");
    EXPECT_EQ(first.password_file, "/etc/postern/pw");
    EXPECT_THAT(first.what.mechanisms, ElementsAre("SCRAM-SHA-256", "PLAIN"));
    EXPECT_EQ(first.what.tls, delivery::login_tls::verified);
    EXPECT_EQ(first.what.tls_name, "mail.example.net");
    EXPECT_FALSE(first.what.in_clear);
    const auto& second = what->logins.back();
    EXPECT_EQ(second.next_hop, "192.0.2.1:25");
    EXPECT_EQ(second.token_file, "/run/token");
    EXPECT_EQ(second.what.tls, delivery::login_tls::opportunistic);
    EXPECT_TRUE(second.what.in_clear);
}

TEST(a_login_of_deliveries, has_its_mistakes_told_where_they_are)
{
    const std::string hop = "next_hop = \"a.example:587\"\n";
    const std::string who = "user = \"u\"\npassword_file = \"p\"\n";
    const std::vector<std::pair<std::string, std::string_view>> wrong{
        {who, "next_hop: must be a host and a port"},
        {"next_hop = \"mx:example.org\"\n" + who, "next_hop: must be a host and a port"},
        {"next_hop = \"lmtp:unix:/run/lmtp\"\n" + who, "next_hop: must be a host and a port"},
        {"next_hop = \"a b\"\n" + who, "next_hop: must be a host and a port"},
        {hop + "password_file = \"p\"\n", "user: must be given"},
        {hop + "user = \"u\"\n", "password_file: must be given"},
        {hop + who + "mechanisms = []\n", "must name at least one"},
        {hop + who + "mechanisms = [\"GSSAPI\"]\n", "\"GSSAPI\" is none that deliveries log in by"},
        {hop + who + "mechanisms = [\"EXTERNAL\"]\n", "\"EXTERNAL\" is none that deliveries log in by"},
        {hop + who + "mechanisms = [\"ANONYMOUS\"]\n", "\"ANONYMOUS\" is none that deliveries log in by"},
        {hop + who + "mechanisms = [\"XOAUTH2\"]\n", "XOAUTH2 needs token_file"},
        {hop + "user = \"u\"\ntoken_file = \"t\"\nmechanisms = [\"PLAIN\"]\n", "PLAIN needs password_file"},
        {hop + who + "tls = \"none\"\n", "\"none\" is not one of"},
        {hop + who + "in_clear = true\n", "in_clear: needs tls = \"opportunistic\""},
        {hop + who + "tls = \"required\"\ntls_name = \"a.example\"\n", "tls_name: needs tls = \"verified\""},
        {hop + who + "tls_name = \"a b\"\n", "must be the name in the next hop's certificate"},
        {hop + who + "password = \"secret\"\n", "unknown key"},
        {hop + who + "[[delivery.login]]\nnext_hop = \"A.example:587\"\n" + who, "is there twice"},
    };
    for (const auto& [lines, what] : wrong) {
        std::vector<std::string> complaints;
        EXPECT_FALSE(read("[[delivery.login]]\n" + lines, complaints)) << lines;
        EXPECT_THAT(complaints, ::testing::Contains(AllOf(HasSubstr("postern.toml:"), HasSubstr(what)))) << lines;
    }
}

} // namespace
} // namespace postern::daemon
