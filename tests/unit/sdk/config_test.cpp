// Options reach a constructor as C++ values, and what does not fit is refused with its key.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

/// Lets a test read options where a plugin does: in its constructor.
class reader {
public:
    explicit reader(const postern::host& host) { (*read)(host); }
    void on(const postern::connection&) {}

    static inline const std::function<void(const postern::host&)>* read = nullptr; // the tests run one after the other
};
constexpr postern_plugin table = postern::sdk::describe<reader>("org.example.reader", "1.0", "test");

postern_status reads(fake_host& host, const std::function<void(const postern::host&)>& read)
{
    reader::read = &read;
    return host.create("instance");
}

TEST(config, gives_every_kind_of_value)
{
    fake_host fake{table};
    fake.option("text", "hello");
    fake.option("yes", true);
    fake.option("size", 10 * 1024 * 1024);
    fake.option("ratio", 0.25);
    fake.option("time", 90s);
    fake.list("domains", {"a.example", "b.example"});
    fake.table("add", {{"X-A", "1"}, {"X-B", "2"}});
    EXPECT_EQ(reads(fake,
                    [](const postern::host& host) {
                        EXPECT_EQ(host.config("text", "x"), "hello");
                        EXPECT_TRUE(host.config("yes", false));
                        EXPECT_EQ(host.config("size", std::uint64_t{1}), 10485760u);
                        EXPECT_EQ(host.config("ratio", 1.0), 0.25);
                        EXPECT_EQ(host.config("time", 1ms), 90s);
                        EXPECT_THAT(host.list("domains"), ElementsAre("a.example", "b.example"));
                        EXPECT_THAT(host.table("add"), ElementsAre(Pair("X-A", "1"), Pair("X-B", "2")));
                        EXPECT_EQ(host.required("text"), "hello");
                        EXPECT_EQ(host.name(), "instance");
                        EXPECT_EQ(host.generation(), 1u);
                    }),
              POSTERN_PASS);
}

// The last of them would be taken for all, and the others forgotten without a word.
TEST(config, of_one_value_is_none_of_a_list_or_a_table)
{
    for (const bool is_table : {false, true}) {
        fake_host fake{table};
        if (is_table)
            fake.table("many", {{"a", "1"}});
        else
            fake.list("many", {"a", "b"});
        EXPECT_EQ(reads(fake, [](const postern::host& host) { (void)host.config("many", ""); }), POSTERN_E_INVALID);
        EXPECT_THAT(fake.refusals(),
                    ElementsAre(Pair("many", "has several values: the plugin has to read it with host.list() or host.table()")));
    }
}

TEST(config, falls_back_where_nothing_was_given)
{
    fake_host fake{table};
    EXPECT_EQ(reads(fake,
                    [](const postern::host& host) {
                        EXPECT_EQ(host.config("text", "x"), "x");
                        EXPECT_FALSE(host.config("yes", false));
                        EXPECT_EQ(host.config("size", -3), -3);
                        EXPECT_EQ(host.config("ratio", 1.5), 1.5);
                        EXPECT_EQ(host.config("time", 1ms), 1ms);
                        EXPECT_THAT(host.list("domains"), IsEmpty());
                        EXPECT_THAT(host.table("add"), IsEmpty());
                    }),
              POSTERN_PASS);
}

void expect_refusal(const std::function<void(fake_host&)>& given, const std::function<void(const postern::host&)>& read,
                    const std::string& text)
{
    fake_host fake{table};
    given(fake);
    EXPECT_EQ(reads(fake, read), POSTERN_E_INVALID);
    EXPECT_THAT(fake.refusals(), ElementsAre(Pair("key", text)));
}

TEST(config, refuses_a_value_of_another_kind)
{
    const auto text = [](fake_host& fake) { fake.option("key", "hello"); };
    const auto number = [](fake_host& fake) { fake.option("key", 5); };
    expect_refusal(
        number, [](const postern::host& host) { static_cast<void>(host.config("key", "x")); }, "has to be a string");
    expect_refusal(
        text, [](const postern::host& host) { static_cast<void>(host.config("key", true)); }, "has to be true or false");
    expect_refusal(
        text, [](const postern::host& host) { static_cast<void>(host.config("key", 1)); }, "has to be an integer");
    expect_refusal(
        text, [](const postern::host& host) { static_cast<void>(host.config("key", 1.0)); }, "has to be a number");
    expect_refusal(
        text, [](const postern::host& host) { static_cast<void>(host.config("key", 1s)); }, "has to be a duration");
}

TEST(config, refuses_an_integer_that_does_not_fit)
{
    const auto read = [](const postern::host& host) { static_cast<void>(host.config("key", std::uint8_t{0})); };
    expect_refusal([](fake_host& fake) { fake.option("key", 256); }, read, "is out of range");
    expect_refusal([](fake_host& fake) { fake.option("key", -1); }, read, "is out of range");
    fake_host fake{table};
    fake.option("key", 255);
    EXPECT_EQ(reads(fake, [](const postern::host& host) { EXPECT_EQ(host.config("key", std::uint8_t{0}), 255); }), POSTERN_PASS);
}

TEST(config, refuses_a_required_text_that_is_missing_or_empty)
{
    const auto read = [](const postern::host& host) { static_cast<void>(host.required("key")); };
    expect_refusal([](fake_host&) {}, read, "is required");
    expect_refusal([](fake_host& fake) { fake.option("key", ""); }, read, "is required");
}

TEST(capability, is_null_where_the_host_has_none)
{
    fake_host fake{table};
    fake.missing = {POSTERN_BLOB_1};
    EXPECT_EQ(reads(fake,
                    [](const postern::host& host) {
                        EXPECT_EQ(host.capability<postern_blob_1>("postern.dns/2"), nullptr);
                        EXPECT_EQ(host.capability<postern_blob_1>(POSTERN_BLOB_1), nullptr);
                        EXPECT_NE(host.capability<postern_core_1>(POSTERN_CORE_1), nullptr);
                    }),
              POSTERN_PASS);
}

} // namespace
