#include "core/host/manifest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <postern/abi/config.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view head = "id = \"org.example.x\"\nstatus = \"stable\"\nsummary = \"does x\"\n"; // lines 1 to 3

class a_manifest : public ::testing::Test {
protected:
    std::optional<manifest> read(std::string_view text) { return read_manifest(folder_.write("x.toml", text), found_); }
    manifest good(std::string_view options)
    {
        auto out = read(std::string{head} + std::string{options});
        EXPECT_THAT(texts(), IsEmpty());
        return out.value_or(manifest{});
    }
    std::vector<std::string> texts() const
    {
        std::vector<std::string> out;
        for (const auto& each : found_)
            out.push_back(each.text());
        return out;
    }
    std::vector<option_value> bind(const manifest& rules, const given_options& given)
    {
        return bind_options(rules, given, {"p", {"postern.toml", 10}, "/etc/postern"}, found_);
    }

    postern::test::temporary_folder folder_;
    problems found_;
};

given_option scalar(std::string key, std::variant<std::string, std::int64_t, double, bool> value, unsigned line = 12)
{
    given_option out{std::move(key), line, option_shape::scalar, {}};
    out.items.emplace_back("", given_value{std::move(value), line});
    return out;
}

TEST_F(a_manifest, names_the_plugin_and_its_options)
{
    const auto rules = good("security = \"none\"\n[options.word]\ntype = \"string\"\ndoc = \"a word\"\ndefault = \"x\"\n");
    EXPECT_EQ(rules.id, "org.example.x");
    ASSERT_NE(rules.find("word"), nullptr);
    EXPECT_EQ(rules.find("word")->doc, "a word");
    EXPECT_EQ(rules.find("other"), nullptr);
}

TEST_F(a_manifest, is_refused_with_the_place_of_every_mistake)
{
    EXPECT_FALSE(read("id = \"x\"\nsummary = \"s\"\n[options.a]\ntype = \"colour\"\ndoc = \"d\"\nextra = 1\n"
                      "[options.b]\ntype = \"integer\"\ndoc = \"d\"\ndefault = \"x\"\n[options.c]\ntype = \"path\"\n"));
    EXPECT_THAT(texts(),
                ElementsAre(HasSubstr("status: is missing"), HasSubstr("x.toml:4: options.a.type: \"colour\" is not one of"),
                            HasSubstr("x.toml:6: options.a.extra: unknown key"),
                            HasSubstr("x.toml:10: options.b.default: must be a whole number"),
                            HasSubstr("options.c.doc: is missing")));
}

TEST_F(a_manifest, may_say_where_the_plugin_stands)
{
    const auto rules = good("before = [\"org.example.y\"]\nafter = [\"org.example.z\", \"org.example.w\"]\n");
    EXPECT_THAT(rules.before, ElementsAre("org.example.y"));
    EXPECT_THAT(rules.after, ElementsAre("org.example.z", "org.example.w"));
}

TEST_F(a_manifest, does_not_ask_for_a_place_that_there_is_not)
{
    EXPECT_FALSE(read(std::string{head} + "before = [\"org.example.x\"]\n"));
    EXPECT_THAT(texts(), ElementsAre(HasSubstr("x.toml:4: before: \"org.example.x\" cannot stand before itself")));
    found_.clear();
    EXPECT_FALSE(read(std::string{head} + "before = [\"y\"]\nafter = [\"y\"]\n"));
    EXPECT_THAT(texts(), ElementsAre(HasSubstr("x.toml:4: before: \"y\" cannot stand before itself, or both before and behind")));
    found_.clear();
    EXPECT_FALSE(read(std::string{head} + "before = \"y\"\n"));
    EXPECT_THAT(texts(), ElementsAre(HasSubstr("x.toml:4: before: must be a list of texts")));
}

TEST_F(a_manifest, does_not_give_a_required_option_a_default)
{
    EXPECT_FALSE(read(std::string{head} + "[options.a]\ntype = \"string\"\ndoc = \"d\"\nrequired = true\ndefault = \"\"\n"));
    EXPECT_THAT(texts(), ElementsAre(HasSubstr("an option that is required has no default")));
}

