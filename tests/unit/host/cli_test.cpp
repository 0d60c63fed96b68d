// The command line as a function: what it says and its exit codes.

#include "core/host/cli.hpp"
#include "core/host/control_server.hpp"
#include "tests/support/memory_log.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct said {
    int code;
    std::string output;
    std::string errors;
};

said postern(std::vector<const char*> words)
{
    words.insert(words.begin(), "postern");
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = run_command_line(static_cast<int>(words.size()), words.data());
    std::fflush(stdout);
    return {code, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
}

TEST(the_command_line, says_which_command_there_is_not)
{
    EXPECT_EQ(postern({"dance"}).errors,
              "postern: there is no command \"dance\"; there are: serve, check, chain, status, reload, "
              "queue, explain, trace, send, load, plugin, user; see postern --help\n");
    EXPECT_EQ(postern({"queue", "bogus"}).errors,
              "postern: there is no queue command \"bogus\"; there are: list, show, retry, hold, "
              "release, delete, flush, suspend, resume, destinations, verify; see postern --help\n");
    EXPECT_THAT(postern({}).errors, StartsWith("postern: a command is missing: serve, check, "));
    EXPECT_THAT(postern({"queue"}).errors, StartsWith("postern: a queue command is missing: list, show, "));
    EXPECT_EQ(postern({"user"}).errors, "postern: a user command is missing: add, passwd, delete, list; see postern --help\n");
}

TEST(the_command_line, ends_with_2_for_whatever_it_does_not_understand)
{
    for (const auto& words :
         std::vector<std::vector<const char*>>{{},
                                               {"dance"},
                                               {"queue"},
                                               {"queue", "bogus"},
                                               {"queue", "list"},
                                               {"queue", "show", "--config", "x"},
                                               {"queue", "list", "extra", "--config", "x"},
                                               {"explain", "x"},
                                               {"plugin", "dance", "x"},
                                               {"user", "list"},
                                               {"user", "list", "x", "--file", "f"},
                                               {"user", "add", "--file", "f"},
                                               {"user", "add", "x"},
                                               {"user", "delete", "x", "--file", "f", "--scram"},
                                               {"serve"},
                                               {"serve", "--config"},
                                               {"serve", "--confg", "x"},
                                               {"--nonsense"},
                                               {"send", "--server", "h:1", "--from", "a@b"},
                                               {"send", "--server", "h", "--from", "a@b", "--to", "c@d"},
                                               {"send", "--server", "h:0", "--from", "a@b", "--to", "c@d"},
                                               {"send", "--server", "h:1", "--from", "a@b", "--to", "c@d", "--tls", "maybe"},
                                               {"send", "--server", "h:1", "--from", "a@b", "--to", "c@d", "--user", "me"},
                                               {"load", "--server", "h:1", "--verify", "--no-verify"},
                                               {"load", "--server", "h:1", "--ca-file", "f", "--no-verify"},
                                               {"load", "--server", "h:1", "--messages", "0"},
                                               {"load", "--server", "h:1", "--sessions", "100001"},
                                               {"load", "--server", "h:1", "--size", "5GiB"},
                                               {"load", "--server", "h:1", "--size", "ten"}}) {
        const auto tried = postern(words);
        EXPECT_EQ(tried.code, exit_usage) << ::testing::PrintToString(words);
        EXPECT_THAT(tried.output, IsEmpty());
        EXPECT_EQ(std::count(tried.errors.begin(), tried.errors.end(), '\n'), 1) << tried.errors;
    }
}

TEST(the_command_line, helps_with_0)
{
    for (const auto& words : std::vector<std::vector<const char*>>{
             {"--help"}, {"queue", "--help"}, {"queue", "show", "--help"}, {"user", "add", "--help"}}) {
        const auto tried = postern(words);
        EXPECT_EQ(tried.code, exit_done);
        EXPECT_THAT(tried.output, HasSubstr("--help"));
        EXPECT_THAT(tried.errors, IsEmpty());
    }
    EXPECT_THAT(postern({"--version"}).output, StartsWith("postern "));
}

TEST(the_command_line, ends_with_1_when_the_thing_asked_for_failed)
{
    for (const auto& words :
         std::vector<std::vector<const char*>>{{"check", "--config", "/nowhere/p.toml"},
                                               {"chain", "--config", "/nowhere/p.toml"},
                                               {"status", "--config", "/nowhere/p.toml"},
                                               {"queue", "list", "--config", "/nowhere/p.toml"},
                                               {"queue", "verify", "--config", "/nowhere/p.toml"},
                                               {"send", "--server", "h:1", "--from", "a@b", "--to", "c@d", "/nowhere/message"}}) {
        const auto tried = postern(words);
        EXPECT_EQ(tried.code, exit_failed) << ::testing::PrintToString(words);
        EXPECT_THAT(tried.errors, HasSubstr("/nowhere/"));
    }
}

TEST(the_command_line, takes_a_file_behind_recipients_for_the_message)
{
    for (const auto& words : std::vector<std::vector<const char*>>{
             {"send", "--to", "c@d", "/nowhere/message", "--server", "h:1", "--from", "a@b"},
             {"send", "--server", "h:1", "--from", "a@b", "--to", "c@d", "--to", "e@f", "/nowhere/message"},
             {"send", "/nowhere/message", "--server", "h:1", "--from", "a@b", "--to", "c@d"}})
        EXPECT_EQ(postern(words).errors, "/nowhere/message: cannot be read\n") << ::testing::PrintToString(words);
    EXPECT_EQ(postern({"send", "--server", "h:1", "--from", "a@b", "--to", "c@d", "/nowhere/message", "e@f"}).code, exit_usage);
}

/// A control socket that answers what a test wants, by command.
class a_command_to_the_server : public ::testing::Test {
protected:
    a_command_to_the_server()
    {
        file_ = folder_
                    .write("postern.toml", "hostname = \"mx.example.org\"\ndata_dir = \"data\"\ncontrol = \"c.sock\"\n"
                                           "[[listener]]\nname = \"in\"\naddress = \"127.0.0.1:0\"\n")
                    .string();
        std::string why;
        control_ = control_server::open(folder_ / "c.sock", base::log{log_}, why);
        EXPECT_NE(control_, nullptr) << why;
        control_->start([this](std::string_view request) {
            const auto what = json::parse({request.data(), request.size()}).as_object();
            const std::lock_guard lock{guard_};
            requests_.emplace_back(request);
            auto& left = replies_[std::string{what.at("command").as_string()}];
            if (left.empty())
                return std::string{R"({"ok":false,"error":"not expected"})"};
            auto reply = left.front();
            left.erase(left.begin());
            return reply;
        });
    }
    void will_answer(const std::string& command, std::vector<std::string> replies)
    {
        const std::lock_guard lock{guard_};
        replies_[command] = std::move(replies);
    }
    said asks(std::vector<const char*> words)
    {
        words.insert(words.end(), {"--config", file_.c_str()});
        return postern(std::move(words));
    }
    std::vector<std::string> requests()
    {
        const std::lock_guard lock{guard_};
        return requests_;
    }

    postern::test::memory_log log_;
    postern::test::temporary_folder folder_;
    std::string file_;
    std::mutex guard_;
    std::vector<std::string> requests_;
    std::map<std::string, std::vector<std::string>> replies_;
    std::unique_ptr<control_server> control_;
};

const std::string item =
    R"({"id":"000000000014M","state":"deferred","sender":"a@client.example","recipients":["b@x.example","c@x.example"],)"
    R"("size":12,"attempts":3,"received_ms":1700000000123,"next_attempt_ms":1700000300000,)"
    R"("last_reply":"try \u001b[31mlater"})";

TEST_F(a_command_to_the_server, shows_the_queue_in_columns)
{
    will_answer("queue.list", {R"({"ok":true,"items":[)" + item + R"(],"next":"000000000014M"})", R"({"ok":true,"items":[]})"});
    const auto listed = asks({"queue", "list"});
    EXPECT_EQ(listed.code, exit_done) << listed.errors;
    EXPECT_EQ(listed.output,
              "000000000014M  deferred           12  2023-11-14T22:13:20Z  <a@client.example> -> b@x.example, c@x.example\n");
    EXPECT_THAT(requests(), ElementsAre(HasSubstr(R"("after":"")"), HasSubstr(R"("after":"000000000014M")")));
}

TEST_F(a_command_to_the_server, lists_all_pages_as_one_list_of_json)
{
    will_answer("queue.list",
                {R"({"ok":true,"items":[)" + item + R"(],"next":"000000000014M"})", R"({"ok":true,"items":[)" + item + "]}"});
    const auto listed = asks({"queue", "list", "--json"});
    EXPECT_EQ(json::parse(listed.output), (json::array{json::parse(item), json::parse(item)})) << listed.output;
    will_answer("queue.list", {R"({"ok":true,"items":[]})"});
    EXPECT_EQ(asks({"queue", "list", "--json"}).output, "[]\n");
}

TEST_F(a_command_to_the_server, shows_a_message_line_by_line_and_escapes_what_peers_said)
{
    will_answer("queue.show", {R"({"ok":true,"item":)" + item + "}", R"({"ok":true,"item":)" + item + "}"});
    EXPECT_EQ(
        asks({"queue", "show", "000000000014M"}).output,
        "id: 000000000014M\nstate: deferred\nsender: a@client.example\nsize: 12\nattempts: 3\nlast_reply: try \\x1b[31mlater\n"
        "received: 2023-11-14T22:13:20Z\nnext attempt: 2023-11-14T22:18:20Z\nrecipient: b@x.example\nrecipient: c@x.example\n");
    const auto shown = asks({"queue", "show", "000000000014M", "--json"});
    EXPECT_EQ(json::parse(shown.output), json::parse(item)) << shown.output;
}

TEST_F(a_command_to_the_server, shows_no_time_where_there_is_none)
{
    will_answer("queue.show",
                {R"({"ok":true,"item":{"id":"x","state":"held","received_ms":0,"next_attempt_ms":null,"results":["r"]}})"});
    EXPECT_THAT(asks({"queue", "show", "x"}).output,
                HasSubstr("received: 1970-01-01T00:00:00Z\nnext attempt: -\nrecipient: r\n"));
}

TEST_F(a_command_to_the_server, says_what_was_done)
{
    will_answer("queue.flush", {R"({"ok":true,"count":7})", R"({"ok":true,"count":7})"});
    EXPECT_EQ(asks({"queue", "flush"}).output, "7 due\n");
    EXPECT_EQ(asks({"queue", "flush", "--json"}).output, "{\"ok\":true,\"count\":7}\n");
    will_answer("queue.hold", {R"({"ok":true})", R"({"ok":true})"});
    EXPECT_EQ(asks({"queue", "hold", "x"}).output, "");
    EXPECT_EQ(asks({"queue", "hold", "x", "--json"}).output, "{\"ok\":true}\n");
    will_answer("reload", {R"({"ok":true})", R"({"ok":true})"});
    EXPECT_EQ(asks({"reload"}).output, "");
    EXPECT_EQ(asks({"reload", "--json"}).output, "{\"ok\":true}\n");
    will_answer("status", {R"({"ok":true,"status":{"queued":2}})", R"({"ok":true,"status":{"queued":2}})"});
    EXPECT_EQ(asks({"status"}).output, "queued: 2\n");
    EXPECT_EQ(asks({"status", "--json"}).output, "{\"queued\":2}\n");
    will_answer("status", {R"({"ok":true,"status":{"queued":2,"plugins":[{"name":"spam","health":"degraded","text":"no\nlist"},)"
                           R"({"name":"geo","health":"ok","text":""}]}})"});
    EXPECT_EQ(asks({"status"}).output, "queued: 2\nplugin spam: degraded: no\\x0alist\nplugin geo: ok\n");
    will_answer("metrics", {R"({"ok":true,"text":"# TYPE a counter\na{b=\"c\"} 1\n"})"});
    EXPECT_EQ(asks({"status", "--metrics"}).output, "# TYPE a counter\na{b=\"c\"} 1\n");
    EXPECT_EQ(asks({"status", "--metrics", "--json"}).code, exit_usage);
}

TEST_F(a_command_to_the_server, fails_with_the_servers_words)
{
    will_answer("queue.retry", {R"({"ok":false,"error":"the message is held; release it first"})"});
    const auto tried = asks({"queue", "retry", "x", "--json"});
    EXPECT_EQ(tried.code, exit_failed);
    EXPECT_EQ(tried.output, "");
    EXPECT_EQ(tried.errors, "the message is held; release it first\n");
    will_answer("reload", {R"({"ok":false,"problems":["p.toml:3: a","p.toml:4: b"]})"});
    const auto reloaded = asks({"reload"});
    EXPECT_EQ(reloaded.code, exit_failed);
    EXPECT_EQ(reloaded.errors, "p.toml:3: a\np.toml:4: b\n");
    will_answer("status", {"nonsense", "[]"});
    for (int i = 0; i < 2; ++i) {
        const auto lost = asks({"status"});
        EXPECT_EQ(lost.code, exit_failed);
        EXPECT_EQ(lost.errors, "the server's answer is not JSON\n");
    }
    control_.reset();
    const auto alone = asks({"status"});
    EXPECT_EQ(alone.code, exit_failed);
    EXPECT_THAT(alone.errors, AllOf(HasSubstr("c.sock"), HasSubstr("No such file or directory")));
}

} // namespace
} // namespace postern::daemon
