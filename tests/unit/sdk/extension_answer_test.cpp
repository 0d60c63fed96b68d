// Answers of extensions: what their builders make reaches the host, and what no host would take is refused where it is made.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

std::string complaint_about(const std::function<void()>& what)
{
    try {
        what();
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return {};
}

/// Answers as the test wants.
class scripted {
public:
    explicit scripted(const postern::host& host)
    {
        host.keyword({.name = "XA"});
        host.keyword({.name = "XB", .parameters = "1"});
        host.verb({.name = "XVERB", .keyword = "XA", .most_octets = 10});
        host.parameter({.name = "XP", .keyword = "XA", .relay = postern::relay::never});
    }
    postern::reply on(const postern::verb&) { return say(); }
    postern::reply on(const postern::verb_data&) { return say(); }
    postern::reply on(const postern::quit&) { return say(); }
    postern::reply on(const postern::help&) { return say(); }
    postern::param_reply on(const postern::parameter&) { return keep(); }
    postern::offers on(const postern::ehlo&) { return offer(); }

    // The tests run one after the other.
    static inline std::function<postern::reply()> say;
    static inline std::function<postern::param_reply()> keep;
    static inline std::function<postern::offers()> offer;
};
constexpr postern_plugin scripting = postern::sdk::describe<scripted>("org.example.test", "1.0", "test");

class an_answer : public testing::Test {
protected:
    an_answer()
    {
        scripted::offer = [] { return postern::offers{}.add("XA"); };
        EXPECT_EQ(host_.create(), POSTERN_PASS);
        EXPECT_THAT(session_.ehlo().offers, ElementsAre("XA"));
    }
    ~an_answer() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    answer to_verb(std::function<postern::reply()> what)
    {
        scripted::say = std::move(what);
        return session_.verb("XVERB");
    }
    answer to_parameter(std::function<postern::param_reply()> what)
    {
        scripted::keep = std::move(what);
        return session_.mail("a@x", {{"XP", "said"}});
    }

    fake_host host_{scripting};
    fake_session session_{host_};
};

TEST_F(an_answer, to_a_verb_is_a_reply_of_one_line_or_several)
{
    const answer one = to_verb([] { return postern::say(250, "2.1.9", "traced"); });
    EXPECT_TRUE(one.proceeds());
    EXPECT_EQ(one.smtp_code, 250u);
    EXPECT_EQ(one.enhanced, "2.1.9");
    EXPECT_THAT(one.lines(), ElementsAre("traced"));
    EXPECT_EQ(one.then(), POSTERN_THEN_NOTHING);

    const answer three = to_verb([] { return postern::say(214, "", "one").line("tw\xc3\xb6").line("three"); });
    EXPECT_THAT(three.lines(), ElementsAre("one", "tw?", "three"));

    const answer refused = to_verb([] { return postern::reject(550, "5.7.1", "not you"); });
    EXPECT_TRUE(refused.rejects());
    EXPECT_THAT(refused.lines(), ElementsAre("not you"));
    EXPECT_EQ(to_verb([] { return postern::proceed(); }).came, answer::how::passed);
    EXPECT_THAT(to_verb([] { return postern::proceed(); }).lines(), IsEmpty());
}

TEST_F(an_answer, to_quit_is_221_and_to_help_another)
{
    scripted::say = [] { return postern::say(214, "2.0.0", "see the").line("manual"); };
    EXPECT_THAT(session_.help().lines(), ElementsAre("see the", "manual"));
    scripted::say = [] { return postern::say(221, "2.0.0", "farewell"); };
    EXPECT_EQ(session_.quit().smtp_code, 221u);
}

TEST_F(an_answer, may_ask_for_octets_a_line_or_a_text_and_for_more_behind_it)
{
    const answer octets = to_verb([] { return postern::ask_octets(354, "ten", 10); });
    EXPECT_EQ(octets.smtp_code, 354u);
    EXPECT_EQ(octets.then(), POSTERN_THEN_OCTETS);
    EXPECT_EQ(octets.octets(), 10u);
    scripted::say = [] { return postern::ask_line(334, "and your name"); };
    const answer line = session_.verb_data("0123456789");
    EXPECT_EQ(line.then(), POSTERN_THEN_LINE);
    scripted::say = [] { return postern::ask_text(354, "and your story").line("at length"); };
    const answer text = session_.verb_data("me");
    EXPECT_EQ(text.then(), POSTERN_THEN_TEXT);
    EXPECT_THAT(text.lines(), ElementsAre("and your story", "at length"));
    scripted::say = [] { return postern::say(250, "", "nice"); };
    EXPECT_THAT(session_.verb_data("once\r\nupon a time\r\n").lines(), ElementsAre("nice"));
}

TEST_F(an_answer, may_make_the_client_somebody_else_and_the_session_new)
{
    const answer said = to_verb([] {
        return postern::restart()
            .set_client("address", "2001:db8::7")
            .set_client("port", "2525")
            .set_client("helo", "proxied.example");
    });
    EXPECT_EQ(said.then(), POSTERN_THEN_RESTART);
    EXPECT_THAT(said.edits, ElementsAre(edit{POSTERN_EDIT_PEER_SET, 0, "address", "2001:db8::7"},
                                        edit{POSTERN_EDIT_PEER_SET, 0, "port", "2525"},
                                        edit{POSTERN_EDIT_PEER_SET, 0, "helo", "proxied.example"}));
    EXPECT_EQ(session_.who.address, "2001:db8::7");
    EXPECT_EQ(session_.who.port, 2525u);
    EXPECT_EQ(session_.who.helo, "proxied.example");
    EXPECT_EQ(session_.verb("XVERB").smtp_code, 500u) << "nothing is offered before another EHLO";
}

TEST_F(an_answer, to_a_parameter_keeps_it_as_it_is_or_as_something_else)
{
    EXPECT_TRUE(to_parameter([] { return postern::proceed(); }).proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"XP", "said", POSTERN_RELAY_NEVER}));
    EXPECT_TRUE(to_parameter([] {
                    return postern::param_reply{postern::proceed()}.value("other").relay(postern::relay::required);
                }).proceeds());
    EXPECT_THAT(session_.kept, ElementsAre(kept_parameter{"XP", "other", POSTERN_RELAY_REQUIRED}));
    EXPECT_TRUE(to_parameter([] { return postern::param_reply{postern::proceed().set_priority(-9)}; }).proceeds());

    const answer refused = to_parameter([] { return postern::reject(0, "", "what is that"); });
    EXPECT_TRUE(refused.rejects());
    EXPECT_EQ(refused.text, "what is that");
}

