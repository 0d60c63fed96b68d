#include "src/knowledge.hpp"
#include "src/scanner.hpp"

#include "src/octets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

using namespace spam_filter;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

using messages = std::vector<std::string>;

// Written for this test. What is judged shares words with what was learned, and nothing more.
const messages spam_to_learn{
    "Subject: Make money fast\n\nEarn thousands of dollars from home today. Click here http://cash.example/win now, no risk!\n",
    "Subject: Cheap pills\n\nLowest prices on pills, no prescription. Order today at http://pills.example/buy and save money!\n",
    "Subject: You have won\n\nCongratulations, you won the lottery. Click http://cash.example/claim to claim your thousands.\n",
    "Subject: Refinance now\n\nLowest rates on your mortgage, no risk. Apply today, save thousands at http://loan.example/now\n",
    "Subject: FREE OFFER\n\nThis free offer ends today. Order now, no risk, satisfaction guaranteed! http://offer.example/x\n",
};
const messages ham_to_learn{
    "Subject: Re: build failure on the branch\n\nThe compiler complains about the parser again. I will look at the patch "
    "tonight.\n",
    "Subject: Lunch on Tuesday\n\nShall we meet at noon in the canteen? Anna and Tom will come along, the meeting was moved.\n",
    "Subject: [list] patch for the parser\n\nAttached is a patch against the branch. It fixes the failure that you reported.\n",
    "Subject: Minutes of the meeting\n\nThe minutes of the meeting are on the wiki. Please look at them before Tuesday.\n",
    "Subject: Re: vacation\n\nHave a nice trip! Anna will look after the build while you are away, send us a postcard.\n",
};
const messages spam_to_judge{
    "Subject: Win money today\n\nClick here now: http://cash.example/again, no risk, thousands of dollars!\n",
    "Subject: Pills\n\nOrder pills today, lowest prices, satisfaction guaranteed.\n",
};
const messages ham_to_judge{
    "Subject: Re: patch\n\nThanks for the patch, the build works again. See you at the meeting on Tuesday.\n",
    "Subject: Re: minutes\n\nTom, please look at the minutes on the wiki before the meeting.\n",
};

