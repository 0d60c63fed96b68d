// What a verdict says reaches the host as it was built, and cheap answers cost nothing.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <new>

using namespace postern::testing;
using testing::ElementsAre;

namespace {
thread_local std::size_t allocations = 0; // of this thread: counted where a test asks
}

[[gnu::noinline]] void* operator new(std::size_t size)
{
    ++allocations;
    if (void* at = std::malloc(size)) // NOLINT: this is the allocator
        return at;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept // std::stable_sort's
{
    ++allocations;
    return std::malloc(size); // NOLINT: likewise
}
[[gnu::noinline]] void operator delete(void* at) noexcept
{
    std::free(at);
} // NOLINT: likewise
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept
{
    std::free(at);
} // NOLINT: likewise

namespace {

using script = std::function<postern::verdict()>;

/// Answers every decision with what the test wants.
class scripted {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"};
    explicit scripted(const postern::host&) {}
    postern::verdict on(const postern::mail&) { return (*next)(); }
    postern::verdict on(const postern::rcpt&) { return (*next)(); }
    postern::verdict on(const postern::headers&) { return (*next)(); }
    postern::verdict on(const postern::body&) { return (*next)(); }
    postern::verdict on(const postern::message_end&) { return (*next)(); }
    postern::verdict on(const postern::route&) { return (*next)(); }

    static inline const script* next = nullptr; // the tests run one after the other
};
constexpr postern_plugin table = postern::sdk::describe<scripted>("org.example.scripted", "1.0", "test");

class verdict : public testing::Test {
protected:
    verdict() { EXPECT_EQ(host_.create(), POSTERN_PASS); }
    ~verdict() override { EXPECT_THAT(host_.complaints(), ElementsAre()); }

    template <class Call>
    answer saying(script what, Call call)
    {
        scripted::next = &what;
        return call();
    }
    answer at_mail(script what)
    {
        return saying(std::move(what), [&] { return session_.mail("a@b"); });
    }
    answer at_end(script what)
    {
        return saying(std::move(what), [&] { return session_.end({{"From", " a"}}, "From: a\r\n\r\nhi\r\n"); });
    }

    fake_host host_{table};
    fake_session session_{host_};
};

TEST_F(verdict, of_each_kind_has_its_number)
{
    EXPECT_EQ(at_mail([] { return postern::proceed(); }).came, answer::how::passed);
    EXPECT_EQ(at_mail([] { return postern::accept(); }).verdict, POSTERN_ACCEPT);
    EXPECT_EQ(at_mail([] { return postern::reject(0, "", "no"); }).verdict, POSTERN_REJECT);
    EXPECT_EQ(at_mail([] { return postern::defer(0, "", "no"); }).verdict, POSTERN_TEMPFAIL);
    EXPECT_EQ(at_mail([] { return postern::disconnect(); }).verdict, POSTERN_DISCONNECT);
    EXPECT_EQ(at_end([] { return postern::discard(); }).verdict, POSTERN_DISCARD);
    const answer held = at_end([] { return postern::hold("looks odd"); });
    EXPECT_EQ(held.verdict, POSTERN_HOLD);
    EXPECT_EQ(held.text, "looks odd");
}

TEST_F(verdict, scores_in_thousandths_rounded_to_the_nearest)
{
    const answer said = at_end([] { return postern::score("BANANA", 2.5); });
    EXPECT_EQ(said.verdict, POSTERN_SCORE);
    EXPECT_EQ(said.text, "BANANA");
    EXPECT_EQ(said.score, 2500);
    EXPECT_EQ(at_end([] { return postern::score("A", -0.0006); }).score, -1);
    EXPECT_THROW(static_cast<void>(postern::score("A", 2'000'000.5)), std::invalid_argument);
    EXPECT_EQ(postern::score("A", 2'000'000).thousandths(), 2'000'000'000);
}

TEST_F(verdict, keeps_codes_within_their_class)
{
    EXPECT_THROW(static_cast<void>(postern::reject(499, "", "")), std::invalid_argument);
    EXPECT_NO_THROW(static_cast<void>(postern::reject(500, "", "")));
    EXPECT_NO_THROW(static_cast<void>(postern::reject(559, "", "")));
    EXPECT_THROW(static_cast<void>(postern::reject(560, "", "")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::reject(600, "", "")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::defer(399, "", "")), std::invalid_argument);
    EXPECT_NO_THROW(static_cast<void>(postern::defer(400, "", "")));
    EXPECT_NO_THROW(static_cast<void>(postern::defer(459, "", "")));
    EXPECT_THROW(static_cast<void>(postern::defer(460, "", "")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::defer(500, "", "")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::disconnect(399, "", "")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::disconnect(600, "", "")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::deferred(550, "", "")), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(postern::failed(450, "", "")), std::invalid_argument);
    EXPECT_NO_THROW(static_cast<void>(postern::failed(571, "", ""))); // a transport passes on what a peer said
}

std::string complaint_about(const script& what)
{
    try {
        static_cast<void>(what());
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return {};
}

TEST_F(verdict, that_no_host_would_take_is_refused_where_it_is_made)
{
    EXPECT_EQ(complaint_about([] { return postern::defer(421, "4.7.0", ""); }),
              "defer cannot answer with code 421, which closes the connection: use disconnect");
    EXPECT_EQ(complaint_about([] { return postern::reject(571, "5.7.1", ""); }),
              "reject cannot answer with code 571: the second digit of a reply code is 0 to 5 (RFC 5321 4.2)");
    EXPECT_EQ(complaint_about([] { return postern::reject(450, "", ""); }), "reject cannot answer with code 450, but with 5xx");
    EXPECT_EQ(complaint_about([] { return postern::reject(550, "4.7.1", ""); }),
              "reject with code 550 cannot carry the enhanced code \"4.7.1\"; one that fits is 5.7.1");
    EXPECT_EQ(complaint_about([] { return postern::disconnect(0, "5.7.1", ""); }),
              "disconnect with code 400 cannot carry the enhanced code \"5.7.1\"; one that fits is 4.7.1");
    for (const char* bad :
         {"5", "5.", "5.7", "5.7.", "5.7.1.", "5.7.1.1", "5..1", "5.07.1", "5.7.1234", "5.7.1 ", "5.x.1", "bogus"}) {
        EXPECT_NE(complaint_about([&] { return postern::reject(0, bad, ""); }), "") << bad;
        EXPECT_THROW(static_cast<void>(postern::failed(550, bad, "")), std::invalid_argument) << bad;
    }
    EXPECT_EQ(complaint_about([] { return postern::reject(0, "5.123.456", ""); }), "");
    EXPECT_EQ(complaint_about([] { return postern::disconnect(554, "5.7.1", ""); }), "");
}

TEST_F(verdict, says_what_a_reply_can_carry)
{
    const auto text_of = [&](const std::string& text) {
        return at_mail([&] { return postern::reject(550, "5.7.1", text); }).text;
    };
    EXPECT_EQ(text_of("a\tb ~"), "a\tb ~");
    EXPECT_EQ(text_of("caf\xc3\xa9 \xe2\x82\xac!"), "caf? ?!");
    EXPECT_EQ(text_of("\xa9\xc3"), "??");
    EXPECT_EQ(text_of(std::string{"a\r\n250 ok\0\x7f", 11}), "a??250 ok??");
    EXPECT_EQ(text_of(std::string(4096, 'x')), std::string(4096, 'x'));
    EXPECT_EQ(text_of(std::string(4097, 'x')), std::string(4096, 'x'));
    EXPECT_EQ(at_mail([] { return postern::defer(0, "", "\xc3\xa9"); }).text, "?");
    EXPECT_EQ(at_mail([] { return postern::disconnect(0, "", "\xc3\xa9"); }).text, "?");
    EXPECT_EQ(at_end([] { return postern::hold("\xc3\xa9"); }).text, "?");
    EXPECT_EQ(at_end([] { return postern::score("\xc3\xa9", 1); }).text, "?");
    EXPECT_EQ(postern::delivered(std::string(4097, 'x')).text.size(), 4096u);
}

TEST_F(verdict, carries_edits_in_their_order)
{
    session_.to = {"a@x", "b@x"};
    const answer said = at_end([] {
        return postern::proceed()
            .add_header("X-A", "1")
            .insert_header(0, "X-B", "2")
            .replace_header(0, " c")
            .remove_header(0)
            .set_sender("s@x")
            .add_rcpt("r@x")
            .replace_rcpt(0, "q@x")
            .remove_rcpt(1)
            .replace_body("new\r\n");
    });
    EXPECT_TRUE(said.proceeds());
    EXPECT_THAT(said.edits,
                ElementsAre(edit{POSTERN_EDIT_HEADER_ADD, 0, "X-A", "1"}, edit{POSTERN_EDIT_HEADER_INSERT, 0, "X-B", "2"},
                            edit{POSTERN_EDIT_HEADER_REPLACE, 0, "", " c"}, edit{POSTERN_EDIT_HEADER_REMOVE, 0, "", ""},
                            edit{POSTERN_EDIT_SENDER_SET, 0, "", "s@x"}, edit{POSTERN_EDIT_RCPT_ADD, 0, "", "r@x"},
                            edit{POSTERN_EDIT_RCPT_REPLACE, 0, "", "q@x"}, edit{POSTERN_EDIT_RCPT_REMOVE, 1, "", ""},
                            edit{POSTERN_EDIT_BODY_REPLACE, 0, "", "new\r\n"}));
}

TEST_F(verdict, carries_eight_edits_and_nine_alike)
{
    for (const std::size_t count : {8u, 9u}) {
        const answer said = at_end([&] {
            postern::verdict made = postern::proceed();
            for (std::size_t i = 0; i < count; ++i)
                made.add_header("X-" + std::to_string(i), std::string(40, 'v'));
            return made;
        });
        ASSERT_EQ(said.edits.size(), count);
        EXPECT_EQ(said.edits.back().name, "X-" + std::to_string(count - 1));
        EXPECT_EQ(said.edits.back().value, std::string(40, 'v'));
    }
}

TEST_F(verdict, routes_by_transport_and_next_hop)
{
    const answer said =
        saying([] { return postern::proceed().route_to("10.0.0.1:26", "maildir"); }, [&] { return session_.route("a@b"); });
    EXPECT_THAT(said.edits, ElementsAre(edit{POSTERN_EDIT_ROUTE_SET, 0, "maildir", "10.0.0.1:26"}));
}

TEST_F(verdict, vouches_by_itself_and_on_top_of_another)
{
    static_cast<void>(at_mail([] { return postern::proceed(); }));
    const auto at_rcpt = [&](script what) { return saying(std::move(what), [&] { return session_.rcpt("c@d"); }); };
    EXPECT_TRUE(at_rcpt([] { return postern::vouch(); }).vouches());
    EXPECT_TRUE(at_rcpt([] { return postern::proceed().replace_rcpt(1, "e@f").vouch(); }).vouches());
    EXPECT_FALSE(at_rcpt([] { return postern::proceed(); }).vouches());
}

TEST_F(verdict, of_a_synchronous_hook_reaches_the_host_without_touching_the_heap)
{
    const script proceeds = [] { return postern::proceed(); };
    const script rejects = [] { return postern::reject(550, "5.7.1", "no"); };
    postern_ev_mail record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_MAIL;
    record.sender = postern::sdk::str("a.long.sender.address@department.example.org");

    scripted::next = &proceeds;
    const std::size_t before = allocations;
    const postern_status passed = table.handle(host_.self(), &record.ev);
    scripted::next = &rejects;
    const postern_status taken = table.handle(host_.self(), &record.ev); // ticket 0 is stale: the fake host keeps nothing of it
    const std::size_t after = allocations;
    EXPECT_EQ(passed, POSTERN_PASS);
    EXPECT_EQ(taken, POSTERN_TAKEN);
    EXPECT_EQ(after - before, 0u);
}

} // namespace
