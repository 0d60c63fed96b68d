#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

const edit gone(std::uint32_t index)
{
    return {POSTERN_EDIT_HEADER_REMOVE, index, "", ""};
}

TEST(headers, removes_every_field_of_a_name_and_then_adds)
{
    fake_host host{postern_plugin_v1};
    host.list("remove", {"X-Mailer", "Organization"});
    host.table("add", {{"Organization", "Example Ltd"}, {"X-Scrubbed", "yes"}});
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    const answer said = session.headers({{"x-mailer", " a"}, {"From", " b"}, {"ORGANIZATION", " c"}, {"X-Mailer", " d"}});
    EXPECT_TRUE(said.proceeds());
    EXPECT_THAT(said.edits,
                ElementsAre(gone(0), gone(2), gone(3), edit{POSTERN_EDIT_HEADER_ADD, 0, "Organization", "Example Ltd"},
                            edit{POSTERN_EDIT_HEADER_ADD, 0, "X-Scrubbed", "yes"}));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(headers, passes_a_message_that_it_has_nothing_to_do_with)
{
    fake_host host{postern_plugin_v1};
    host.list("remove", {"X-Mailer"});
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_EQ(session.headers({{"From", " b"}}).came, answer::how::passed);
    EXPECT_EQ(session.headers({}).came, answer::how::passed);
}

TEST(headers, refuses_a_message_with_more_fields_to_remove_than_an_answer_can_name)
{
    fake_host host{postern_plugin_v1};
    host.list("remove", {"X"});
    host.table("add", {{"Y", "1"}});
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_EQ(session.headers(fields(9'999, {"X", ""})).edits.size(), 10'000u);
    const answer said = session.headers(fields(10'000, {"X", ""}));
    EXPECT_TRUE(said.rejects());
    EXPECT_EQ(said.smtp_code, 554u);
    EXPECT_EQ(said.enhanced, "5.6.0");
    EXPECT_THAT(host.complaints(), IsEmpty());
}

TEST(headers, refuses_options_with_the_entry_and_the_reason)
{
    {
        fake_host host{postern_plugin_v1};
        host.table("add", {{"X Y", "v"}});
        EXPECT_EQ(host.create(), POSTERN_E_INVALID);
        EXPECT_THAT(host.refusals(), ElementsAre(Pair("add", "\"X Y\" is no name of a header field")));
    }
    fake_host host{postern_plugin_v1};
    host.list("remove", {""});
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("remove", "\"\" is no name of a header field")));
}

} // namespace