class what_was_learned : public testing::Test {
protected:
    what_was_learned() : scan{{}, {}}, knows{100'000}
    {
        knows.begin_reading();
        EXPECT_THAT(knows.end_reading(), IsEmpty());
    }
    void learn_all()
    {
        for (int round = 0; round < 2; ++round) {
            for (const auto& one : spam_to_learn)
                learn(one, mail_kind::spam);
            for (const auto& one : ham_to_learn)
                learn(one, mail_kind::ham);
        }
    }
    lesson learn(const std::string& message, mail_kind kind)
    {
        lesson done = knows.learn(scan.features(message), kind);
        for (const change& one : done.changes)
            stored[one.key] += one.number;
        return done;
    }
    [[nodiscard]] double judge(const std::string& message) { return knows.judge(scan.features(message)).value_or(0); }

    scanner scan;
    knowledge knows;
    std::map<std::string, std::int64_t> stored; ///< what a store would have
};

TEST_F(what_was_learned, tells_spam_from_ham)
{
    learn_all();
    for (const auto& one : spam_to_judge)
        EXPECT_GT(judge(one), 1) << one;
    for (const auto& one : ham_to_judge)
        EXPECT_LT(judge(one), -1) << one;
}

TEST_F(what_was_learned, says_nothing_before_there_are_both)
{
    EXPECT_FALSE(knows.judge(scan.features(spam_to_judge[0])).has_value());
    learn(spam_to_learn[0], mail_kind::spam);
    EXPECT_FALSE(knows.judge(scan.features(spam_to_judge[0])).has_value());
    learn(ham_to_learn[0], mail_kind::ham);
    EXPECT_TRUE(knows.judge(scan.features(spam_to_judge[0])).has_value());
}

TEST_F(what_was_learned, is_the_same_after_it_was_stored_and_read)
{
    learn_all();
    knowledge again{100'000};
    again.begin_reading();
    for (const auto& [key, number] : stored)
        again.read(key, std::to_string(number));
    EXPECT_THAT(again.end_reading(), IsEmpty());
    EXPECT_EQ(again.messages(), knows.messages());
    EXPECT_EQ(again.features(), knows.features());
    for (const auto& one : spam_to_judge)
        EXPECT_DOUBLE_EQ(again.judge(scan.features(one)).value_or(0), judge(one));
    EXPECT_EQ(stored[knowledge::messages_key()], std::stoll(knows.messages_value()));
}

TEST_F(what_was_learned, takes_nothing_that_is_not_its_own)
{
    knowledge again{1000};
    again.begin_reading();
    for (const char* key : {"", "1", "2f12345678", "1f1234567", "1f123456789", "1x12345678", "other"})
        again.read(key, "1");
    again.read("1f12345678", "nonsense");
    again.read("1f12345678", "-1");
    again.read("1f12345678", "1 ");
    static_cast<void>(again.end_reading());
    EXPECT_EQ(again.features(), 0u);
}

TEST_F(what_was_learned, changes_its_mind_when_it_is_told_so)
{
    learn_all();
    const std::string mistaken = ham_to_judge[0];
    ASSERT_LT(judge(mistaken), 0);
    EXPECT_EQ(learn(mistaken, mail_kind::spam).result, lesson_result::taught);
    EXPECT_GT(judge(mistaken), 0);
}

TEST_F(what_was_learned, does_not_grow_by_what_it_knows)
{
    learn_all();
    learn_all();
    learn_all();
    const auto size = knows.features();
    for (int round = 0; round < 5; ++round) {
        for (const auto& one : spam_to_learn)
            learn(one, mail_kind::spam);
    }
    EXPECT_EQ(knows.features(), size);
}

TEST_F(what_was_learned, has_no_more_features_than_it_may)
{
    knowledge few{100};
    few.begin_reading();
    static_cast<void>(few.end_reading());
    for (const auto& one : spam_to_learn)
        static_cast<void>(few.learn(scan.features(one), mail_kind::spam));
    EXPECT_LE(few.features(), 100u);
    EXPECT_EQ(few.messages().spam, spam_to_learn.size());
}

TEST_F(what_was_learned, waits_while_what_is_stored_is_read)
{
    knowledge slow{1000};
    const auto features = scan.features(spam_to_learn[0]);
    slow.begin_reading();
    EXPECT_EQ(slow.learn(features, mail_kind::spam).result, lesson_result::later);
    EXPECT_EQ(slow.messages().spam, 0u);
    EXPECT_THAT(slow.end_reading(), SizeIs(features.size() + 1));
    EXPECT_EQ(slow.messages().spam, 1u);
}

TEST_F(what_was_learned, is_kept_when_reading_fails)
{
    learn_all();
    const double before = judge(spam_to_judge[0]);
    knows.begin_reading();
    knows.stop_reading();
    EXPECT_DOUBLE_EQ(judge(spam_to_judge[0]), before);
}

TEST(token_table, finds_what_was_set_however_much_it_grows)
{
    token_table table{100'000};
    for (std::uint32_t i = 1; i <= 50'000; ++i)
        ASSERT_TRUE(table.set(mixed(i), {i, i + 1}));
    for (std::uint32_t i = 1; i <= 50'000; ++i)
        ASSERT_EQ(table.find(mixed(i)), (token_counts{i, i + 1}));
    EXPECT_EQ(table.find(mixed(50'001)), token_counts{});
    EXPECT_EQ(table.size(), 50'000u);
}

TEST(token_table, is_full_at_its_limit_and_still_counts_what_it_has)
{
    token_table table{2};
    EXPECT_TRUE(table.set(1, {1, 0}));
    EXPECT_TRUE(table.set(2, {1, 0}));
    EXPECT_FALSE(table.set(3, {1, 0}));
    EXPECT_TRUE(table.set(2, {2, 0}));
    EXPECT_EQ(table.find(2), (token_counts{2, 0}));
    EXPECT_EQ(table.find(3), token_counts{});
}

TEST(probability, is_a_half_for_nothing_and_between_0_and_1_for_all)
{
    EXPECT_DOUBLE_EQ(probability(0), 0.5);
    EXPECT_GT(probability(20), 0.98);
    EXPECT_LT(probability(-20), 0.02);
    for (const double extreme : {1e300, -1e300})
        EXPECT_TRUE(probability(extreme) >= 0 && probability(extreme) <= 1);
}

} // namespace
