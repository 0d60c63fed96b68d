#include "scripted_proxy.hpp"

#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace postern::testing;
using namespace std::string_literals;
using socks::test::scripted_proxy;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

const auto connected = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s; // NOLINT(cert-err58-cpp)

class a_way_out : public testing::Test {
protected:
    void start()
    {
        host_.may({"route"});
        host_.deadline({}); // of a clock that stands still, and the proxy is waited for by the real one
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS) << (host_.refusals().empty() ? "" : host_.refusals()[0].second);
    }
    /// Why it does not start.
    std::string refusal()
    {
        EXPECT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        EXPECT_EQ(host_.create(), POSTERN_E_INVALID);
        return host_.refusals().empty() ? "" : host_.refusals()[0].first + " " + host_.refusals()[0].second;
    }
    answer connects()
    {
        fake_delivery delivery{host_};
        delivery.next_hop = "example.org";
        delivery.host_name = "mx.example.org";
        delivery.address = "192.0.2.1";
        return host_.wait_for(delivery.delivery_connect());
    }

    fake_host host_{postern_plugin_v1};
};

TEST_F(a_way_out, is_a_connection_by_the_proxy)
{
    scripted_proxy proxy{{{3, "\x05\x00"s}, {10, connected}}};
    host_.option("proxy", proxy.text());
    start();
    const answer said = connects();
    EXPECT_TRUE(said.proceeds());
    EXPECT_TRUE(said.out.socket);
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(a_way_out, is_closed_while_the_proxy_is)
{
    host_.option("proxy", "unix:/nonexistent/socks");
    start();
    const answer said = connects();
    EXPECT_TRUE(said.defers()) << "and nothing goes around it";
    EXPECT_FALSE(said.out.socket);
    EXPECT_FALSE(said.out.next_host);
    EXPECT_EQ(said.enhanced, "4.4.1") << "so that it is not asked for each message";
    EXPECT_THAT(said.text, Not(HasSubstr("socks"))) << "which is nobody's business";
}

TEST_F(a_way_out, leads_to_another_address_when_the_proxy_does_not_reach_the_first)
{
    scripted_proxy proxy{{{3, "\x05\x00"s}, {10, "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"s}}};
    host_.option("proxy", proxy.text());
    start();
    const answer said = connects();
    EXPECT_TRUE(said.defers());
    EXPECT_TRUE(said.out.next_host);
    EXPECT_EQ(said.enhanced, "4.4.1");
}

TEST_F(a_way_out, may_be_direct_or_none)
{
    host_.option("proxy", "unix:/nonexistent/socks");
    host_.table("ways", {{"mx.example.org", "direct"}});
    start();
    EXPECT_TRUE(connects().proceeds());
}

TEST_F(a_way_out, may_be_none)
{
    host_.option("proxy", "unix:/nonexistent/socks");
    host_.table("ways", {{".example.org", "none"}});
    start();
    const answer said = connects();
    EXPECT_TRUE(said.defers());
    EXPECT_TRUE(said.out.next_host);
    EXPECT_NE(said.enhanced, "4.4.1") << "of which nobody has tried whether it can be reached";
}

TEST_F(a_way_out, is_isolated_by_a_login_that_says_nothing)
{
    scripted_proxy proxy{{{3, "\x05\x02"s}, {2 + 72 + 1 + 8, "\x01\x00"s}, {10, connected}}};
    host_.option("proxy", proxy.text());
    host_.option("isolate", "destination");
    start();
    EXPECT_TRUE(connects().out.socket);
    EXPECT_THAT(proxy.heard(), Not(HasSubstr("example")));
}

TEST_F(a_way_out, is_found_by_name_where_the_proxy_looks_it_up)
{
    scripted_proxy proxy{{{3, "\x05\x00"s}, {4 + 1 + 14 + 2, connected}}};
    host_.option("proxy", proxy.text());
    host_.option("send", "name");
    start();
    EXPECT_TRUE(connects().out.socket);
    EXPECT_THAT(proxy.heard(), HasSubstr("mx.example.org"));
}

TEST_F(a_way_out, is_not_begun_with_what_is_no_proxy)
{
    host_.option("proxy", "localhost:9050");
    EXPECT_THAT(refusal(), HasSubstr("proxy \"localhost:9050\" is no proxy"));
}

TEST_F(a_way_out, has_one_use_for_a_login)
{
    const auto file = std::filesystem::temp_directory_path() / ("socks." + std::to_string(::getpid()));
    std::ofstream{file} << "secret\n";
    host_.option("proxy", "127.0.0.1:9050");
    host_.option("user", "me");
    host_.option("password_file", file.string());
    host_.option("isolate", "message");
    EXPECT_THAT(refusal(), HasSubstr("isolate"));
    std::filesystem::remove(file);
}

TEST_F(a_way_out, has_a_password_for_its_user)
{
    host_.option("proxy", "127.0.0.1:9050");
    host_.option("user", "me");
    EXPECT_THAT(refusal(), HasSubstr("password_file"));
}

} // namespace
