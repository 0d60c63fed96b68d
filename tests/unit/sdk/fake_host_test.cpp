// The fake host is as strict as a real one: what breaks the contract fails a plugin's tests.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

/// Answers as the test wants, by the contract's own records.
class raw {
public:
    explicit raw(const postern::host& host) : host_{host} {}
    postern::pending on(const postern::mail& e) { return answer(e.ticket()); }
    postern::pending on(const postern::rcpt& e) { return answer(e.ticket()); }
    postern::pending on(const postern::headers& e) { return answer(e.ticket()); }

    static inline std::function<postern_reply()> next; // the tests run one after the other
    static inline postern_status status = 0;

private:
    postern::pending answer(std::uint64_t ticket)
    {
        postern_reply reply = next();
        reply.size = sizeof reply;
        status = host_.capability<postern_core_1>(POSTERN_CORE_1)->reply(host_.handle(), ticket, &reply);
        return {};
    }
    postern::host host_;
};
constexpr postern_plugin table = postern::sdk::describe<raw>("org.example.raw", "1.0", "test");

class fake : public testing::Test {
protected:
    fake() { EXPECT_EQ(host_.create(), POSTERN_PASS); }
    void replies(std::uint32_t verdict, std::uint32_t code = 0, std::string_view text = {}, std::uint32_t flags = 0)
    {
        raw::next = [=] {
            postern_reply reply{};
            reply.verdict = verdict;
            reply.smtp_code = code;
            reply.text = postern::sdk::str(text);
            reply.flags = flags;
            return reply;
        };
    }
    void edits(std::uint32_t op, std::string_view name, std::string_view value)
    {
        edit_ = {op, 0, postern::sdk::str(name), postern::sdk::str(value)};
        raw::next = [this] {
            postern_reply reply{};
            reply.edits = postern::sdk::list_over(&edit_, 1);
            return reply;
        };
    }
    void expect_complaint(const answer& said, const std::string& text)
    {
        EXPECT_TRUE(said.is_failed()) << text;
        EXPECT_EQ(raw::status, POSTERN_E_INVALID) << text;
        ASSERT_FALSE(host_.complaints().empty()) << text;
        EXPECT_EQ(host_.complaints().back(), text);
    }
    fake_host host_{table};
    fake_session session_{host_};
    postern_edit edit_{};
};

TEST_F(fake, complains_of_a_code_that_does_not_fit_its_verdict)
{
    replies(POSTERN_REJECT, 450);
    expect_complaint(session_.mail("a@b"), "a reject with code 450");
    replies(POSTERN_TEMPFAIL, 550);
    expect_complaint(session_.mail("a@b"), "a tempfail with code 550");
    replies(POSTERN_SCORE + 1);
    expect_complaint(session_.mail("a@b"), "no such verdict: 8");
}

TEST_F(fake, complains_of_texts_that_would_make_a_line)
{
    replies(POSTERN_REJECT, 550, "no\r\n250 yes");
    expect_complaint(session_.mail("a@b"), "CR, LF or NUL in a text");
    edits(POSTERN_EDIT_HEADER_ADD, "X", "a\r\nBcc: b@x");
    expect_complaint(session_.headers({}), "CR, LF or NUL in an edit");
    edits(POSTERN_EDIT_HEADER_ADD, "X:Y", "a");
    expect_complaint(session_.headers({}), "\"X:Y\" is no name of a header field");
    edits(POSTERN_EDIT_HEADER_ADD, "X", "a\r\n b");
    EXPECT_TRUE(session_.headers({}).proceeds());
}

TEST_F(fake, complains_of_an_edit_on_the_wrong_hook_and_of_a_vouch_without_the_right)
{
    edits(POSTERN_EDIT_RCPT_ADD, "", "a@x");
    expect_complaint(session_.headers({}), "rcpt.add: not at msg.headers");
    replies(POSTERN_CONTINUE, 0, {}, POSTERN_REPLY_VOUCH);
    expect_complaint(session_.rcpt("a@x"), "vouched without providing postern.recipients/1");
    expect_complaint(session_.mail("a@x"), "vouched elsewhere than at cmd.rcpt");
}

