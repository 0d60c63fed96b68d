// Plugins as they were released, in the server of today: what was built with SDK 1.0 loads in every later host and does what it
// did. And plugins of a time to come: what they can do without, they do without; what they cannot, is said in one line.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

[[nodiscard]] std::vector<std::string> releases()
{
    std::vector<std::string> found;
    for (const auto& each : fs::directory_iterator{source_folder() / "tests/abi/frozen"})
        if (each.is_directory() && each.path().filename() != "sources")
            found.push_back(each.path().filename().string());
    return found;
}

/// Those of a release, where a server trusts them whatever the umask of the clone was.
class frozen_plugins : public ::testing::TestWithParam<std::string> {
protected:
    void SetUp() override
    {
#if !defined(__x86_64__)
        GTEST_SKIP() << "only x86-64 is frozen";
#endif
        fs::create_directory(plugins());
        for (const auto& each : fs::directory_iterator{source_folder() / "tests/abi/frozen" / GetParam()})
            fs::copy_file(each.path(), plugins() / each.path().filename());
        for (const auto& each : fs::recursive_directory_iterator{plugins()})
            fs::permissions(each.path(), fs::perms{0644});
        fs::permissions(plugins(), fs::perms{0755});
    }
    [[nodiscard]] fs::path plugins() const
    {
        return place_ / "plugins";
    }
    [[nodiscard]] configuration with(std::string_view relay, const std::vector<std::string>& libraries) const
    {
        auto chain = libraries;
        chain.push_back("relay-domains");
        configuration what;
        what.listener("in", chain).plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]");
        for (const auto& each : libraries)
            what.plugin(each, each, "", "may = [\"headers\"]");
        return what.section("delivery", fmt::format("relay = \"{}\"", relay)).plugins_in(plugins());
    }

    temporary_folder place_;
};

TEST_P(frozen_plugins, serve_sessions_as_they_did)
{
    next_hop next;
    server gateway{with(next.address(), {"decides_in_c", "extends_in_cpp", "waits_in_cpp", "of_the_future"})};
    smtp_peer peer{gateway.port()};
    EXPECT_THAT(peer.greets().text(), HasSubstr("XFROZEN"));
    EXPECT_THAT(peer.says("XFROZEN").lines, ElementsAre("2.0.0 first", "2.0.0 second"));
    EXPECT_EQ(peer.says("MAIL FROM:<frozen@client.example>").text(), "5.7.1 frozen in C");
    EXPECT_EQ(peer.says("MAIL FROM:<un-frozen@client.example>").text(), "5.7.1 frozen in C++");
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XFROZEN=no").code, 501);
    EXPECT_EQ(peer.says("MAIL FROM:<a@client.example> XFROZEN=yes").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<later@example.com>").text(), "4.7.1 come back later");
    EXPECT_EQ(peer.says("RCPT TO:<user@elsewhere.example>").code, 550) << "nobody vouches";
    EXPECT_EQ(peer.says("RCPT TO:<frozen@elsewhere.example>").code, 250) << "the one in C does";
    EXPECT_EQ(peer.says("DATA").code, 354);
    EXPECT_EQ(peer.says("Subject: hi\r\n\r\nhello\r\n.").code, 250);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, AllOf(HasSubstr("X-Frozen-C: 1.0\r\n"), HasSubstr("X-Frozen-Task: 1.0\r\n"),
                                                      HasSubstr("X-Future: one\r\nX-Future: two\r\n")));
    EXPECT_EQ(gateway.stop(), (exit_status{0, 0}));
}

TEST_P(frozen_plugins, that_need_what_is_not_there_are_refused_in_one_line)
{
    make_certificate(place_.path());
    const auto checked = run({postern_program().string(), "check", "--config",
                              place_.write("postern.toml", with("127.0.0.1:25", {"needs_the_future"}).text()).string()});
    EXPECT_EQ(checked.status, (exit_status{1, 0})) << "its code would abort";
    EXPECT_THAT(checked.errors, HasSubstr("needs_the_future.so: plugin org.example.needs-the-future 2.0 needs "
                                          "\"postern.clairvoyance/1\", which this host does not offer\n"));
}

TEST_P(frozen_plugins, keep_the_rules_of_today)
{
    for (const auto* name : {"decides_in_c", "extends_in_cpp", "waits_in_cpp", "of_the_future"}) {
        const auto checked =
            run({postern_program().string(), "plugin", "check", (plugins() / fmt::format("{}.so", name)).string()});
        EXPECT_EQ(checked.status, (exit_status{0, 0})) << checked.output << checked.errors;
    }
}

INSTANTIATE_TEST_SUITE_P(of_release, frozen_plugins, ::testing::ValuesIn(releases()), [](const auto& of) {
    auto name = of.param;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
});

} // namespace
} // namespace postern::test
