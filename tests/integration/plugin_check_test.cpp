// `postern plugin check` and `plugin info` as authors of plugins use them: every deed of tests/wrong/misbehaves.cpp is found,
// under the rule that it breaks. That the plugins of the tree keep all rules is a test a plugin, plugin_check.NAME.

#include "tests/support/process.hpp"
#include "tests/support/sanitizers.hpp"
#include "tests/support/server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

[[nodiscard]] std::string wrong_plugin(std::string_view name = "misbehaves")
{
    return (build_folder() / "tests/wrong_plugins" / fmt::format("{}.so", name)).string();
}

[[nodiscard]] outcome check(std::string_view deed, std::vector<std::string> more = {})
{
    std::vector<std::string> words{postern_program().string(),   "plugin",   "check",         wrong_plugin(), "--option",
                                   fmt::format("deed={}", deed), "--option", "everybody=true"};
    words.insert(words.end(), more.begin(), more.end());
    return run(std::move(words));
}

struct breach {
    const char* deed;
    const char* rule;
    const char* words; ///< of what is said
};
void PrintTo(const breach& of, std::ostream* to)
{
    *to << of.deed;
}

class plugin_check_of_a_plugin_that : public ::testing::TestWithParam<breach> {};

TEST_P(plugin_check_of_a_plugin_that, misbehaves_names_the_rule)
{
    const auto& [deed, rule, words] = GetParam();
    const auto checked = check(deed);
    EXPECT_EQ(checked.status, (exit_status{1, 0})) << checked.errors;
    EXPECT_THAT(checked.output, ContainsRegex(fmt::format("FINDING +{} [^\n]*{}", rule, words)));
}

INSTANTIATE_TEST_SUITE_P(
    every, plugin_check_of_a_plugin_that,
    ::testing::Values(
        breach{"throws", "throws", "out of bananas"}, breach{"throws_a_number", "throws", "handle let something out"},
        breach{"status", "answers", "handle returned 7"}, breach{"aborts", "answers", "it crashed in cmd.mail \\(Aborted\\)"},
        breach{"segfaults", "answers", "it crashed in cmd.mail \\(Segmentation fault\\)"},
        breach{"overflows", "answers", "it crashed in cmd.mail \\(Segmentation fault\\)"},
        breach{"divides", "answers", "it crashed in cmd.mail"}, breach{"illegal", "answers", "it crashed in cmd.mail"},
        breach{"exits", "answers", "it ended the process in cmd.mail \\(exit 3\\)"},
        breach{"aborts_in_a_thread", "answers", "it crashed in cmd.mail \\(Aborted\\)"},
        breach{"gives_secrets", "answers", "a secret or a password in the answer to a question with a proof"},
        breach{"gives_no_secrets", "answers", "no secret in the answer"}, breach{"leaks", "tickets", "never answered"},
        breach{"twice", "tickets", "answered twice"}, breach{"passes_after_an_answer", "answers", "passed after an answer"},
        breach{"crlf", "answers", "CR, LF or NUL in a text"}, breach{"code", "answers", "a reject with code 250"},
        breach{"enhanced", "answers", "enhanced code"}, breach{"verdict", "answers", "no such verdict: 99"},
        breach{"vouches_unasked", "answers", "vouched"}, breach{"edits_what_is_not_there", "answers", "which is not there"},
        breach{"edits_where_it_may_not", "answers", "route.set: not at cmd.mail"},
        breach{"edits_without_a_meaning", "answers", "no such edit: 200"},
        breach{"splits_a_header", "answers", "CR, LF or NUL in an edit"}, breach{"small", "answers", "too small"},
        breach{"no_reply", "answers", "too small"}, breach{"stride", "answers", "stride"},
        breach{"count", "answers", "without records"}, breach{"many", "answers", "more than 10000 edits"},
        breach{"null_text", "answers", "NULL text"}, breach{"long_text", "answers", "more than 4096 octets"},
        breach{"keeps", "borrows", "an event that was over"}, breach{"reads_too_far", "borrows", "behind the end"},
        breach{"leaves_a_thread", "leaves", "threads are left"}, breach{"leaves_a_descriptor", "leaves", "descriptors are left"},
        breach{"takes_a_signal", "process", "what a signal does"}, breach{"moves", "process", "working folder"},
        breach{"shares", "instances", "another instance"}, breach{"bad_keyword", "creates", "no keyword line"},
        breach{"keyword_of_the_server", "creates", "PIPELINING"}, breach{"keyword_twice", "creates", "declared twice"},
        breach{"create_throws", "throws", "no bananas at all"}, breach{"create_fails_silently", "creates", "say why"},
        breach{"create_aborts", "creates", "it crashed in create"}, breach{"destroy_throws", "throws", "it stays"}),
    [](const auto& of) { return std::string{of.param.deed}; });

TEST(plugin_check_of_a_plugin_that, does_not_come_back_ends_and_says_where)
{
    for (const auto* deed : {"loops", "sleeps"}) {
        const auto checked = check(deed);
        EXPECT_EQ(checked.status, (exit_status{1, 0})) << checked.errors;
        EXPECT_THAT(checked.output, AllOf(HasSubstr("it did not come back in cmd.mail within 10 s"), HasSubstr("not tried")));
    }
}

