#include "../src/local_part.hpp"

#include <gtest/gtest.h>

namespace srs {
namespace {

TEST(a_local_part, is_quoted_where_it_has_to_be_and_nowhere_else)
{
    for (const auto* plain : {"user", "a.b", "SRS0=x/+=y", "a!b%c"}) {
        EXPECT_EQ(quoted(plain), plain);
        EXPECT_EQ(unquoted(plain), plain);
    }
    for (const auto& [words, local] :
         {std::pair{"a b", R"("a b")"}, std::pair{R"(a"b\c)", R"("a\"b\\c")"}, std::pair{"", R"("")"}, std::pair{".a", R"(".a")"},
          std::pair{"a..b", R"("a..b")"}, std::pair{"a@b", R"("a@b")"}}) {
        EXPECT_EQ(quoted(words), local);
        EXPECT_EQ(unquoted(local), words);
    }
}

TEST(an_address, has_two_halves)
{
    EXPECT_EQ(split("\"a@b\"@c")->local, "\"a@b\"");
    EXPECT_EQ(split("\"a@b\"@c")->domain, "c");
    for (const auto* half : {"", "postmaster", "@c", "a@"})
        EXPECT_FALSE(split(half)) << half;
}

TEST(a_domain, is_a_name_or_an_address_in_brackets)
{
    for (const auto* good : {"example.org", "xn--bcher-kva.example",
                             "b\xc3\xbc"
                             "cher.example",
                             "[192.0.2.1]", "[IPv6:2001:db8::1]"})
        EXPECT_TRUE(is_domain(good)) << good;
    for (const auto* bad : {"", ".", "a..b", ".a", "a.", "a b", "a@b", "[]", "[a b]", "-a.example", "a=b", "a\r\nb"})
        EXPECT_FALSE(is_domain(bad)) << bad;
}

} // namespace
} // namespace srs
