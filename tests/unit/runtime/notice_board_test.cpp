#include "core/runtime/notice_board.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::runtime {
namespace {

using hooks::notice_kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class recorder final : public hooks::observer {
public:
    explicit recorder(notice_kind kind) : kind_{kind} {}
    [[nodiscard]] bool wants(notice_kind kind) const noexcept override { return kind == kind_; }
    void observe(const hooks::notice& what, base::wall_time when) noexcept override
    {
        EXPECT_GT(when.time_since_epoch().count(), 0);
        seen.emplace_back(what.text);
    }
    std::vector<std::string> seen;

private:
    notice_kind kind_;
};

TEST(a_notice_board, tells_each_observer_what_it_wants)
{
    const base::system_clock clock;
    notice_board board{clock};
    EXPECT_FALSE(board.wants(notice_kind::connected));
    board.tell({.kind = notice_kind::connected, .text = "to nobody"});

    const auto first = std::make_shared<recorder>(notice_kind::connected);
    const auto second = std::make_shared<recorder>(notice_kind::breaker_closed);
    board.publish({first, second});
    EXPECT_TRUE(board.wants(notice_kind::connected));
    EXPECT_FALSE(board.wants(notice_kind::accepted));
    board.tell({.kind = notice_kind::connected, .text = "a"});
    board.tell({.kind = notice_kind::accepted, .text = "b"});
    board.tell({.kind = notice_kind::breaker_closed, .text = "c"});
    EXPECT_THAT(first->seen, ElementsAre("a"));
    EXPECT_THAT(second->seen, ElementsAre("c"));
}

TEST(a_notice_board, forgets_those_of_the_last_generation)
{
    const base::system_clock clock;
    notice_board board{clock};
    const auto old = std::make_shared<recorder>(notice_kind::failed);
    board.publish({old});
    board.publish({});
    EXPECT_FALSE(board.wants(notice_kind::failed));
    board.tell({.kind = notice_kind::failed, .text = "late"});
    EXPECT_THAT(old->seen, IsEmpty());
    EXPECT_EQ(old.use_count(), 1);
}

} // namespace
} // namespace postern::runtime
