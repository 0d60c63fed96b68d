#include "core/host/reply_reader.hpp"

#include "core/hooks/outgoing.hpp"
#include "core/hooks/shaping.hpp"

#include <postern/abi/outgoing.h>
#include <postern/abi/shaping.h>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;
using hooks::hook_point;

template <class Record>
Record fresh()
{
    Record record{};
    record.base.size = sizeof record;
    return record;
}

TEST(shaping_reply_reader, reads_rules)
{
    auto record = fresh<postern_queue_policy_reply>();
    record.pool = borrowed("bulk");
    record.concurrency = 2;
    record.rate_count = 60;
    record.rate_ms = 60'000;
    record.valid_s = 10;
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::queue_policy, record.base, reply), nullptr);
    ASSERT_TRUE(reply.shape);
    EXPECT_EQ(reply.shape->policy.pool, "bulk");
    EXPECT_EQ(reply.shape->policy.concurrency, 2U);
    EXPECT_EQ(reply.shape->policy.rate_count, 60U);
    EXPECT_EQ(reply.shape->policy.rate_per, 1min);
    EXPECT_EQ(reply.shape->policy.valid, 10s);
}

TEST(shaping_reply_reader, follows_no_bad_pointer_of_rules)
{
    hooks::plugin_reply reply;
    auto record = fresh<postern_queue_policy_reply>();
    record.pool = {nullptr, 4};
    EXPECT_NE(read_reply(hook_point::queue_policy, record.base, reply), nullptr);
    const std::string longest(256, 'x');
    record.pool = borrowed(longest);
    EXPECT_NE(read_reply(hook_point::queue_policy, record.base, reply), nullptr);
    record.pool.len = 255;
    EXPECT_EQ(read_reply(hook_point::queue_policy, record.base, reply), nullptr);
    record.rate_ms = 30ULL * 24 * 3600 * 1000 + 1;
    EXPECT_NE(read_reply(hook_point::queue_policy, record.base, reply), nullptr);
    record.base.size = sizeof record - 1;
    EXPECT_NE(read_reply(hook_point::queue_policy, record.base, reply), nullptr) << "smaller than the first";
}

TEST(shaping_reply_reader, reads_a_wait)
{
    for (const auto hook : {hook_point::queue_admit, hook_point::queue_retry, hook_point::delivery_reply}) {
        auto record = fresh<postern_wait_reply>();
        record.wait_ms = 30ULL * 24 * 3600 * 1000;
        hooks::plugin_reply reply;
        ASSERT_EQ(read_reply(hook, record.base, reply), nullptr) << name_of(hook);
        ASSERT_TRUE(reply.shape);
        EXPECT_EQ(reply.shape->wait, 30 * 24h);
        ++record.wait_ms;
        EXPECT_NE(read_reply(hook, record.base, reply), nullptr) << name_of(hook);
        record.wait_ms = ~std::uint64_t{0};
        EXPECT_NE(read_reply(hook, record.base, reply), nullptr) << name_of(hook);
        record.base.size = sizeof(postern_reply);
        ASSERT_EQ(read_reply(hook, record.base, reply), nullptr);
        EXPECT_FALSE(reply.shape) << "a plain reply says no more";
    }
}

TEST(outgoing_reply_reader, reads_a_pool)
{
    auto record = fresh<postern_delivery_source_reply>();
    record.pool = borrowed("bulk");
    hooks::plugin_reply reply;
    ASSERT_EQ(read_reply(hook_point::delivery_source, record.base, reply), nullptr);
    EXPECT_EQ(reply.out->pool, "bulk");
    record.pool = {nullptr, 4};
    EXPECT_NE(read_reply(hook_point::delivery_source, record.base, reply), nullptr);
    const std::string longest(256, 'x');
    record.pool = borrowed(longest);
    EXPECT_NE(read_reply(hook_point::delivery_source, record.base, reply), nullptr);
}

TEST(outgoing_reply_reader, reads_a_socket_that_has_an_owner_from_then_on)
{
    const int given = ::socket(AF_INET, SOCK_STREAM, 0);
    auto record = fresh<postern_delivery_connect_reply>();
    record.has_socket = 1;
    record.socket = given;
    {
        hooks::plugin_reply reply;
        ASSERT_EQ(read_reply(hook_point::delivery_connect, record.base, reply), nullptr);
        ASSERT_TRUE(reply.out->socket);
        EXPECT_EQ(reply.out->socket->get(), given);
    }
    EXPECT_EQ(::fcntl(given, F_GETFD), -1) << "closed with the last who has it";
}

TEST(outgoing_reply_reader, reads_no_socket_that_is_none)
{
    hooks::plugin_reply reply;
    auto record = fresh<postern_delivery_connect_reply>();
    record.socket = -1;
    ASSERT_EQ(read_reply(hook_point::delivery_connect, record.base, reply), nullptr);
    EXPECT_FALSE(reply.out->socket);
    record.socket = 0; // of a record that is all zero but for its size
    ASSERT_EQ(read_reply(hook_point::delivery_connect, record.base, reply), nullptr);
    EXPECT_FALSE(reply.out->socket);
    record.has_socket = 1;
    record.socket = -1;
    EXPECT_NE(read_reply(hook_point::delivery_connect, record.base, reply), nullptr);
    record.has_socket = 2;
    record.socket = 3;
    EXPECT_NE(read_reply(hook_point::delivery_connect, record.base, reply), nullptr);
}

} // namespace
} // namespace postern::daemon
