#include "core/host/session_table.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace postern::daemon {
namespace {

class silent_port final : public hooks::session_port {
public:
    void answer(std::uint64_t, hooks::plugin_reply) noexcept override {}
    [[nodiscard]] bool wake(std::shared_ptr<hooks::plugin>, std::uint64_t, std::chrono::nanoseconds) noexcept override
    {
        return true;
    }
    [[nodiscard]] bool post(std::function<void()>) noexcept override { return true; }
};

TEST(session_table, has_a_cookie_and_a_port_for_each_session_that_entered)
{
    session_table table;
    const auto port = std::make_shared<silent_port>();
    EXPECT_EQ(table.enter(1, port), 0U) << "nothing was set";
    EXPECT_EQ(table.enter(2, nullptr), 0U);
    EXPECT_TRUE(table.set_cookie(1, 77));
    EXPECT_EQ(table.cookie(1), 77U);
    EXPECT_EQ(table.cookie(2), 0U);
    EXPECT_EQ(table.port(1), port);
    EXPECT_EQ(table.port(2), nullptr);
    EXPECT_EQ(table.enter(1, std::make_shared<silent_port>()), 77U);
    EXPECT_EQ(table.port(1), port) << "the first stays";
    EXPECT_EQ(&table.sit(1, nullptr), &table.sit(1, nullptr));
}

TEST(session_table, knows_nothing_of_sessions_that_never_came_or_have_left)
{
    session_table table;
    EXPECT_FALSE(table.set_cookie(1, 77));
    EXPECT_EQ(table.cookie(1), 0U);
    EXPECT_FALSE(table.leave(1));
    (void)table.enter(1, std::make_shared<silent_port>());
    EXPECT_TRUE(table.set_cookie(1, 77));
    EXPECT_TRUE(table.leave(1));
    EXPECT_FALSE(table.leave(1));
    EXPECT_EQ(table.port(1), nullptr);
    EXPECT_FALSE(table.set_cookie(1, 78));
    EXPECT_EQ(table.enter(1, nullptr), 0U) << "another one with its number";
}

/// What a port owns may call back while it goes, and then finds the table open.
class calling_back final : public hooks::session_port {
public:
    explicit calling_back(session_table& table) : table_{table} {}
    ~calling_back() override { (void)table_.leave(1); }
    void answer(std::uint64_t, hooks::plugin_reply) noexcept override {}
    [[nodiscard]] bool wake(std::shared_ptr<hooks::plugin>, std::uint64_t, std::chrono::nanoseconds) noexcept override
    {
        return false;
    }
    [[nodiscard]] bool post(std::function<void()>) noexcept override { return false; }

private:
    session_table& table_;
};

TEST(session_table, lets_go_of_a_port_outside_of_its_lock)
{
    session_table table;
    (void)table.enter(1, std::make_shared<calling_back>(table));
    EXPECT_TRUE(table.leave(1));
}

TEST(session_table, holds_more_sessions_than_it_has_parts)
{
    session_table table;
    for (std::uint64_t session = 1; session <= 1000; ++session) {
        (void)table.enter(session, nullptr);
        EXPECT_TRUE(table.set_cookie(session, session * 3));
    }
    for (std::uint64_t session = 1; session <= 1000; ++session)
        EXPECT_EQ(table.cookie(session), session * 3);
}

} // namespace
} // namespace postern::daemon
