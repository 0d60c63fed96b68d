#include "core/host/elf_file.hpp"

#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace postern::daemon::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

[[nodiscard]] std::string octets_of(const char* plugin)
{
    return postern::test::read_file(std::string{POSTERN_HOST_TEST_PLUGINS "/"} + plugin + ".so");
}

TEST(read_elf, finds_what_a_library_exports_and_wants)
{
    std::string why;
    const auto facts = read_elf(octets_of("good"), why);
    ASSERT_TRUE(facts) << why;
    EXPECT_THAT(facts->defined, Contains("postern_plugin_v1"));
    EXPECT_FALSE(facts->has_executable_stack);
    EXPECT_FALSE(facts->has_text_relocations);
    const auto other = read_elf(octets_of("create_throws"), why);
    ASSERT_TRUE(other) << why;
    EXPECT_THAT(other->wanted, Contains("__cxa_throw"));
}

TEST(read_elf, refuses_what_is_no_library)
{
    for (const std::string& octets : {std::string{},
                                      std::string{"\x7f"
                                                  "ELF"},
                                      std::string(64, '\0'), std::string{"#!/bin/sh\n"}}) {
        std::string why;
        EXPECT_FALSE(read_elf(octets, why));
        EXPECT_NE(why, "");
    }
}

TEST(read_elf, survives_a_file_that_is_cut_or_changed_anywhere)
{
    const auto whole = octets_of("good");
    std::string why;
    for (std::size_t size = 0; size < whole.size(); size += 97)
        (void)read_elf(std::string_view{whole}.substr(0, size), why);
    for (std::size_t at = 0; at < 4096 && at < whole.size(); ++at) {
        auto changed = whole;
        changed[at] = static_cast<char>(~changed[at]);
        (void)read_elf(changed, why);
    }
    for (std::size_t at = whole.size() - std::min<std::size_t>(whole.size(), 4096); at < whole.size(); ++at) { // section headers
        auto changed = whole;
        changed[at] = static_cast<char>(~changed[at]);
        (void)read_elf(changed, why);
    }
}

} // namespace
} // namespace postern::daemon::test
