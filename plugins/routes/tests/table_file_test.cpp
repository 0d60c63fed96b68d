#include "../src/table_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace routes {
namespace {

using ::testing::HasSubstr;

class a_file : public ::testing::Test {
protected:
    ~a_file() override { std::filesystem::remove(path_); }
    std::string problem(const std::string& text)
    {
        std::ofstream{path_} << text;
        try {
            rule_table table;
            read_table_file(path_.string(), table);
        } catch (const std::invalid_argument& wrong) {
            return wrong.what();
        }
        return {};
    }
    std::filesystem::path path_ = std::filesystem::temp_directory_path() / ("routes." + std::to_string(::getpid()) + ".toml");
};

TEST_F(a_file, holds_a_route_a_line)
{
    std::ofstream{path_} << "# ours\n\"example.org\" = \"a\"\n\n'*' = 'b'\nlocalhost = \"c\"\n";
    rule_table table;
    read_table_file(path_.string(), table);
    EXPECT_EQ(table.size(), 3u);
    EXPECT_EQ(table.at(table.find("x@example.org")).groups[0][0].name, "a:25");
}

TEST_F(a_file, with_something_wrong_says_where)
{
    const auto place = path_.string();
    EXPECT_THAT(problem("\"a.example\" = \"a\"\n\"b.example\" = \"b:0\"\n"),
                HasSubstr(place + ":2: \"b.example\" \"b:0\" has no port"));
    EXPECT_THAT(problem("\n\n\"a b\" = \"a\"\n"), HasSubstr(place + ":3: \"a b\" is no address"));
    EXPECT_THAT(problem("\"a.example\" = \n"), HasSubstr(place + ":1: "));
    EXPECT_THAT(problem("a.example = \"a\"\n"), HasSubstr(place + ":1: \"a\" is no route: domains stand in quotes"));
    EXPECT_THAT(problem("\"a.example\" = 25\n"), HasSubstr("has no text for a route"));
    EXPECT_THAT(problem("\"a.example\" = \"a\"\n\"A.example\" = \"a\"\n"),
                HasSubstr(place + ":2: \"A.example\" has a route already"));
}

TEST_F(a_file, that_is_not_there_is_told)
{
    rule_table table;
    EXPECT_THROW(read_table_file("/nonexistent/routes.toml", table), std::invalid_argument);
}

} // namespace
} // namespace routes
