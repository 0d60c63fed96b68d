#include "core/hooks/notes.hpp"

#include <gtest/gtest.h>

namespace postern::hooks {
namespace {

constexpr base::transaction_id none{};
constexpr base::transaction_id first{1};
constexpr base::transaction_id second{2};

TEST(a_note, lasts_as_long_as_its_session_or_its_transaction)
{
    notes all;
    all.enter(first);
    EXPECT_EQ(all.set(none, "of.session", "s"), note_status::done);
    EXPECT_EQ(all.set(first, "of.mail", "m"), note_status::done);
    all.enter(first); // more of the same
    EXPECT_EQ(all.find("of.mail"), "m");
    all.enter(none);
    EXPECT_EQ(all.find("of.mail"), std::nullopt);
    EXPECT_EQ(all.find("of.session"), "s");
}

TEST(a_note, of_a_transaction_that_is_over_is_not_taken)
{
    notes all;
    EXPECT_EQ(all.set(first, "a.b", ""), note_status::stale);
    all.enter(first);
    all.enter(second);
    EXPECT_EQ(all.set(first, "a.b", ""), note_status::stale);
    EXPECT_EQ(all.set(second, "a.b", ""), note_status::done);
    EXPECT_EQ(all.find("a.b"), "");
}

TEST(a_note, of_the_transaction_stands_before_one_of_the_session)
{
    notes all;
    all.enter(first);
    EXPECT_EQ(all.set(first, "a.b", "mail"), note_status::done);
    EXPECT_EQ(all.set(none, "a.b", "session"), note_status::done);
    EXPECT_EQ(all.find("a.b"), "mail");
    all.enter(second);
    EXPECT_EQ(all.find("a.b"), "session");
}

TEST(a_note, is_replaced_by_the_next_of_its_name)
{
    notes all;
    EXPECT_EQ(all.set(none, "a.b", "1"), note_status::done);
    EXPECT_EQ(all.set(none, "a.b", "2"), note_status::done);
    EXPECT_EQ(all.find("a.b"), "2");
    EXPECT_EQ(all.find("a"), std::nullopt);
}

TEST(notes, are_limited_in_number)
{
    notes all;
    all.enter(first);
    for (std::size_t i = 0; i < notes::most; ++i)
        EXPECT_EQ(all.set(i % 2 == 0 ? none : first, "n" + std::to_string(i), ""), note_status::done);
    EXPECT_EQ(all.set(none, "more", ""), note_status::no_room);
    EXPECT_EQ(all.set(none, "n0", "changed"), note_status::done);
    all.enter(none); // half of them end
    EXPECT_EQ(all.set(none, "more", ""), note_status::done);
}

TEST(notes, are_limited_in_octets)
{
    notes all;
    const std::string large(notes::longest_value, 'x');
    std::size_t count = 0;
    while (all.set(none, "n" + std::to_string(10 + count), large) == note_status::done)
        ++count;
    EXPECT_EQ(count, notes::most_octets / (large.size() + 3));
    EXPECT_EQ(all.set(none, "n10", "small now"), note_status::done);
    EXPECT_EQ(all.set(none, "n99", std::string(notes::longest_value - 9, 'x')), note_status::done);
}

} // namespace
} // namespace postern::hooks
