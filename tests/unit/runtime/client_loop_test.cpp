#include "core/runtime/client_loop.hpp"

#include <gtest/gtest.h>

namespace postern::runtime {
namespace {

TEST(client_loop, is_one_for_all_clients_on_a_context)
{
    io::asio::io_context one;
    io::asio::io_context other;
    const auto first = client_loop(one);
    EXPECT_EQ(first, client_loop(one));
    EXPECT_NE(first, client_loop(other));
    EXPECT_EQ(&first->context(), &one);
}

TEST(client_loop, ends_with_its_last_client_so_that_the_context_can_end)
{
    struct limit final : io::deadline {
        using deadline::deadline;
        void expired() noexcept override { ADD_FAILURE() << "in an hour"; }
    };
    io::asio::io_context context;
    auto shared = client_loop(context);
    const std::weak_ptr<io::loop> watched = shared;
    {
        limit one{shared->deadlines()};
        one.set(std::chrono::hours{1});
    }
    shared.reset();
    EXPECT_TRUE(watched.expired());
    context.run(); // has nothing left to wait for
    EXPECT_NE(client_loop(context), nullptr) << "the next client gets a new one";
}

TEST(client_loop, may_outlive_what_its_context_has_still_to_do)
{
    std::weak_ptr<io::loop> watched;
    {
        io::asio::io_context context;
        const auto shared = client_loop(context);
        watched = shared;
        shared->spawn("client", [](std::shared_ptr<io::loop> mine) -> io::task<void> {
            io::timer never{mine->context()};
            never.expires_at(io::timer::time_point::max());
            co_await never.async_wait(io::use_task);
        }(shared));
        context.poll();
    }
    EXPECT_TRUE(watched.expired()) << "the task went with the context, and with it what it held";
}

} // namespace
} // namespace postern::runtime
