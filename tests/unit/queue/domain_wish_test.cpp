#include "core/queue/domain_wish.hpp"

#include <gtest/gtest.h>

namespace postern::queue {
namespace {

TEST(domain_wish, means_recipients_of_its_domain_in_any_case)
{
    const domain_wish wish{"Example.ORG"};
    for (const auto* meant : {"a@example.org", "a@EXAMPLE.org", "\"a@b\"@example.org"})
        EXPECT_TRUE(concerns(wish, meant)) << meant;
    for (const auto* other : {"a@mail.example.org", "a@example.com", "a@xexample.org", "a@example.org.", "example.org", "", "a@"})
        EXPECT_FALSE(concerns(wish, other)) << other;
}

TEST(domain_wish, means_all_below_its_domain_where_it_says_so)
{
    const domain_wish wish{"example.org", true};
    for (const auto* meant : {"a@example.org", "a@mail.example.org", "a@b.c.Example.Org"})
        EXPECT_TRUE(concerns(wish, meant)) << meant;
    for (const auto* other : {"a@xexample.org", "a@.example.org", "a@org", "a@example.org.evil.example"})
        EXPECT_FALSE(concerns(wish, other)) << other;
    EXPECT_FALSE(concerns(domain_wish{"", true}, "a@example.org"));
}

TEST(domain_wish, means_messages_with_such_a_recipient_left)
{
    record what;
    what.envelope.envelope.to = {{"a@example.org", {}, {}, {}}, {"b@example.com", {}, {}, {}}};
    what.state = fresh_state(2);
    EXPECT_TRUE(concerns(domain_wish{"example.org"}, what));
    EXPECT_TRUE(concerns(domain_wish{"example.com"}, what));
    what.state.recipients[0].status = recipient_status::delivered;
    EXPECT_FALSE(concerns(domain_wish{"example.org"}, what));
}

} // namespace
} // namespace postern::queue
