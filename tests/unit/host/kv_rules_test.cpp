#include "core/host/kv_rules.hpp"

#include "core/host/reply_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::daemon {
namespace {

template <class Record>
postern_list list_of(const std::vector<Record>& records)
{
    postern_list list{};
    list.at = records.data();
    list.count = static_cast<std::uint32_t>(records.size());
    list.stride = sizeof(Record);
    return list;
}

postern_kv_item item(std::uint32_t op, std::string_view key, std::string_view value = {})
{
    postern_kv_item made{};
    made.op = op;
    made.key = borrowed(key);
    made.value = borrowed(value);
    return made;
}

bool is_taken(const std::vector<postern_kv_item>& items, std::uint32_t flags = 0)
{
    postern_kv_request request{};
    request.size = sizeof request;
    request.flags = flags;
    request.items = list_of(items);
    return is_sound(request);
}

bool is_taken(const postern_kv_item& one)
{
    return is_taken(std::vector{one});
}

TEST(a_kv_request, has_keys_of_1_to_512_octets)
{
    EXPECT_FALSE(is_taken(item(POSTERN_KV_GET, "")));
    EXPECT_TRUE(is_taken(item(POSTERN_KV_GET, "k")));
    EXPECT_TRUE(is_taken(item(POSTERN_KV_GET, std::string(512, 'k'))));
    EXPECT_FALSE(is_taken(item(POSTERN_KV_GET, std::string(513, 'k'))));
    auto none = item(POSTERN_KV_GET, "k");
    none.key.ptr = nullptr;
    EXPECT_FALSE(is_taken(none));
}

TEST(a_kv_request, has_values_of_at_most_65536_octets)
{
    const std::string most(65'536, 'v');
    EXPECT_TRUE(is_taken(item(POSTERN_KV_PUT, "k", most)));
    EXPECT_FALSE(is_taken(item(POSTERN_KV_PUT, "k", most + "v")));
    auto swap = item(POSTERN_KV_SWAP, "k");
    swap.expected = borrowed(most);
    EXPECT_TRUE(is_taken(swap));
    const auto more = most + "v";
    swap.expected = borrowed(more);
    EXPECT_FALSE(is_taken(swap));
}

TEST(a_kv_request, has_1_to_1000_items_and_1_mib_of_octets)
{
    EXPECT_FALSE(is_taken(std::vector<postern_kv_item>{}));
    EXPECT_TRUE(is_taken(std::vector(1000, item(POSTERN_KV_GET, "k"))));
    EXPECT_FALSE(is_taken(std::vector(1001, item(POSTERN_KV_GET, "k"))));
    const std::string value(65'535, 'v');
    std::vector most(16, item(POSTERN_KV_PUT, "k", value)); // with their keys just 1 MiB
    EXPECT_TRUE(is_taken(most));
    const std::string one_more(65'536, 'v');
    most.back() = item(POSTERN_KV_PUT, "k", one_more);
    EXPECT_FALSE(is_taken(most));
}

TEST(a_kv_request, has_operations_and_flags_that_there_are)
{
    for (std::uint32_t op = POSTERN_KV_GET; op <= POSTERN_KV_REMOVE; ++op)
        EXPECT_TRUE(is_taken(item(op, "k"))) << op;
    EXPECT_FALSE(is_taken(item(POSTERN_KV_GET - 1, "k")));
    EXPECT_FALSE(is_taken(item(POSTERN_KV_REMOVE + 1, "k")));
    EXPECT_TRUE(is_taken(std::vector{item(POSTERN_KV_PUT, "k")}, POSTERN_KV_DURABLE));
    EXPECT_FALSE(is_taken(std::vector{item(POSTERN_KV_PUT, "k")}, POSTERN_KV_DURABLE << 1U));
    auto flagged = item(POSTERN_KV_SWAP, "k");
    flagged.flags = POSTERN_KV_IF_MISSING;
    EXPECT_TRUE(is_taken(flagged));
    flagged.expected = borrowed("x");
    EXPECT_FALSE(is_taken(flagged)) << "missing, or this: not both";
    flagged = item(POSTERN_KV_GET, "k");
    flagged.flags = POSTERN_KV_IF_MISSING;
    EXPECT_FALSE(is_taken(flagged));
}

TEST(a_kv_scan, is_for_1_to_1000_pairs)
{
    postern_kv_scan scan{};
    scan.size = sizeof scan;
    for (const auto& [limit, is_good] : {std::pair{0U, false}, {1U, true}, {1000U, true}, {1001U, false}}) {
        scan.limit = limit;
        EXPECT_EQ(is_sound(scan), is_good) << limit;
    }
    scan.limit = 1;
    const std::string long_key(513, 'k');
    scan.prefix = borrowed(std::string_view{long_key}.substr(1));
    EXPECT_TRUE(is_sound(scan));
    scan.after = borrowed(long_key);
    EXPECT_FALSE(is_sound(scan));
}

TEST(results_of_a_kv_store, are_one_an_item_and_sound)
{
    postern_kv_result one{};
    const std::vector two{one, one};
    EXPECT_EQ(fault_of_results(list_of(two), 2), nullptr);
    EXPECT_STREQ(fault_of_results(list_of(two), 1), "not one result an item");
    EXPECT_EQ(fault_of_pairs(list_of(two), 2), nullptr);
    EXPECT_STREQ(fault_of_pairs(list_of(two), 1), "more pairs than were asked for");
    auto narrow = list_of(two);
    narrow.stride = 4;
    EXPECT_NE(fault_of_results(narrow, 2), nullptr);
    auto strange = two;
    strange[1].result = POSTERN_KV_FAILED + 1;
    EXPECT_STREQ(fault_of_results(list_of(strange), 2), "no such result");
    auto null = two;
    null[1].value.len = 1;
    EXPECT_STREQ(fault_of_results(list_of(null), 2), "a key or a value that is NULL or too long");
}

} // namespace
} // namespace postern::daemon
