// docs/rfc_index.toml against the sources: what is cited is indexed, what is indexed is cited where it says.

#include "tests/architecture/rfc_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace postern::test {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(the_rfc_index, has_every_rfc_that_a_comment_cites)
{
    const auto index = read_rfc_index();
    std::vector<std::string> missing;
    for (const auto& [number, places] : rfc_citations())
        if (!index.contains(number))
            missing.push_back("RFC " + std::to_string(number) + ", cited at " + places.front());
    EXPECT_THAT(missing, IsEmpty());
}

TEST(the_rfc_index, names_places_that_cite_the_rfc)
{
    const auto all = rfc_citations();
    std::vector<std::string> wrong;
    for (const auto& [number, entry] : read_rfc_index())
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
    for (const auto& [number, entry] : read_rfc_index()) {
        EXPECT_FALSE(entry.title.empty()) << number;
        EXPECT_TRUE(known.contains(entry.status)) << number << ": " << entry.status;
        EXPECT_EQ(entry.where.empty(), entry.status == "referenced")
            << number << ": what is done has a place, what is only named has none";
    }
}

TEST(a_citation, is_found_with_its_number)
{
    EXPECT_EQ(rfcs_cited_in(" RFC 5321 4.5.2: undo, RFC 3461, and RFC3030"), (std::set<int>{3030, 3461, 5321}));
    EXPECT_EQ(rfcs_cited_in(" STANDARDS: RFC 8446, 5246, 8996."), (std::set<int>{5246, 8446, 8996}));
    EXPECT_THAT(rfcs_cited_in("no RFC at all"), SizeIs(0));
}

} // namespace
} // namespace postern::test
