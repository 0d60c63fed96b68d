#include "../src/rule_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace routes {
namespace {

using ::testing::HasSubstr;

class a_table : public ::testing::Test {
protected:
    std::string found(std::string_view recipient) const
    {
        const auto which = table_.find(recipient);
        return which == rule_table::none ? "none" : table_.at(which).groups.at(0).at(0).name;
    }
    std::string problem(std::string_view key, std::string_view rule = "a")
    {
        try {
            table_.add(key, rule);
        } catch (const std::invalid_argument& wrong) {
            return wrong.what();
        }
        return {};
    }
    rule_table table_;
};

TEST_F(a_table, gives_the_closest_rule)
{
    for (const auto& [key, to] :
         {std::pair{"User@Example.org", "address"}, std::pair{"example.org", "domain"}, std::pair{".example.org", "below"},
          std::pair{".sub.Example.org", "sub"}, std::pair{"[192.0.2.1]", "literal"}, std::pair{"*", "rest"}})
        table_.add(key, to);
    EXPECT_EQ(found("user@EXAMPLE.org"), "address:25");
    EXPECT_EQ(found("other@example.org"), "domain:25");
    EXPECT_EQ(found("x@a.example.org"), "below:25");
    EXPECT_EQ(found("x@a.b.example.org"), "below:25");
    EXPECT_EQ(found("x@sub.example.org"), "below:25") << "all below it is not itself";
    EXPECT_EQ(found("x@a.sub.example.org"), "sub:25");
    EXPECT_EQ(found("x@[192.0.2.1]"), "literal:25");
    EXPECT_EQ(found("x@[192.0.2.2]"), "rest:25");
    EXPECT_EQ(found("x@notexample.org"), "rest:25");
    EXPECT_EQ(found("postmaster"), "rest:25");
}

TEST_F(a_table, without_a_rule_for_the_rest_has_none_for_it)
{
    table_.add(".org", "a");
    EXPECT_EQ(found("x@example.org"), "a:25");
    EXPECT_EQ(found("x@org"), "none");
    EXPECT_EQ(found("x@example.net"), "none");
    EXPECT_EQ(found("postmaster"), "none");
}

TEST_F(a_table, knows_a_domain_in_both_of_its_forms)
{
    table_.add("b\xc3\xbc"
               "cher.example",
               "a");
    EXPECT_EQ(found("x@xn--bcher-kva.example"), "a:25");
    EXPECT_EQ(found("x@B\xc3\x9c"
                    "cher.example"),
              "a:25");
    EXPECT_THAT(problem("xn--bcher-kva.example"), HasSubstr("another spelling"));
}

TEST_F(a_table, refuses_what_is_no_key_and_what_it_has_already)
{
    for (const auto* bad : {"", ".", "..a", "a..b", "a b", "@a", "a@", "[x]", "192.0.2.1", "**", "*.example.org"})
        EXPECT_THAT(problem(bad), HasSubstr("is no address")) << bad;
    EXPECT_EQ(problem("example.org"), "");
    EXPECT_THAT(problem("EXAMPLE.org."), HasSubstr("already"));
    EXPECT_THAT(problem("example.net", "a b c:0"), HasSubstr("no port"));
}

TEST_F(a_table, of_a_hundred_thousand_lines_is_as_fast_as_one_of_ten)
{
    for (int i = 0; i < 100'000; ++i)
        table_.add("d" + std::to_string(i) + ".example.org", i % 2 == 0 ? "even" : "odd");
    EXPECT_EQ(table_.size(), 100'000u);
    EXPECT_EQ(table_.rules().size(), 2u) << "what is alike is kept once";
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 100'000; ++i)
        ASSERT_EQ(table_.find("u@d" + std::to_string(i) + ".Example.org"), static_cast<rule_table::index>(i % 2));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{20}); // a search line by line takes minutes
}

} // namespace
} // namespace routes
