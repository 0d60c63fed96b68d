#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <unistd.h>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const std::string message = "Subject: hi\r\n\r\nhello\r\n"; // NOLINT(cert-err58-cpp)

class a_pipe : public testing::Test {
protected:
    void start(const std::string& script, const std::vector<std::string>& arguments = {})
    {
        std::vector<std::string> command{"/bin/sh", "-c", script, "--"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        host_.list("command", command);
        if (::geteuid() == 0)
            host_.option("user", "nobody");
        host_.deadline(0ns); // its clock stands still, programs take their time
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
    }
    answer delivers(const std::vector<std::string>& to = {"a@example.com"}, const std::string& from = "s@client.example")
    {
        return host_.wait_for(job_.deliver(from, to, message), 30s);
    }

    fake_host host_{postern_plugin_v1};
    fake_session job_{host_, 7};
};

TEST_F(a_pipe, delivers_what_its_program_takes)
{
    start("cat >&2; exit 69", {"{recipient}"}); // that it may be seen
    const answer said = delivers();
    ASSERT_EQ(said.results.size(), 1u);
    EXPECT_EQ(said.results[0].verdict, POSTERN_REJECT);
    EXPECT_EQ(said.results[0].text, "the service is not available: Delivered-To: a@example.com / Subject: hi / hello");
}

TEST_F(a_pipe, calls_its_program_for_each_recipient)
{
    start("case $1 in a@*) exit 0;; b@*) echo no $1; exit 67;; *) exit 75;; esac", {"{recipient}"});
    const answer said = delivers({"a@x", "b@x", "c@x"});
    ASSERT_EQ(said.results.size(), 3u);
    EXPECT_EQ(said.results[0].verdict, POSTERN_CONTINUE);
    EXPECT_EQ(said.results[1].verdict, POSTERN_REJECT);
    EXPECT_EQ(said.results[1].enhanced, "5.1.1");
    EXPECT_EQ(said.results[1].text, "there is no such user: no b@x");
    EXPECT_EQ(said.results[2].verdict, POSTERN_TEMPFAIL);
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(a_pipe, may_call_it_once_for_all)
{
    host_.option("each", false);
    start("echo $# $*; exit 65", {"{recipient}"});
    const answer said = delivers({"a@x", "b@x"});
    ASSERT_EQ(said.results.size(), 2u);
    for (const auto& each : said.results)
        EXPECT_EQ(each.text, "the message is not in a form that is taken: 2 a@x b@x");
}

TEST_F(a_pipe, fails_an_address_that_would_be_an_option_without_a_call)
{
    host_.list("command", {"/bin/echo", "{recipient}"});
    if (::geteuid() == 0)
        host_.option("user", "nobody");
    host_.deadline(0ns); // its clock stands still, programs take their time
    ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
    ASSERT_EQ(host_.create(), POSTERN_PASS);
    const answer said = delivers({"-n@x", "n@x"});
    ASSERT_EQ(said.results.size(), 2u);
    EXPECT_EQ(said.results[0].enhanced, "5.1.3");
    EXPECT_EQ(said.results[1].verdict, POSTERN_CONTINUE);
}

TEST_F(a_pipe, defers_what_it_cannot_read)
{
    start("cat >/dev/null");
    host_.blob_fails_at = 0;
    const answer said = delivers();
    EXPECT_EQ(said.results.at(0).verdict, POSTERN_TEMPFAIL);
    EXPECT_EQ(said.results.at(0).text, "the message could not be read");
}

TEST_F(a_pipe, ends_its_programs_with_itself)
{
    start("exec sleep 600");
    const answer said = job_.deliver("s@x", {"a@x"}, message);
    ASSERT_TRUE(said.is_pending());
    host_.withdraw(said.ticket); // as a server does that goes away
    host_.destroy();             // would wait for ten minutes else
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(a_pipe, is_not_made_of_what_cannot_be_run)
{
    const auto problem = [](const std::string& program, const std::string& user, auto set) {
        fake_host host{postern_plugin_v1};
        host.list("command", {program});
        host.option("user", user);
        set(host);
        EXPECT_THAT(use_manifest(host, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        return host.refusals().empty() ? std::string{} : host.refusals()[0].first + ": " + host.refusals()[0].second;
    };
    const auto nothing = [](fake_host&) {};
    const std::string good = ::geteuid() == 0 ? "nobody" : "";
    EXPECT_THAT(problem("true", good, nothing), HasSubstr("command: \"true\" is no absolute"));
    EXPECT_THAT(problem("/no/such", good, nothing), HasSubstr("command: /no/such: No such file"));
    EXPECT_THAT(problem("/bin/true", "no-such-user", nothing), HasSubstr("user: there is no user"));
    EXPECT_THAT(problem("/bin/true", good, [](fake_host& host) { host.option("umask", "8"); }), HasSubstr("umask: "));
    EXPECT_THAT(problem("/bin/true", good,
                        [](fake_host& host) {
                            host.table("environment", {{"A=B", "c"}});
                        }),
                HasSubstr("environment: "));
    EXPECT_THAT(problem("/bin/true", "root", nothing), HasSubstr("user: must not be root"));
    if (::geteuid() == 0) {
        EXPECT_THAT(problem("/bin/true", "", nothing), HasSubstr("user: is required"));
        EXPECT_THAT(problem("/bin/true", good, [](fake_host& host) { host.option("group", "root"); }),
                    HasSubstr("group: must not be root's"));
    } else {
        EXPECT_THAT(problem("/bin/true", "daemon", nothing), HasSubstr("user: the server does not run as root"));
        EXPECT_THAT(problem("/bin/true", good, [](fake_host& host) { host.option("group", "nogroup"); }),
                    HasSubstr("group: can be chosen only"));
    }
}

} // namespace