TEST_F(an_answer, to_ehlo_lists_what_is_offered)
{
    scripted::offer = [] { return postern::offers{}; };
    EXPECT_THAT(session_.ehlo().offers, IsEmpty());
    scripted::offer = [] { return postern::offers{}.add("XB", "2 3").add("XA"); };
    EXPECT_THAT(session_.ehlo().offers, ElementsAre("XA", "XB 2 3"));
}

TEST_F(an_answer, carries_the_times_and_the_order_of_a_message)
{
    using std::chrono::system_clock;
    const system_clock::time_point epoch{};
    const answer said = to_parameter([&] {
        return postern::proceed()
            .set_priority(9)
            .release_at(epoch + 1999ms)
            .expire_at(epoch + std::chrono::seconds{1'900'000'000})
            .warn_at(epoch);
    });
    EXPECT_TRUE(said.proceeds());
    EXPECT_THAT(complaint_about([] { static_cast<void>(postern::proceed().set_priority(10)); }), "a priority is -9 to 9, not 10");
    EXPECT_THAT(complaint_about([] { static_cast<void>(postern::proceed().set_priority(-10)); }),
                "a priority is -9 to 9, not -10");
    EXPECT_THAT(complaint_about([&] { static_cast<void>(postern::proceed().release_at(epoch - 1ns)); }), "a time before 1970");
    EXPECT_EQ(complaint_about([&] { static_cast<void>(postern::proceed().warn_at(epoch)); }), "");
    const auto made = postern::proceed().release_at(epoch + 1999ms).expire_at(epoch + 2s);
    EXPECT_EQ(made.edits()[0].value, "1");
    EXPECT_EQ(made.edits()[1].value, "2");
}

TEST(an_answer_that_no_host_would_take, is_refused_where_it_is_made)
{
    using postern::say;
    EXPECT_EQ(complaint_about([] { static_cast<void>(say(0, "", "")); }), "say needs a reply code, such as 250");
    EXPECT_EQ(complaint_about([] { static_cast<void>(say(350, "", "")); }), "say cannot answer with code 350, but with 2xx");
    EXPECT_EQ(complaint_about([] { static_cast<void>(say(199, "", "")); }), "say cannot answer with code 199, but with 2xx");
    EXPECT_EQ(complaint_about([] { static_cast<void>(say(200, "", "")); }), "");
    EXPECT_EQ(complaint_about([] { static_cast<void>(say(259, "2.0.0", "")); }), "");
    EXPECT_NE(complaint_about([] { static_cast<void>(say(260, "", "")); }), "");
    EXPECT_EQ(complaint_about([] { static_cast<void>(say(250, "5.0.0", "")); }),
              "say with code 250 cannot carry the enhanced code \"5.0.0\"; one that fits is 2.7.1");
    EXPECT_EQ(complaint_about([] { static_cast<void>(postern::ask_octets(0, "", 1)); }),
              "a question needs a reply code, such as 350");
    EXPECT_EQ(complaint_about([] { static_cast<void>(postern::ask_octets(299, "", 1)); }),
              "a question cannot answer with code 299, but with 3xx");
    EXPECT_EQ(complaint_about([] { static_cast<void>(postern::ask_octets(300, "", 1)); }), "");
    EXPECT_EQ(complaint_about([] { static_cast<void>(postern::ask_line(359, "")); }), "");
    EXPECT_NE(complaint_about([] { static_cast<void>(postern::ask_line(360, "")); }), "");
    EXPECT_NE(complaint_about([] { static_cast<void>(postern::ask_text(400, "")); }), "");
    EXPECT_EQ(complaint_about([] { static_cast<void>(postern::restart().set_client("name", "")); }),
              "\"name\" is no fact about a client");
}

TEST(a_reply, has_a_hundred_lines_at_most_and_a_refusal_one)
{
    postern::reply long_one = postern::say(250, "", "1");
    for (int i = 2; i <= 100; ++i)
        long_one.line(std::to_string(i));
    EXPECT_EQ(long_one.lines().size(), 100u);
    EXPECT_EQ(complaint_about([&] { long_one.line("101"); }), "a reply cannot have more than 100 lines");
    EXPECT_EQ(long_one.lines().size(), 100u);
    const std::string only = "only what say() or a question says has further lines";
    EXPECT_EQ(complaint_about([] { postern::reply{postern::reject(550, "", "no")}.line("and no"); }), only);
    EXPECT_EQ(complaint_about([] { postern::reply{postern::proceed()}.line("lost"); }), only);
    EXPECT_EQ(complaint_about([] { postern::restart().line("lost"); }), only);
}

TEST(a_value, is_printable_and_has_a_thousand_octets_at_most)
{
    const auto with = [](const std::string& value) {
        return complaint_about([&] { static_cast<void>(postern::param_reply{postern::proceed()}.value(value)); });
    };
    EXPECT_EQ(with(""), "");
    EXPECT_EQ(with("!<>~"), "");
    EXPECT_EQ(with("a b"), "\"a b\" cannot be the value of a parameter (RFC 5321 4.1.2)");
    for (const char* bad : {"a=b", "a\tb", "\x7f", "\xc3\xa4", "a\r\nb"})
        EXPECT_NE(with(bad), "") << bad;
    EXPECT_EQ(with(std::string(1000, 'x')), "");
    EXPECT_NE(with(std::string(1001, 'x')), "");
}

TEST(an_offer, is_a_line_of_ehlo)
{
    const auto with = [](const std::string& keyword, const std::string& parameters) {
        return complaint_about([&] { static_cast<void>(postern::offers{}.add(keyword, parameters)); });
    };
    EXPECT_EQ(with("X-1", "a=b !~"), "");
    EXPECT_EQ(with("8X", ""), "");
    EXPECT_EQ(with("xtrace", ""), "\"xtrace \" is no keyword line (RFC 5321 4.1.1.1)");
    for (const char* bad : {"", "-X", "X Y", "X_Y", "\xc3\x84"})
        EXPECT_NE(with(bad, ""), "") << bad;
    for (const char* bad : {" a", "a ", "a  b", "a\tb", "a\r\n250 b", "\xc3\xa4"})
        EXPECT_NE(with("X", bad), "") << bad;
    EXPECT_EQ(with("X", std::string(498, 'p')), "");
    EXPECT_NE(with("X", std::string(499, 'p')), "");
    postern::offers many;
    for (int i = 0; i < 100; ++i)
        many.add("X" + std::to_string(i));
    EXPECT_EQ(complaint_about([&] { many.add("Y"); }), "more than 100 keyword lines");
}

} // namespace
