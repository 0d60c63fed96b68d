// docs/rfc_index.toml against the sources: what is cited is indexed, what is indexed is cited where it says.

#include "tests/architecture/source_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

struct rfc_entry {
    std::string title;
    std::string status;
    std::vector<std::string> where;
};

[[nodiscard]] std::vector<std::string> strings_in(std::string_view text)
{
    std::vector<std::string> found;
    for (auto begin = text.find('"'); begin != std::string_view::npos; begin = text.find('"', begin)) {
        const auto end = text.find('"', begin + 1);
        if (end == std::string_view::npos)
            break;
        found.emplace_back(text.substr(begin + 1, end - begin - 1));
        begin = end + 1;
    }
    return found;
}

/// Reads the little TOML that the index is written in: [rfcNUMBER], then key = string or list of strings on one line.
[[nodiscard]] std::map<int, rfc_entry> read_index()
{
    std::map<int, rfc_entry> index;
    rfc_entry* current = nullptr;
    for (const std::string_view line : read_source(source_root() / "docs/rfc_index.toml").lines) {
        if (line.starts_with("[rfc"))
            current = &index[std::stoi(std::string{line.substr(4)})];
        else if (current != nullptr && line.starts_with("title"))
            current->title = strings_in(line).at(0);
        else if (current != nullptr && line.starts_with("status"))
            current->status = strings_in(line).at(0);
        else if (current != nullptr && line.starts_with("where"))
            current->where = strings_in(line);
    }
    return index;
}

/// Takes digits off the beginning; 0: fewer than three, so no RFC that we would cite.
[[nodiscard]] int take_number(std::string_view& rest)
{
    std::string digits;
    while (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0) {
        digits += rest.front();
        rest.remove_prefix(1);
    }
    return digits.size() >= 3 ? std::stoi(digits) : 0;
}

/// The numbers behind "RFC", in lists such as "RFC 8446, 5246" too.
[[nodiscard]] std::set<int> cited_in(std::string_view text)
{
    std::set<int> found;
    for (auto at = text.find("RFC"); at != std::string_view::npos; at = text.find("RFC", at + 3)) {
        auto rest = text.substr(at + 3);
        if (rest.starts_with(' '))
            rest.remove_prefix(1);
        while (const int number = take_number(rest)) {
            found.insert(number);
            if (!rest.starts_with(", "))
                break;
            rest.remove_prefix(2);
        }
    }
    return found;
}

/// RFC -> "path:line" of its citations in comments.
[[nodiscard]] std::map<int, std::vector<std::string>> citations()
{
    std::map<int, std::vector<std::string>> all;
    for (const auto* folder : {"core", "sdk", "plugins", "examples"})
        for (const auto& file : sources_in(folder))
            for (std::size_t i = 0; i < file.lines.size(); ++i)
                for (const int number : cited_in(comment_of(file.lines[i])))
                    all[number].push_back(file.at(i + 1));
    return all;
}

TEST(the_rfc_index, has_every_rfc_that_a_comment_cites)
{
    const auto index = read_index();
    std::vector<std::string> missing;
    for (const auto& [number, places] : citations())
        if (!index.contains(number))
            missing.push_back("RFC " + std::to_string(number) + ", cited at " + places.front());
    EXPECT_THAT(missing, IsEmpty());
}

TEST(the_rfc_index, names_places_that_cite_the_rfc)
{
    const auto all = citations();
    std::vector<std::string> wrong;
    for (const auto& [number, entry] : read_index())
        for (const auto& place : entry.where) {
            const auto cited = all.find(number);
            const bool is_cited = cited != all.end() && std::any_of(cited->second.begin(), cited->second.end(),
                                                                    [&](const auto& at) { return at.starts_with(place); });
            if (!is_cited)
                wrong.push_back("RFC " + std::to_string(number) + " is not cited in " + place);
        }
    EXPECT_THAT(wrong, IsEmpty());
}

TEST(the_rfc_index, gives_each_rfc_a_title_and_a_known_status)
{
    const std::set<std::string, std::less<>> known{"implemented", "partial", "referenced"};
    for (const auto& [number, entry] : read_index()) {
        EXPECT_FALSE(entry.title.empty()) << number;
        EXPECT_TRUE(known.contains(entry.status)) << number << ": " << entry.status;
        EXPECT_EQ(entry.where.empty(), entry.status == "referenced")
            << number << ": what is done has a place, what is only named has none";
    }
}

TEST(a_citation, is_found_with_its_number)
{
    EXPECT_EQ(cited_in(" RFC 5321 4.5.2: undo, RFC 3461, and RFC3030"), (std::set<int>{3030, 3461, 5321}));
    EXPECT_EQ(cited_in(" STANDARDS: RFC 8446, 5246, 8996."), (std::set<int>{5246, 8446, 8996}));
    EXPECT_THAT(cited_in("no RFC at all"), SizeIs(0));
}

} // namespace
} // namespace postern::test
