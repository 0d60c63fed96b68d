// docs/reference/hooks.md is what the headers say. POSTERN_WRITE_DOCS=1 writes it anew (./dev docs).

#include "tests/architecture/hook_reference.hpp"
#include "tests/architecture/rust_events.hpp"
#include "tests/architecture/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace postern::test {
namespace {

TEST(the_hook_reference, has_a_record_a_comment_and_a_class_of_every_hook)
{
    EXPECT_THAT(make_hook_reference().problems, testing::IsEmpty());
}

TEST(the_hook_reference, says_what_the_headers_say)
{
    const auto page = source_root() / "docs/reference/hooks.md";
    const auto made = make_hook_reference();
    if (std::getenv("POSTERN_WRITE_DOCS") != nullptr)
        std::ofstream{page, std::ios::binary} << made.text;
    std::ifstream in{page, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    EXPECT_TRUE(text == made.text) << "docs/reference/hooks.md is not what the headers say: ./dev docs";
}

/// The SDK names an event's record beside its hook: "session_event<postern_ev_mail, POSTERN_HOOK_MAIL".
TEST(the_hook_reference, describes_the_record_that_the_sdk_reads)
{
    const auto made = make_hook_reference().text;
    const std::regex event{R"(<(postern_\w+), (POSTERN_HOOK_\w+))"};
    int known = 0;
    for (const auto& file : sources_in("sdk/include/postern/sdk"))
        for (const auto& line : file.lines) {
            std::smatch found;
            if (!std::regex_search(line, found, event))
                continue;
            const auto hook = made.find("`" + found[2].str() + "` of `");
            if (hook == std::string::npos) // of an instance or a backend: no section
                continue;
            const auto start = made.find("| record |", hook);
            EXPECT_EQ(made.substr(start, made.find('\n', start) - start), "| record | `" + found[1].str() + "` |");
            ++known;
        }
    EXPECT_GE(known, 20);
}

TEST(the_hook_reference, describes_the_record_that_the_crate_for_rust_reads)
{
    const auto made = make_hook_reference().text;
    int known = 0;
    for (const auto& [name, event] : rust_events()) {
        const auto hook = made.find("`POSTERN_HOOK_" + name + "` of `");
        if (hook == std::string::npos) // of an instance, a backend or a session's end: no section
            continue;
        const auto start = made.find("| record |", hook);
        EXPECT_EQ(made.substr(start, made.find('\n', start) - start), "| record | `" + event.record + "` |") << event.name;
        const auto type = made.find("| Rust |", hook);
        EXPECT_EQ(made.substr(type, made.find('\n', type) - type), "| Rust | `postern::" + event.name + "` |");
        ++known;
    }
    EXPECT_GE(known, 36);
}

TEST(the_hook_reference, has_the_answer_of_a_hook_with_its_fields)
{
    const auto made = make_hook_reference().text;
    const auto section =
        made.substr(made.find("\n## queue.policy\n"), made.find("\n## queue.admit\n") - made.find("\n## queue.policy\n"));
    EXPECT_THAT(section,
                testing::HasSubstr("| answer record | `postern_queue_policy_reply`, in C++ `postern::policy_reply` |\n"));
    for (const auto* field : {"pool", "concurrency", "rate_count", "rate_ms", "valid_s"})
        EXPECT_THAT(section.substr(section.find("| field of the answer |")),
                    testing::HasSubstr("\n| `" + std::string{field} + "` |"));
}

TEST(the_hook_reference, lists_the_fields_of_a_verb_that_was_said)
{
    const auto made = make_hook_reference().text;
    const auto section = made.substr(made.find("\n## verb\n"), made.find("\n## verb.data\n") - made.find("\n## verb\n"));
    for (const auto* field : {"peer", "name", "argument", "sender", "in_mail"})
        EXPECT_THAT(section, testing::HasSubstr("\n| `" + std::string{field} + "` |"));
}

} // namespace
} // namespace postern::test