TEST_F(a_manifest, turns_options_into_records_of_their_kind)
{
    const auto rules = good(R"([options.string]
type = "string"
doc = "d"
[options.integer]
type = "integer"
doc = "d"
[options.boolean]
type = "boolean"
doc = "d"
[options.size]
type = "size"
doc = "d"
[options.duration]
type = "duration"
doc = "d"
[options.path]
type = "path"
doc = "d"
[options.float]
type = "float"
doc = "d"
)");
    const auto values =
        bind(rules, {scalar("string", "s"), scalar("integer", std::int64_t{-5}), scalar("boolean", true), scalar("size", "2KiB"),
                     scalar("duration", "1s"), scalar("path", "a/../b"), scalar("float", 1.5)});
    EXPECT_THAT(texts(), IsEmpty());
    ASSERT_EQ(values.size(), 7U);
    EXPECT_EQ(values[0].kind, POSTERN_OPTION_STRING);
    EXPECT_EQ(values[0].text, "s");
    EXPECT_EQ(values[1].kind, POSTERN_OPTION_INTEGER);
    EXPECT_EQ(values[1].number, -5);
    EXPECT_EQ(values[1].text, "-5");
    EXPECT_EQ(values[2].kind, POSTERN_OPTION_BOOLEAN);
    EXPECT_EQ(values[2].number, 1);
    EXPECT_EQ(values[3].kind, POSTERN_OPTION_INTEGER);
    EXPECT_EQ(values[3].number, 2048);
    EXPECT_EQ(values[4].kind, POSTERN_OPTION_DURATION);
    EXPECT_EQ(values[4].number, 1'000'000'000);
    EXPECT_EQ(values[5].text, "/etc/postern/b");
    EXPECT_EQ(values[6].kind, POSTERN_OPTION_FLOAT);
    EXPECT_EQ(values[6].number, 1500);
    EXPECT_EQ(values[0].line, 12U);
}

TEST_F(a_manifest, makes_a_record_of_each_entry)
{
    const auto rules = good("[options.l]\ntype = \"list\"\ndoc = \"d\"\n[options.t]\ntype = \"table\"\ndoc = \"d\"\n");
    given_option list{"l", 11, option_shape::list, {{"", {std::string{"a"}, 11}}, {"", {std::string{"2"}, 11}}}};
    given_option table{"t", 12, option_shape::table, {{"X", {std::string{"1"}, 13}}, {"Y", {std::string{"no"}, 14}}}};
    const auto values = bind(rules, {list, table});
    ASSERT_EQ(values.size(), 4U);
    EXPECT_EQ(values[1].index, 1U);
    EXPECT_EQ(values[1].kind, POSTERN_OPTION_STRING);
    EXPECT_EQ(values[2].name, "X");
    EXPECT_EQ(values[3].name, "Y");
    EXPECT_EQ(values[3].text, "no");
    EXPECT_EQ(values[3].line, 14U);
    EXPECT_THAT(texts(), IsEmpty());
}

TEST_F(a_manifest, takes_texts_alone_in_lists_and_tables)
{
    const auto rules = good("[options.l]\ntype = \"list\"\ndoc = \"d\"\n[options.t]\ntype = \"table\"\ndoc = \"d\"\n");
    given_option list{"l", 11, option_shape::list, {{"", {std::string{"a"}, 11}}, {"", {std::int64_t{2}, 12}}}};
    given_option number{"t", 13, option_shape::table, {{"X", {std::string{"1"}, 14}}, {"bob", {1.5, 15}}}};
    given_option flag{"t", 16, option_shape::table, {{"carl", {true, 17}}}};
    EXPECT_THAT(bind(rules, {list, number, flag}), IsEmpty());
    EXPECT_THAT(texts(), ElementsAre("postern.toml:12: plugin p: option l, element 2, must be a text in quotes",
                                     "postern.toml:15: plugin p: option t.bob must be a text in quotes",
                                     "postern.toml:17: plugin p: option t.carl must be a text in quotes"));
}

TEST_F(a_manifest, supplies_defaults_and_demands_what_is_required)
{
    const auto rules = good("[options.a]\ntype = \"path\"\ndoc = \"d\"\ndefault = \"here\"\n"
                            "[options.b]\ntype = \"string\"\ndoc = \"what it is for\"\nrequired = true\n[options.c]\ntype = "
                            "\"list\"\ndoc = \"d\"\ndefault = []\n");
    const auto values = bind(rules, {});
    ASSERT_EQ(values.size(), 1U);
    EXPECT_EQ(values[0].text, "/etc/postern/here");
    EXPECT_EQ(values[0].line, 0U);
    EXPECT_THAT(texts(), ElementsAre("postern.toml:10: plugin p: option b is required: what it is for"));
}

TEST_F(a_manifest, refuses_what_it_does_not_know_or_what_is_of_another_type)
{
    const auto rules = good("[options.a]\ntype = \"size\"\ndoc = \"d\"\n[options.b]\ntype = \"list\"\ndoc = \"d\"\n");
    (void)bind(rules, {scalar("x", "1", 11), scalar("a", "big", 12), scalar("b", "one", 13)});
    EXPECT_THAT(texts(), ElementsAre("postern.toml:11: plugin p: unknown option x; it has \"a\" or \"b\"",
                                     "postern.toml:12: plugin p: option a must be a size such as \"10MiB\"",
                                     "postern.toml:13: plugin p: option b must be a list"));
}

TEST_F(a_manifest, may_say_within_which_bounds_a_value_has_to_be)
{
    const auto rules = good(R"([options.n]
type = "integer"
doc = "d"
min = -1
max = 5
[options.t]
type = "duration"
doc = "d"
min = "1s"
[options.s]
type = "size"
doc = "d"
max = "1MiB"
[options.f]
type = "float"
doc = "d"
min = 0.5
[options.w]
type = "string"
doc = "d"
one_of = ["red", "green"]
[options.l]
type = "list"
doc = "d"
one_of = ["red", "green"]
)");
    const auto list = [](std::string item) { return given_option{"l", 15, option_shape::list, {{"", {std::move(item), 15}}}}; };
    (void)bind(rules, {scalar("n", std::int64_t{-1}), scalar("t", "1s"), scalar("s", "1MiB"), scalar("f", 0.5),
                       scalar("w", "red"), list("green")});
    (void)bind(rules, {scalar("n", std::int64_t{5}), scalar("t", "2h"), scalar("s", std::int64_t{0}), scalar("f", 7.0)});
    EXPECT_THAT(texts(), IsEmpty());
    (void)bind(rules, {scalar("n", std::int64_t{6}, 10), scalar("t", "999ms", 11), scalar("s", "2MiB", 12),
                       scalar("f", 0.499, 13), scalar("w", "blue", 14), list("blue")});
    (void)bind(rules, {scalar("n", std::int64_t{-2}, 16)});
    EXPECT_THAT(texts(), ElementsAre("postern.toml:10: plugin p: option n must be a whole number, at least -1, at most 5",
                                     "postern.toml:11: plugin p: option t must be a time such as \"30s\", at least 1s",
                                     "postern.toml:12: plugin p: option s must be a size such as \"10MiB\", at most 1MiB",
                                     "postern.toml:13: plugin p: option f must be a number, at least 0.5",
                                     "postern.toml:14: plugin p: option w must be one of \"red\", \"green\"",
                                     "postern.toml:15: plugin p: option l must be a list of \"red\", \"green\"",
                                     "postern.toml:16: plugin p: option n must be a whole number, at least -1, at most 5"));
}

TEST_F(a_manifest, bounds_only_what_has_an_order_and_offers_a_choice_only_of_texts)
{
    EXPECT_FALSE(read(std::string{head} + R"([options.a]
type = "path"
doc = "d"
min = 1
one_of = ["x"]
[options.b]
type = "integer"
doc = "d"
min = 5
max = 4
default = 3
[options.c]
type = "duration"
doc = "d"
max = 4
)"));
    EXPECT_THAT(texts(), ElementsAre(HasSubstr("x.toml:7: options.a.min: is of integer, size, duration and float"),
                                     HasSubstr("x.toml:8: options.a.one_of: is of string and list"),
                                     HasSubstr("x.toml:12: options.b.min: is above max"),
                                     HasSubstr("x.toml:14: options.b.default: must be a whole number, at least 5, at most 4"),
                                     HasSubstr("x.toml:18: options.c.max: must be a time such as \"30s\"")));
}

TEST_F(a_manifest, may_say_what_the_configuration_has_to_grant)
{
    const auto rules = good("needs = [\"body\", \"headers\"]\n");
    const option_source source{"p", {"postern.toml", 10}, {}};
    hooks::permissions may;
    check_needs(rules, may, source, found_);
    may.body = true;
    check_needs(rules, may, source, found_);
    may.headers = true;
    check_needs(rules, may, source, found_);
    EXPECT_THAT(
        texts(),
        ElementsAre("postern.toml:10: plugin p: it does nothing without more grants: add \"headers\", \"body\" to its may",
                    "postern.toml:10: plugin p: it does nothing without more grants: add \"headers\" to its may"));
    found_.clear();
    EXPECT_FALSE(read(std::string{head} + "[options.a]\ntype = \"string\"\ndoc = \"d\"\nneeds = [\"everything\"]\n"
                                          "below_deadline = true\n"));
    EXPECT_THAT(texts(), ElementsAre(HasSubstr("x.toml:7: options.a.needs: there is no grant \"everything\""),
                                     HasSubstr("x.toml:8: options.a.below_deadline: is of duration")));
    found_.clear();
    EXPECT_FALSE(read(std::string{head} + "needs = [\"everything\"]\n"));
    EXPECT_THAT(texts(), ElementsAre(HasSubstr("x.toml:4: needs: there is no grant \"everything\"")));
}

TEST_F(a_manifest, has_options_that_want_a_grant_where_they_are_on)
{
    const auto rules = good("[options.adds]\ntype = \"boolean\"\ndefault = false\nneeds = [\"headers\"]\ndoc = \"d\"\n"
                            "[options.name]\ntype = \"string\"\ndefault = \"x\"\nneeds = [\"body\"]\ndoc = \"d\"\n");
    const option_source source{"p", {"postern.toml", 10}, "/etc/postern"};
    hooks::permissions may;
    const auto check = [&](const given_options& given) {
        found_.clear();
        check_terms(rules, bind(rules, given), may, std::chrono::seconds{5}, source, found_);
        return texts();
    };
    EXPECT_THAT(check({}), IsEmpty());
    EXPECT_THAT(check({scalar("adds", false)}), IsEmpty());
    EXPECT_THAT(
        check({scalar("adds", true, 14)}),
        ElementsAre("postern.toml:14: plugin p: option adds does nothing without more grants: add \"headers\" to its may"));
    EXPECT_THAT(check({scalar("name", std::string{"y"}, 15)}), ElementsAre(HasSubstr("postern.toml:15: plugin p: option name")));
    may.headers = may.body = true;
    EXPECT_THAT(check({scalar("adds", true), scalar("name", std::string{"y"})}), IsEmpty());
}

TEST_F(a_manifest, has_options_that_have_to_be_below_the_deadline)
{
    const auto rules = good("[options.wait]\ntype = \"duration\"\ndefault = \"2s\"\nbelow_deadline = true\ndoc = \"d\"\n");
    const option_source source{"p", {"postern.toml", 10}, "/etc/postern"};
    const auto check = [&](const given_options& given, std::chrono::nanoseconds deadline) {
        found_.clear();
        check_terms(rules, bind(rules, given), {}, deadline, source, found_);
        return texts();
    };
    using namespace std::chrono_literals;
    EXPECT_THAT(check({}, 5s), IsEmpty());
    EXPECT_THAT(check({scalar("wait", std::string{"4999ms"})}, 5s), IsEmpty());
    EXPECT_THAT(
        check({scalar("wait", std::string{"5s"}, 14)}, 5s),
        ElementsAre(HasSubstr("postern.toml:14: plugin p: option wait must be below the instance's deadline, which is 5s: 5s")));
    EXPECT_THAT(check({}, 1s), ElementsAre(HasSubstr("postern.toml:10: plugin p: option wait must be below")))
        << "what is left out counts too";
}

} // namespace
} // namespace postern::daemon