TEST_F(fake, takes_no_plugin_that_both_observes_and_decides)
{
    static postern_status (*subscribe)(postern_host*, std::uint32_t, std::uint32_t) = nullptr;
    static postern_host* of = nullptr;
    static const auto create = [](postern_host* host, postern_get_fn get, const postern_create_args*, void** self) {
        subscribe = static_cast<const postern_core_1*>(get(host, POSTERN_CORE_1))->subscribe;
        *self = of = host;
        EXPECT_EQ(subscribe(host, POSTERN_HOOK_RCPT, POSTERN_SUBSCRIBE_OBSERVE), POSTERN_PASS);
        EXPECT_EQ(subscribe(host, POSTERN_HOOK_RCPT, POSTERN_SUBSCRIBE_OBSERVE), POSTERN_PASS);
        EXPECT_EQ(subscribe(host, POSTERN_HOOK_RCPT, 0), POSTERN_E_INVALID);
        EXPECT_EQ(subscribe(host, POSTERN_HOOK_MAIL, 0), POSTERN_PASS);
        EXPECT_EQ(subscribe(host, POSTERN_HOOK_MAIL, POSTERN_SUBSCRIBE_OBSERVE), POSTERN_E_INVALID);
        EXPECT_EQ(subscribe(host, POSTERN_HOOK_DATA, 2), POSTERN_E_INVALID);
        EXPECT_EQ(subscribe(host, POSTERN_HOOK_CLIENT_PARAMS, 0), POSTERN_PASS);
        EXPECT_EQ(subscribe(host, POSTERN_HOOK_REPORT_IN + 1, 0), POSTERN_E_INVALID);
        return postern_status{POSTERN_PASS};
    };
    static constexpr postern_plugin both{sizeof(postern_plugin),
                                         0,
                                         "org.example.both",
                                         "1",
                                         "test",
                                         nullptr,
                                         nullptr,
                                         create,
                                         [](void*, const postern_event*) { return postern_status{POSTERN_PASS}; },
                                         [](void*) {}};
    fake_host host{both};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_TRUE(host.observes(POSTERN_HOOK_RCPT));
    EXPECT_FALSE(host.observes(POSTERN_HOOK_MAIL));
    EXPECT_EQ(subscribe(of, POSTERN_HOOK_DATA, 0), POSTERN_E_DENIED);
}

TEST_F(fake, takes_broken_for_a_failure_that_is_no_breach)
{
    replies(POSTERN_BROKEN);
    EXPECT_TRUE(session_.mail("a@b").is_failed());
    EXPECT_EQ(raw::status, POSTERN_PASS);
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(fake, delivers_wakes_in_the_order_of_their_time)
{
    class sleeper {
    public:
        explicit sleeper(const postern::host& host) : host_{host} {}
        void on(const postern::connection& e)
        {
            for (const int seconds : {3, 1, 2})
                EXPECT_TRUE(host_.wake(e.session(), static_cast<std::uint64_t>(seconds), std::chrono::seconds{seconds}));
        }
        void on(const postern::wake& e) { host_.info(std::to_string(e.token()) + (e.is_cancelled() ? " cancelled" : "")); }

    private:
        postern::host host_;
    };
    static constexpr postern_plugin sleeping = postern::sdk::describe<sleeper>("org.example.sleeper", "1.0", "test");
    fake_host host{sleeping};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    session.conn_open();
    host.advance(std::chrono::seconds{2});
    EXPECT_EQ(host.waiting(), 1u);
    session.end_session();
    std::vector<std::string> lines;
    for (const auto& [level, text] : host.log_lines())
        lines.push_back(text);
    EXPECT_THAT(lines, ElementsAre("1", "2", "3 cancelled"));
}

} // namespace