TEST(plugin_check_of_a_plugin_that, waits_in_handle_is_a_warning)
{
    EXPECT_THAT(check("naps").output, ContainsRegex("warning +blocks "));
    const auto blocking = run({postern_program().string(), "plugin", "check", wrong_plugin("misbehaves-blocking"), "--option",
                               "deed=naps", "--option", "everybody=true"});
    EXPECT_THAT(blocking.output, ContainsRegex("ok +blocks "));
}

TEST(plugin_check_of_a_plugin_that, does_nothing_or_grows_its_records_finds_nothing_in_its_answers)
{
    for (const auto* deed : {"nothing", "grows"}) {
        const auto checked = check(deed);
        EXPECT_THAT(checked.output,
                    AllOf(ContainsRegex("ok +answers "), ContainsRegex("ok +cancels "), ContainsRegex("ok +tickets ")));
        EXPECT_THAT(checked.output, ContainsRegex("FINDING +imports [^\n]*_Exit")) << "it could";
    }
}

TEST(plugin_check, tells_of_each_rule_when_it_was_tried)
{
    process checking{
        {postern_program().string(), "plugin", "check", wrong_plugin(), "--option", "deed=sleeps", "--option", "everybody=true"}};
    // It gives a plugin ten seconds to come back.
    EXPECT_TRUE(checking.wait_for_output([](std::string_view all) { return all.find(" creates ") != all.npos; }));
    EXPECT_FALSE(checking.wait(std::chrono::milliseconds{0})) << checking.output();
    EXPECT_THAT(checking.output(), Not(HasSubstr("rules broken")));
}

TEST(plugin_check, says_the_same_for_the_same_seed)
{
    const auto first = check("shares", {"--seed", "7", "--json"});
    EXPECT_EQ(first.output, check("shares", {"--seed", "7", "--json"}).output);
    EXPECT_THAT(first.output, AllOf(HasSubstr("\"seed\":7"), HasSubstr("\"rule\":\"instances\"")));
}

TEST(plugin_check, of_what_is_no_plugin_says_so)
{
    const temporary_folder folder;
    const auto text = folder.write("text.so", "not a library\n");
    const auto checked = run({postern_program().string(), "plugin", "check", text.string()});
    EXPECT_EQ(checked.status, (exit_status{1, 0}));
    EXPECT_THAT(checked.output, ContainsRegex("FINDING +loads +text.so: not a shared library"));
    const auto refused = run({postern_program().string(), "plugin", "check",
                              (std::filesystem::path{POSTERN_TEST_WRONG_PLUGINS} / "needs_the_future.so").string()});
    EXPECT_EQ(refused.status, (exit_status{1, 0})) << "its code would abort";
    EXPECT_THAT(refused.output, HasSubstr("needs \"postern.clairvoyance/9\", which this host does not offer"));
}

TEST(plugin_check, of_wrong_options_is_a_mistake_of_the_caller)
{
    const auto unknown = run({postern_program().string(), "plugin", "check", wrong_plugin(), "--option", "bananas=3"});
    EXPECT_EQ(unknown.status, (exit_status{2, 0}));
    EXPECT_THAT(unknown.errors, HasSubstr("unknown option bananas"));
    const auto no_file = run({postern_program().string(), "plugin", "check", "/nowhere.so"});
    EXPECT_EQ(no_file.status, (exit_status{2, 0}));
    const auto no_pair = run({postern_program().string(), "plugin", "check", wrong_plugin(), "--option", "bananas"});
    EXPECT_EQ(no_pair.status, (exit_status{2, 0}));
    EXPECT_THAT(no_pair.errors, HasSubstr("is not key=value"));
}

TEST(plugin_info, tells_what_a_plugin_is_and_asks_for)
{
    const auto told = run({postern_program().string(), "plugin", "info", (plugin_folder() / "xtrace.so").string()});
    EXPECT_EQ(told.status, (exit_status{0, 0})) << told.errors;
    EXPECT_THAT(told.output, AllOf(HasSubstr("loads       yes\n"), HasSubstr("postern.ehlo/1"),
                                   ContainsRegex("keywords +XTRACE 1"), ContainsRegex("verbs +XTRACE with XTRACE"),
                                   ContainsRegex("parameters +XTRACEID of MAIL"), ContainsRegex("hooks +.*param")));
    const auto json =
        run({postern_program().string(), "plugin", "info", "--json", (plugin_folder() / "relay-domains.so").string()});
    EXPECT_EQ(json.status, (exit_status{0, 0})) << json.errors;
    EXPECT_THAT(json.output, AllOf(HasSubstr("\"loads\":true"), HasSubstr("\"provides\":[\"postern.recipients/1\"]"),
                                   HasSubstr("\"name\":\"domains\""), HasSubstr("cmd.rcpt")));
}

TEST(plugin_info, of_a_plugin_that_is_not_loaded_says_why)
{
    const auto told = run({postern_program().string(), "plugin", "info",
                           (std::filesystem::path{POSTERN_TEST_WRONG_PLUGINS} / "needs_the_future.so").string()});
    EXPECT_EQ(told.status, (exit_status{1, 0}));
    EXPECT_THAT(told.output,
                HasSubstr("no: needs_the_future.so: plugin org.example.future 9 needs \"postern.clairvoyance/9\", which "
                          "this host does not offer"));
}

} // namespace
} // namespace postern::test
