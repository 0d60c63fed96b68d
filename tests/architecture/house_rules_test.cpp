// CONTRIBUTING.md, as far as a machine can read it.

#include "tests/architecture/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::IsEmpty;

[[nodiscard]] std::vector<source_file> all_sources()
{
    std::vector<source_file> all;
    for (const auto* folder : {"core", "sdk", "plugins", "examples", "tests"})
        for (auto& file : sources_in(folder))
            all.push_back(std::move(file));
    return all;
}

/// Lines of all sources in which `is_wrong`, each as "path:line: text".
template <class Wrong>
[[nodiscard]] std::vector<std::string> wrong_lines(Wrong is_wrong)
{
    std::vector<std::string> found;
    for (const auto& file : all_sources())
        for (std::size_t i = 0; i < file.lines.size(); ++i)
            if (is_wrong(file, file.lines[i]))
                found.push_back(file.at(i + 1) + file.lines[i]);
    return found;
}

[[nodiscard]] bool is_test(const source_file& file)
{
    return file.path.starts_with("tests/") || file.stem().ends_with("_test") || file.path.find("/tests/") != std::string::npos;
}

TEST(a_source_file, is_short_or_says_at_its_top_why_it_is_long)
{
    constexpr std::size_t most_lines = 450; // about 400 is the aim
    constexpr std::size_t most_lines_of_a_test = 650;
    std::vector<std::string> found;
    for (const auto& file : all_sources()) {
        const auto most = is_test(file) ? most_lines_of_a_test : most_lines;
        if (file.lines.size() > most && !file.says_at_top("LONG:"))
            found.push_back(file.path + ": " + std::to_string(file.lines.size()) +
                            " lines; split it, or give a reason in its head comment behind \"LONG:\"");
    }
    EXPECT_THAT(found, IsEmpty());
}

TEST(a_header, is_included_once_and_says_what_it_is)
{
    std::vector<std::string> found;
    for (const auto& file : all_sources()) {
        if (!file.is_header())
            continue;
        if (!file.says_at_top("#pragma once") && !file.says_at_top("#ifndef POSTERN_")) // the C contract uses guards
            found.push_back(file.path + ": no #pragma once");
        const auto comment = std::find_if(file.lines.begin(), file.lines.end(), [](const std::string& line) {
            return line.starts_with("//") || line.starts_with("/*");
        });
        if (comment == file.lines.end() || comment - file.lines.begin() > 3)
            found.push_back(file.path + ": no head comment in its first lines");
    }
    EXPECT_THAT(found, IsEmpty());
}

TEST(a_source_file, includes_its_own_header_first)
{
    std::vector<std::string> found;
    for (const auto& file : sources_in("core")) {
        if (!file.path.ends_with(".cpp"))
            continue;
        const auto own = file.path.substr(0, file.path.size() - 3) + "hpp";
        const auto includes = file.includes();
        if (std::filesystem::exists(source_root() / own) && (includes.empty() || includes.front().text != own))
            found.push_back(file.path + ": the first include is not \"" + own + "\"");
    }
    EXPECT_THAT(found, IsEmpty());
}

TEST(a_source_file, leaves_nothing_to_be_done)
{
    const std::vector<std::string> marks{std::string{"TO"} + "DO", std::string{"FIX"} + "ME", std::string{"XX"} + "X:"};
    EXPECT_THAT(wrong_lines([&](const source_file&, const std::string& line) {
                    return std::any_of(marks.begin(), marks.end(),
                                       [&](const std::string& mark) { return line.find(mark) != std::string::npos; });
                }),
                IsEmpty());
}

TEST(a_source_file, never_sleeps)
{
    const std::vector<std::string> calls{std::string{"sleep_"} + "for(", std::string{"sleep_"} + "until(",
                                         std::string{"usl"} + "eep(", std::string{"nano"} + "sleep("};
    EXPECT_THAT(wrong_lines([&](const source_file&, const std::string& line) {
                    return std::any_of(calls.begin(), calls.end(), [&](const std::string& call) {
                        const auto at = line.find(call);
                        return at != std::string::npos && line.rfind("//", at) == std::string::npos;
                    });
                }),
                IsEmpty());
}

TEST(a_source_file, imports_no_whole_standard_namespace)
{
    EXPECT_THAT(wrong_lines([](const source_file&, const std::string& line) { return line.starts_with("using namespace std;"); }),
                IsEmpty());
}

/// tests/unit/ROOM/NAME_test.cpp stands for core/ROOM/NAME.*, or for a part of it called NAME_PART.
TEST(a_unit_test, mirrors_a_source)
{
    namespace fs = std::filesystem;
    constexpr std::string_view ending = "_test";
    std::vector<std::string> found;
    for (const auto& file : sources_in("tests/unit")) {
        auto name = file.stem();
        if (!name.ends_with(ending))
            continue;
        name.resize(name.size() - ending.size());
        const auto room = fs::path{file.path}.parent_path().filename().string();
        if (!fs::exists(source_root() / "core" / room))
            continue; // a test of the SDK, or of something else that is no room
        const auto sources = sources_in("core/" + room);
        const bool has_source = std::any_of(sources.begin(), sources.end(), [&](const source_file& source) {
            return name == source.stem() || name.starts_with(source.stem() + "_");
        });
        if (!has_source)
            found.push_back(file.path + ": there is no core/" + room + "/" + name + ".*");
    }
    EXPECT_THAT(found, IsEmpty());
}

TEST(a_room, has_a_readme_of_at_most_40_lines)
{
    namespace fs = std::filesystem;
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator{source_root() / "core"}) {
        if (!entry.is_directory())
            continue;
        const auto readme = entry.path() / "README.md";
        if (!fs::exists(readme))
            found.push_back(fs::relative(readme, source_root()).string() + ": missing");
        else if (read_source(readme).lines.size() > 40)
            found.push_back(fs::relative(readme, source_root()).string() + ": too long");
    }
    EXPECT_THAT(found, IsEmpty());
}

TEST(a_plugin, has_a_readme_a_manifest_and_an_example)
{
    namespace fs = std::filesystem;
    for (const auto& entry : fs::directory_iterator{source_root() / "plugins"}) {
        if (!entry.is_directory())
            continue;
        for (const auto* name : {"README.md", "plugin.toml", "example.toml", "CMakeLists.txt"})
            EXPECT_TRUE(fs::exists(entry.path() / name)) << entry.path() << " lacks " << name;
    }
}

} // namespace
} // namespace postern::test
