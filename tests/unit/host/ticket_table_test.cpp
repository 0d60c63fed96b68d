#include "core/host/ticket_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace postern::daemon {
namespace {

/// Counts what happens to it.
class counting_owner final : public ticket_owner {
public:
    bool take(const postern_reply* reply) noexcept override
    {
        ++taken;
        return reply != nullptr;
    }
    void finish() noexcept override { ++finished; }
    std::atomic<int> taken{0};
    std::atomic<int> finished{0};
};

constexpr postern_reply plain{sizeof(postern_reply), 0, 0, 0, {}, {}, {}, 0, 0};

class a_ticket : public ::testing::Test {
protected:
    ticket_slot* open()
    {
        auto* slot = table_.open();
        slot->caller = &now_;
        return slot;
    }
    std::uint64_t open_pending(const std::shared_ptr<counting_owner>& owner)
    {
        auto* slot = open();
        const auto ticket = ticket_table::number(*slot);
        EXPECT_TRUE(table_.leave_pending(*slot, owner));
        return ticket;
    }

    ticket_table table_;
    counting_owner now_;
};

TEST_F(a_ticket, is_answered_once_while_its_call_lasts)
{
    auto* slot = open();
    const auto ticket = ticket_table::number(*slot);
    EXPECT_NE(ticket, 0U);
    EXPECT_FALSE(table_.collect(*slot));
    EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_PASS);
    EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_E_STALE);
    EXPECT_TRUE(table_.collect(*slot));
    EXPECT_TRUE(table_.close(*slot));
    EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_E_STALE);
    EXPECT_EQ(now_.taken, 1);
    EXPECT_EQ(now_.finished, 0);
}

TEST_F(a_ticket, is_answered_once_later)
{
    const auto owner = std::make_shared<counting_owner>();
    const auto ticket = open_pending(owner);
    EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_PASS);
    EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_E_STALE);
    EXPECT_FALSE(table_.withdraw(ticket));
    EXPECT_FALSE(table_.give_up(ticket));
    EXPECT_EQ(owner->taken, 1);
    EXPECT_EQ(owner->finished, 1);
    EXPECT_EQ(owner.use_count(), 1);
}

TEST_F(a_ticket, is_closed_by_nonsense_too)
{
    const auto owner = std::make_shared<counting_owner>();
    const auto ticket = open_pending(owner);
    EXPECT_EQ(table_.answer(ticket, nullptr), POSTERN_E_INVALID);
    EXPECT_EQ(owner->finished, 1);
    EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_E_STALE);
}

TEST_F(a_ticket, that_was_withdrawn_is_stale)
{
    const auto owner = std::make_shared<counting_owner>();
    const auto ticket = open_pending(owner);
    EXPECT_TRUE(table_.withdraw(ticket));
    EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_E_STALE);
    EXPECT_EQ(owner->finished, 0);
    EXPECT_EQ(owner.use_count(), 1);
}

TEST_F(a_ticket, that_is_given_up_finishes_without_an_answer)
{
    const auto owner = std::make_shared<counting_owner>();
    const auto ticket = open_pending(owner);
    EXPECT_TRUE(table_.give_up(ticket));
    EXPECT_EQ(owner->taken, 0);
    EXPECT_EQ(owner->finished, 1);
}

TEST_F(a_ticket, answered_before_it_could_be_left_open_is_collected)
{
    auto* slot = open();
    EXPECT_EQ(table_.answer(ticket_table::number(*slot), &plain), POSTERN_PASS);
    const auto owner = std::make_shared<counting_owner>();
    EXPECT_FALSE(table_.leave_pending(*slot, owner));
    EXPECT_EQ(owner.use_count(), 1);
    EXPECT_TRUE(table_.collect(*slot));
    table_.close(*slot);
}

TEST_F(a_ticket, never_comes_again)
{
    std::vector<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        auto* slot = open();
        seen.push_back(ticket_table::number(*slot));
        EXPECT_FALSE(table_.close(*slot));
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST_F(a_ticket, that_was_never_given_out_is_stale)
{
    // The first ticket of the first shard is 1 << 18, and which shard a thread uses depends on where its storage lies.
    const auto given = open_pending(std::make_shared<counting_owner>());
    for (const std::uint64_t wild : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}, std::uint64_t{1} << 18U,
                                     std::uint64_t{1} << 63U, std::uint64_t{0x3ffff}}) {
        if (wild == given)
            continue;
        EXPECT_EQ(table_.answer(wild, &plain), POSTERN_E_STALE);
        EXPECT_FALSE(table_.withdraw(wild));
        EXPECT_FALSE(table_.give_up(wild));
        EXPECT_FALSE(table_.is_open(wild));
        EXPECT_EQ(table_.blob_size(wild), POSTERN_E_STALE);
    }
}

TEST_F(a_ticket, is_refused_when_all_are_open_and_not_before)
{
    std::vector<ticket_slot*> open_ones;
    for (unsigned i = 0; i < 16384; ++i) {
        auto* slot = table_.open();
        ASSERT_NE(slot, nullptr) << i;
        open_ones.push_back(slot);
    }
    EXPECT_EQ(table_.open(), nullptr);
    table_.close(*open_ones.back());
    EXPECT_NE(table_.open(), nullptr);
}

