#include "core/io/loop.hpp"
#include "tests/support/memory_log.hpp"

namespace postern::io {
namespace {

using namespace std::chrono_literals;

class flag final : public deadline {
public:
    explicit flag(deadline_list& list) : deadline{list} {}
    int times = 0;
    std::function<void()> then = [] {};

private:
    void expired() noexcept override
    {
        ++times;
        then();
    }
};

struct deadlines : testing::Test {
    test::memory_log lines;
    loop home{base::log{lines}};
};

TEST_F(deadlines, expire_once)
{
    flag one{home.deadlines()};
    one.set(1ms);
    home.context().run(); // ends when nothing ticks any more
    EXPECT_EQ(one.times, 1);
}

TEST_F(deadlines, that_are_cleared_or_destroyed_do_not_expire)
{
    flag kept{home.deadlines()};
    flag cleared{home.deadlines()};
    auto destroyed = std::make_unique<flag>(home.deadlines());
    kept.set(1ms);
    cleared.set(1ms);
    destroyed->set(1ms);
    cleared.clear();
    destroyed.reset();
    home.context().run();
    EXPECT_EQ(kept.times, 1);
    EXPECT_EQ(cleared.times, 0);
}

TEST_F(deadlines, that_are_set_again_wait_for_their_new_time)
{
    flag later{home.deadlines()};
    flag sooner{home.deadlines()};
    std::vector<std::string> order;
    later.then = [&] { order.push_back("later"); };
    sooner.then = [&] { order.push_back("sooner"); };
    later.set(1ms);
    sooner.set(1ms);
    later.set(200ms);
    home.context().run();
    EXPECT_THAT(order, testing::ElementsAre("sooner", "later"));
}

TEST_F(deadlines, may_clear_each_other_and_be_set_again_while_they_expire)
{
    flag first{home.deadlines()};
    flag second{home.deadlines()};
    first.then = [&] {
        second.clear();
        if (first.times == 1)
            first.set(1ms);
    };
    first.set(1ms);
    second.set(1ms);
    home.context().run();
    EXPECT_EQ(first.times, 2);
    EXPECT_EQ(second.times, 0);
}

} // namespace
} // namespace postern::io
