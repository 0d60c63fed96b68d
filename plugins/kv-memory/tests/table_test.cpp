// What each item does, in memory.

#include "../src/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern_kv_memory::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t second = 1'000'000'000;

class recording_sink final : public change_sink {
public:
    void put(std::string_view key, const row& now) override
    {
        said.push_back("put " + std::string{key.substr(key.find('\0') + 1)} + "=" + now.value);
    }
    void remove(std::string_view key) override { said.push_back("remove " + std::string{key.substr(key.find('\0') + 1)}); }
    std::vector<std::string> said;
};

class rows : public ::testing::Test {
protected:
    result put(std::string_view key, std::string_view value, std::uint64_t ttl_ns = 0)
    {
        return all.run("s", {POSTERN_KV_PUT, 0, key, value, {}, 0, ttl_ns}, now, changes);
    }
    result add(std::string_view key, std::int64_t number, std::uint64_t ttl_ns = 0, std::uint32_t flags = 0)
    {
        return all.run("s", {POSTERN_KV_ADD, flags, key, {}, {}, number, ttl_ns}, now, changes);
    }
    result swap(std::string_view key, std::string_view expected, std::string_view value, std::uint32_t flags = 0)
    {
        return all.run("s", {POSTERN_KV_SWAP, flags, key, value, expected, 0, 0}, now, changes);
    }
    result remove(std::string_view key) { return all.run("s", {POSTERN_KV_REMOVE, 0, key, {}, {}, 0, 0}, now, changes); }
    std::vector<std::string> scan(std::string_view prefix, std::string_view after = {}, std::uint32_t limit = 1000)
    {
        std::vector<std::string> keys;
        const auto found = all.scan("s", prefix, after, limit, now);
        for (const auto& one : found.pairs)
            keys.push_back(one.key);
        if (found.has_more)
            keys.emplace_back("...");
        return keys;
    }

