// What a plugin asks of the queue, and what it adds to the reply that accepts a message.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

using namespace postern::testing;
using testing::ElementsAre;

namespace {

std::optional<postern::spool_answer> last;

class caller {
public:
    explicit caller(const postern::host& host) : queue_{host} {}
    void on(const postern::helo& hello) const { last = queue_.start(hello.peer().helo(), hello.peer().has_tls()); }

private:
    postern::spool queue_;
};
constexpr postern_plugin callers = postern::sdk::describe<caller>("org.example.caller", "1.0", "test");

TEST(a_spool, tries_a_domain_or_all_below_it)
{
    fake_host host{callers};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    static_cast<void>(session.ehlo("example.org"));
    EXPECT_EQ(last, postern::spool_answer::started);
    session.who.has_tls = true;
    static_cast<void>(session.ehlo("example.com"));
    EXPECT_THAT(host.started(), ElementsAre("example.org", ".example.com"));
}

TEST(a_spool, says_why_not)
{
    fake_host host{callers};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    for (const auto& [status, answer] :
         {std::pair{POSTERN_E_DENIED, postern::spool_answer::denied}, std::pair{POSTERN_E_AGAIN, postern::spool_answer::busy},
          std::pair{POSTERN_E_STALE, postern::spool_answer::busy}}) {
        host.spool_says = status;
        static_cast<void>(session.ehlo("example.org"));
        EXPECT_EQ(last, answer);
    }
    static_cast<void>(session.ehlo(std::string(256, 'x')));
    EXPECT_EQ(last, postern::spool_answer::invalid);
}

TEST(a_spool, is_not_made_where_the_host_has_none)
{
    fake_host host{callers};
    host.missing.insert(POSTERN_SPOOL_1);
    EXPECT_LT(host.create(), 0);
}

TEST(a_message, is_accepted_with_what_a_plugin_adds_and_reported_where_it_asks)
{
    const postern::verdict said =
        postern::proceed().say_when_accepted("2.3.6", "3 h\xc3\xa4").report_relay("XTRACE").report_relay();
    ASSERT_EQ(said.edits().size(), 3u);
    EXPECT_EQ(said.edits()[0].op, POSTERN_EDIT_ACCEPTED_SET);
    EXPECT_EQ(said.edits()[0].name, "2.3.6");
    EXPECT_EQ(said.edits()[0].value, "3 h?");
    EXPECT_EQ(said.edits()[1].op, POSTERN_EDIT_REPORT_RELAY);
    EXPECT_EQ(said.edits()[1].name, "XTRACE");
    EXPECT_EQ(said.edits()[2].name, "");
    EXPECT_NO_THROW(static_cast<void>(postern::proceed().say_when_accepted("2.0.0", std::string(400, 'x'))));
    EXPECT_THROW(static_cast<void>(postern::proceed().say_when_accepted("2.0.0", std::string(401, 'x'))), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::proceed().say_when_accepted("4.0.0", "x")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::proceed().say_when_accepted("2.0.0", "")), std::invalid_argument);
}

} // namespace