class text_blob final : public base::blob_source {
public:
    [[nodiscard]] std::uint64_t size() const noexcept override { return text_.size(); }
    [[nodiscard]] std::int64_t read(std::uint64_t offset, char* to, std::size_t length) noexcept override
    {
        return offset >= text_.size() ? 0 : static_cast<std::int64_t>(text_.copy(to, length, static_cast<std::size_t>(offset)));
    }

private:
    std::string text_ = "Subject: hi\r\n\r\nhello\r\n";
};

TEST_F(a_ticket, reads_its_blob_until_it_closes)
{
    text_blob blob;
    auto* slot = open();
    slot->blob = &blob;
    const auto ticket = ticket_table::number(*slot);
    char octets[8];
    EXPECT_EQ(table_.blob_size(ticket), 22);
    EXPECT_EQ(table_.blob_read(ticket, 9, octets, 2), 2);
    EXPECT_EQ(std::string(octets, 2), "hi");
    EXPECT_EQ(table_.blob_read(ticket, 0, nullptr, 2), POSTERN_E_INVALID);
    ASSERT_TRUE(table_.leave_pending(*slot, std::make_shared<counting_owner>()));
    EXPECT_EQ(table_.blob_read(ticket, 22, octets, 8), 0);
    EXPECT_TRUE(table_.withdraw(ticket));
    EXPECT_EQ(table_.blob_read(ticket, 0, octets, 8), POSTERN_E_STALE);
    EXPECT_EQ(table_.blob_size(ticket), POSTERN_E_STALE);
}

TEST_F(a_ticket, has_exactly_one_end_whoever_is_faster)
{
    for (int round = 0; round < 2000; ++round) {
        const auto owner = std::make_shared<counting_owner>();
        const auto ticket = open_pending(owner);
        std::atomic<int> ends{0};
        std::atomic<bool> go{false};
        const auto race = [&](auto act) {
            return std::thread{[&, act] {
                while (!go)
                    std::this_thread::yield();
                ends += act() ? 1 : 0;
            }};
        };
        auto replying = race([&] { return table_.answer(ticket, &plain) == POSTERN_PASS; });
        auto timing = race([&] { return table_.give_up(ticket); });
        go = true;
        const bool withdrawn = table_.withdraw(ticket);
        // The barrier: from here on nobody is told any more.
        const int told = owner->finished;
        replying.join();
        timing.join();
        EXPECT_EQ(ends + (withdrawn ? 1 : 0), 1);
        EXPECT_EQ(owner->finished, told);
        EXPECT_EQ(told, withdrawn ? 0 : 1);
    }
}

/// More threads than the table has shards, so that some share one; and others after them, at the addresses of those that ended.
TEST_F(a_ticket, belongs_to_one_call_whatever_threads_open_and_end)
{
    constexpr std::size_t threads = 40;
    std::vector<std::uint64_t> all;
    for (int generation = 0; generation < 20; ++generation) {
        std::vector<std::uint64_t> open_now(threads);
        std::atomic<std::size_t> opened{0};
        std::vector<std::thread> callers;
        for (auto& mine : open_now)
            callers.emplace_back([&] {
                open_ticket first{table_};
                counting_owner now;
                first.get()->caller = &now;
                mine = ticket_table::number(*first.get());
                for (++opened; opened < threads;)
                    std::this_thread::yield(); // all are open at once
                EXPECT_EQ(table_.answer(mine, &plain), POSTERN_PASS);
                EXPECT_TRUE(first.close());
                EXPECT_EQ(now.taken, 1);
            });
        for (auto& each : callers)
            each.join();
        all.insert(all.end(), open_now.begin(), open_now.end());
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end()) << "one number for two calls";
}

TEST_F(a_ticket, whose_call_is_thrown_out_of_is_closed)
{
    std::uint64_t ticket = 0;
    try {
        open_ticket mine{table_};
        mine.get()->caller = &now_;
        ticket = ticket_table::number(*mine.get());
        throw std::bad_alloc{};
    } catch (const std::bad_alloc&) {
        EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_E_STALE);
    }
    EXPECT_EQ(now_.taken, 0);
}

TEST_F(a_ticket, may_be_answered_from_another_thread_while_its_call_returns)
{
    int collected = 0;
    int later = 0;
    const auto answered_later = [&](const std::shared_ptr<counting_owner>& owner) { return later += owner->finished; };
    for (int round = 0; round < 2000; ++round) {
        auto* slot = open();
        const auto ticket = ticket_table::number(*slot);
        const auto owner = std::make_shared<counting_owner>();
        std::thread other{[&] { EXPECT_EQ(table_.answer(ticket, &plain), POSTERN_PASS); }};
        if (!table_.leave_pending(*slot, owner)) {
            EXPECT_TRUE(table_.collect(*slot));
            table_.close(*slot);
            ++collected;
        }
        other.join();
        EXPECT_EQ(now_.taken, collected);
        EXPECT_EQ(now_.taken + answered_later(owner), round + 1);
        EXPECT_FALSE(table_.is_open(ticket));
    }
}

} // namespace
} // namespace postern::daemon
