#include "core/io/ticket_keys.hpp"

#include <gtest/gtest.h>

namespace postern::io {
namespace {

using namespace std::chrono_literals;

constexpr base::instant start{1000h};

TEST(ticket_keys, are_made_once_and_used_until_their_time_is_over)
{
    ticket_keys keys;
    const auto first = keys.current(start);
    ASSERT_TRUE(first);
    EXPECT_NE(first->cipher, ticket_key{}.cipher);
    EXPECT_NE(first->mac, ticket_key{}.mac);
    EXPECT_EQ(keys.current(start + ticket_keys::lifetime - 1ns)->name, first->name);
    const auto second = keys.current(start + ticket_keys::lifetime);
    EXPECT_NE(second->name, first->name);
    EXPECT_NE(second->cipher, first->cipher);
    EXPECT_NE(second->mac, first->mac);
}

TEST(ticket_keys, open_for_as_long_again_as_they_sealed)
{
    ticket_keys keys;
    const auto first = *keys.current(start);
    EXPECT_TRUE(keys.named(first.name, start)->is_current);
    EXPECT_FALSE(keys.named(first.name, start + ticket_keys::lifetime)->is_current) << "nobody has sealed since";
    const auto second = *keys.current(start + ticket_keys::lifetime);
    const auto old = keys.named(first.name, start + 2 * ticket_keys::lifetime - 1ns);
    ASSERT_TRUE(old);
    EXPECT_EQ(old->key.cipher, first.cipher);
    EXPECT_FALSE(old->is_current);
    EXPECT_FALSE(keys.named(first.name, start + 2 * ticket_keys::lifetime));
    EXPECT_TRUE(keys.named(second.name, start + 2 * ticket_keys::lifetime - 1ns)->is_current);
}

TEST(ticket_keys, know_no_name_of_others)
{
    ticket_keys keys;
    ticket_keys others;
    EXPECT_FALSE(keys.named(ticket_key{}.name, start)) << "none has been made";
    (void)keys.current(start);
    EXPECT_FALSE(keys.named(others.current(start)->name, start));
}

} // namespace
} // namespace postern::io
