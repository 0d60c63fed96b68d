// Whatever the headers declare is in the golden tables: an addition that nobody wrote down would be free to change.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace {

std::string text_of(const std::filesystem::path& file)
{
    std::ifstream in{file, std::ios::binary};
    EXPECT_TRUE(in) << file;
    return {std::istreambuf_iterator<char>{in}, {}};
}

const std::string& golden()
{
    static const std::string text =
        text_of(POSTERN_ABI_TESTS "/abi_golden_core_test.cpp") + text_of(POSTERN_ABI_TESTS "/abi_golden_events_test.cpp") +
        text_of(POSTERN_ABI_TESTS "/abi_golden_ehlo_test.cpp") + text_of(POSTERN_ABI_TESTS "/abi_golden_services_test.cpp") +
        text_of(POSTERN_ABI_TESTS "/abi_golden_lifecycle_test.cpp") + text_of(POSTERN_ABI_TESTS "/abi_golden_dns_test.cpp") +
        text_of(POSTERN_ABI_TESTS "/abi_golden_kv_test.cpp") + text_of(POSTERN_ABI_TESTS "/abi_golden_admin_test.cpp") +
        text_of(POSTERN_ABI_TESTS "/abi_golden_spool_test.cpp") + text_of(POSTERN_ABI_TESTS "/abi_golden_outgoing_test.cpp") +
        text_of(POSTERN_ABI_TESTS "/abi_golden_auth_test.cpp") + text_of(POSTERN_ABI_TESTS "/abi_golden_report_test.cpp") +
        text_of(POSTERN_ABI_TESTS "/abi_golden_submit_test.cpp") + text_of(POSTERN_ABI_TESTS "/abi_golden_shaping_test.cpp");
    return text;
}

std::string without_comments(const std::string& text)
{
    return std::regex_replace(text, std::regex{R"(/\*[^*]*\*+([^/*][^*]*\*+)*/)"}, "");
}

bool has(const std::string& line)
{
    return golden().find(line) != std::string::npos;
}

TEST(golden_tables, hold_every_constant_record_and_member_of_the_headers)
{
    std::size_t constants = 0;
    std::size_t members = 0;
    for (const auto& entry : std::filesystem::directory_iterator{POSTERN_ABI_HEADERS}) {
        if (entry.path().extension() != ".h")
            continue;
        const std::string text = without_comments(text_of(entry.path()));

        const std::regex constant{R"(#define (POSTERN_\w+)[ \t]+\S)"};
        for (auto at = std::sregex_iterator{text.begin(), text.end(), constant}; at != std::sregex_iterator{}; ++at, ++constants)
            EXPECT_TRUE(has("VALUE(" + (*at)[1].str() + ",")) << entry.path() << ' ' << (*at)[1];

        const std::regex record{R"(typedef struct (\w+) \{([^}]*)\})"};
        for (auto at = std::sregex_iterator{text.begin(), text.end(), record}; at != std::sregex_iterator{}; ++at) {
            const std::string name = (*at)[1];
            EXPECT_TRUE(has("RECORD(" + name + ",") || has("FROZEN(" + name + ",")) << name;
            const std::string body = (*at)[2];
            const std::regex member{R"((?:\(\*(\w+)\)\([^;]*|(\w+));)"};
            for (auto m = std::sregex_iterator{body.begin(), body.end(), member}; m != std::sregex_iterator{}; ++m, ++members)
                EXPECT_TRUE(has("FIELD(" + name + ", " + ((*m)[1].matched ? (*m)[1] : (*m)[2]).str() + ","))
                    << name << ' ' << (*m)[0];
        }
    }
    EXPECT_GT(constants, 60u); // the patterns found something
    EXPECT_GT(members, 130u);
}

} // namespace
