#include "core/io/buffer_pool.hpp"

namespace postern::io {

TEST(buffer_pool, gives_the_same_buffer_again_after_it_came_back)
{
    buffer_pool pool;
    auto first = pool.borrow();
    const auto* const place = first.data();
    first.reset();
    EXPECT_FALSE(first);
    const auto second = pool.borrow();
    EXPECT_EQ(second.data(), place);
}

TEST(buffer_pool, gives_different_buffers_to_two_borrowers)
{
    buffer_pool pool;
    const auto first = pool.borrow();
    const auto second = pool.borrow();
    EXPECT_NE(first.data(), second.data());
}

TEST(buffer_pool, moves_a_buffer_with_its_owner)
{
    buffer_pool pool;
    auto first = pool.borrow();
    const auto* const place = first.data();
    buffer_pool::buffer second;
    second = std::move(first);
    EXPECT_EQ(second.data(), place);
    second.reset();
    EXPECT_EQ(pool.borrow().data(), place);
}

} // namespace postern::io