    table all{100'000};
    recording_sink changes;
    wall_time now = 1'000'000;
};

TEST_F(rows, are_put_read_and_removed_and_every_change_is_told)
{
    EXPECT_EQ(all.get("s", "a", now).code, POSTERN_KV_MISSING);
    EXPECT_EQ(put("a", "1").code, POSTERN_KV_OK);
    EXPECT_EQ(all.get("s", "a", now).value, "1");
    EXPECT_EQ(all.get("t", "a", now).code, POSTERN_KV_MISSING); // another namespace
    EXPECT_EQ(remove("a").code, POSTERN_KV_OK);
    EXPECT_EQ(remove("a").code, POSTERN_KV_MISSING);
    EXPECT_THAT(changes.said, ElementsAre("put a=1", "remove a"));
    EXPECT_EQ(all.octets(), 0U);
}

TEST_F(rows, count_in_decimal_numbers_of_64_bits)
{
    EXPECT_EQ(add("n", 5).number, 5);
    EXPECT_EQ(add("n", -7).number, -2);
    EXPECT_EQ(all.get("s", "n", now).value, "-2");
    put("n", "9223372036854775807");
    EXPECT_EQ(add("n", 1).code, POSTERN_KV_NO_NUMBER);
    for (const std::string_view text : {"", "x", "1x", " 1", "+1", "9223372036854775808"}) {
        put("n", text);
        EXPECT_EQ(add("n", 1).code, POSTERN_KV_NO_NUMBER) << text;
        EXPECT_EQ(all.get("s", "n", now).value, text);
    }
}

TEST_F(rows, are_swapped_only_when_they_are_as_expected)
{
    EXPECT_EQ(swap("k", "a", "b").code, POSTERN_KV_MISSING);
    EXPECT_EQ(swap("k", "", "a", POSTERN_KV_IF_MISSING).code, POSTERN_KV_OK);
    EXPECT_EQ(swap("k", "", "b", POSTERN_KV_IF_MISSING).code, POSTERN_KV_DIFFERS);
    const auto differs = swap("k", "x", "b");
    EXPECT_EQ(differs.code, POSTERN_KV_DIFFERS);
    EXPECT_EQ(differs.value, "a");
    EXPECT_EQ(swap("k", "a", "b").code, POSTERN_KV_OK);
    EXPECT_EQ(all.get("s", "k", now).value, "b");
}

TEST_F(rows, are_gone_at_their_time_and_not_before)
{
    put("k", "v", second);
    now += 999;
    EXPECT_EQ(all.get("s", "k", now).ttl_ns, 1'000'000U);
    now += 1;
    EXPECT_EQ(all.get("s", "k", now).code, POSTERN_KV_MISSING);
    EXPECT_THAT(scan(""), IsEmpty());
    EXPECT_EQ(swap("k", "", "w", POSTERN_KV_IF_MISSING).code, POSTERN_KV_OK);
    put("tiny", "v", 1); // a nanosecond is rounded up
    EXPECT_EQ(all.get("s", "tiny", now).code, POSTERN_KV_OK);
    put("far", "v", ~std::uint64_t{0});
    now += 1'000'000;
    EXPECT_EQ(all.get("s", "far", now).code, POSTERN_KV_OK);
}

TEST_F(rows, that_count_keep_their_time_unless_it_is_renewed)
{
    add("window", 1, second);
    add("renewed", 1, second, POSTERN_KV_RENEW);
    now += 600;
    add("window", 1, second);
    add("renewed", 1, second, POSTERN_KV_RENEW);
    now += 400;
    EXPECT_EQ(all.get("s", "window", now).code, POSTERN_KV_MISSING);
    EXPECT_EQ(all.get("s", "renewed", now).value, "2");
    EXPECT_EQ(add("window", 1, second).number, 1); // a new window
}

TEST_F(rows, are_listed_in_their_order_by_prefix_and_pages)
{
    for (const std::string_view key : {"b2", "a", "b1", "b", "c"})
        put(key, "v");
    (void)all.run("t", {POSTERN_KV_PUT, 0, "b9", "v", {}, 0, 0}, now, changes);
    EXPECT_THAT(scan("b"), ElementsAre("b", "b1", "b2"));
    EXPECT_THAT(scan("b", "", 2), ElementsAre("b", "b1", "..."));
    EXPECT_THAT(scan("b", "b1"), ElementsAre("b2"));
    EXPECT_THAT(scan("b", "a"), ElementsAre("b", "b1", "b2")); // behind what comes before the prefix
    EXPECT_THAT(scan("b", "c"), IsEmpty());
    EXPECT_THAT(scan(""), ElementsAre("a", "b", "b1", "b2", "c"));
}

TEST_F(rows, fill_a_page_up_to_a_mebioctet_and_one_pair_at_least)
{
    table large{std::size_t{64} << 20U};
    const std::string value(65'536, 'x');
    for (int i = 0; i < 20; ++i)
        (void)large.run("s", {POSTERN_KV_PUT, 0, "k" + std::to_string(100 + i), value, {}, 0, 0}, now, changes);
    const auto found = large.scan("s", "", "", 1000, now);
    EXPECT_EQ(found.pairs.size(), 15U);
    EXPECT_TRUE(found.has_more);
}

TEST_F(rows, take_no_more_memory_than_they_may)
{
    const std::string value(1000, 'x');
    int kept = 0;
    while (put("key" + std::to_string(kept), value).code == POSTERN_KV_OK)
        ++kept;
    EXPECT_EQ(kept, 88); // 100,000 / (128 for a row, 7 for its key, 1,000)
    EXPECT_LE(all.octets(), 100'000U);
    EXPECT_EQ(put("key0", "short").code, POSTERN_KV_OK); // what gets smaller has room
    EXPECT_EQ(add("counter", 1).code, POSTERN_KV_OK);
    EXPECT_EQ(remove("key1").code, POSTERN_KV_OK);
    EXPECT_EQ(put("again", value).code, POSTERN_KV_OK);
}

TEST_F(rows, that_had_their_time_are_swept_portion_by_portion)
{
    for (int i = 0; i < 100; ++i)
        put("k" + std::to_string(100 + i), "v", i % 2 == 0 ? second : 0);
    now += 1000;
    for (int i = 0; i < 11; ++i)
        all.sweep(10, now);
    EXPECT_EQ(all.size(), 50U);
}

} // namespace
} // namespace postern_kv_memory::testing
