// What logs in leaves nothing of itself behind; and a message that asks for a login goes nowhere without one. How logins go is in
// the tests of the runtime and of whole servers.
#include "core/base/base64.hpp"
#include "core/sasl/errc.hpp"
#include "core/session/client_session.hpp"
#include "tests/support/watched_memory.hpp"
#include "tests/unit/session/client_conversation.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postern::session {
namespace {

using postern::test::freed_memory;

constexpr std::string_view raw = "tanstaaftanstaaftanstaaf";
constexpr std::string_view coded = "dGFuc3RhYWZ0YW5zdGFhZnRhbnN0YWFm";

/// Says a long secret: at once, which is too long for the line of AUTH, or when it is asked.
class long_speaker final : public sasl::client_mechanism {
public:
    explicit long_speaker(bool at_once) : at_once_{at_once} {}
    [[nodiscard]] std::string_view name() const noexcept override { return "XTEST"; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override
    {
        return at_once_ ? std::optional{secret()} : std::nullopt;
    }
    [[nodiscard]] base::result<std::string> respond(std::string_view) override { return secret(); }
    [[nodiscard]] bool is_complete() const noexcept override { return true; }

private:
    [[nodiscard]] static std::string secret()
    {
        std::string made;
        made.reserve(20 * raw.size());
        for (int i = 0; i < 20; ++i)
            made += raw;
        return made;
    }
    bool at_once_;
};

/// A session up to the answers that a test gives to AUTH; the last of what it says stays unsent.
std::size_t found_after(std::string_view sought, bool at_once, std::initializer_list<std::string_view> replies)
{
    client_config config;
    config.hostname = "client.example";
    config.tls = client_tls::none;
    auto session = std::make_unique<client_session>(config);
    const auto goes_on = [&] {
        while (session->resume().what == client_step::kind::done) {
        }
    };
    for (const std::string_view reply : {"220 mx\r\n", "250-mx\r\n250 AUTH XTEST\r\n"}) {
        goes_on();
        session->output_sent();
        session->feed(reply);
    }
    goes_on();
    const freed_memory freed{sought};
    session->log_in(std::make_unique<long_speaker>(at_once));
    goes_on();
    for (const auto reply : replies) {
        session->output_sent();
        session->feed(reply);
        goes_on();
    }
    session.reset();
    return freed_memory::take_found();
}

TEST(client_login, leaves_nothing_of_a_response_behind)
{
    ASSERT_EQ(base::to_base64(raw), coded);
    for (const auto sought : {raw, coded}) {
        EXPECT_EQ(found_after(sought, false, {"334 \r\n", "235 ok\r\n"}), 0u) << sought;
        EXPECT_EQ(found_after(sought, true, {"334 \r\n", "235 ok\r\n"}), 0u) << sought;
    }
}

TEST(client_login, leaves_nothing_behind_that_was_refused_before_it_was_said)
{
    EXPECT_EQ(found_after(raw, true, {"535 no\r\n"}), 0u);
    EXPECT_EQ(found_after(raw, true, {"334 eA==\r\n", "501 cancelled\r\n"}), 0u);
}

TEST(client_login, leaves_nothing_behind_when_its_connection_ends_in_the_middle)
{
    EXPECT_EQ(found_after(raw, true, {}), 0u) << "a response that is still to be said";
    for (const auto sought : {raw, coded})
        EXPECT_EQ(found_after(sought, false, {"334 \r\n"}), 0u) << "one that is not sent: " << sought;
}

/// Says "me", and believes a success if it was asked something.
class one_word final : public sasl::client_mechanism {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "XTEST"; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override { return std::optional<std::string>{}; }
    [[nodiscard]] base::result<std::string> respond(std::string_view challenge) override
    {
        if (challenge == "lie")
            return make_error_code(sasl::errc::bad_challenge);
        is_asked_ = true;
        return std::string{"me"};
    }
    [[nodiscard]] bool is_complete() const noexcept override { return is_asked_; }

private:
    bool is_asked_ = false;
};

/// A message that asks for a login, up to the answers to AUTH.
class a_message_that_asks_for_a_login : public ::testing::TestWithParam<bool> {
protected:
    a_message_that_asks_for_a_login()
    {
        c.is_fed_octetwise = GetParam();
        c.transaction.asks.login = true;
        EXPECT_EQ(c.sends(), "");
        c.is_greeted("AUTH XTEST,PIPELINING");
        EXPECT_EQ(c.step().what, client_step::kind::ask_login);
        EXPECT_FALSE(c.session().is_introduced()) << "nobody comes in behind it yet";
    }
    std::string logs_in()
    {
        c.session().log_in(std::make_unique<one_word>());
        return c.runs();
    }
    /// What came of the message, which the peer never saw.
    std::string ends_with(std::string_view reply)
    {
        EXPECT_EQ(logs_in(), "AUTH XTEST\r\n");
        const auto said = c.hears(reply);
        EXPECT_EQ(said.find("MAIL"), std::string::npos) << said;
        EXPECT_EQ(c.done(), 1U);
        EXPECT_FALSE(c.last().reusable);
        EXPECT_FALSE(c.last().begun);
        EXPECT_FALSE(c.session().is_introduced());
        return c.result();
    }

    test::client_conversation c;
};
INSTANTIATE_TEST_SUITE_P(whole_and_octetwise, a_message_that_asks_for_a_login, ::testing::Bool());

TEST_P(a_message_that_asks_for_a_login, goes_when_it_is_made)
{
    EXPECT_EQ(logs_in(), "AUTH XTEST\r\n");
    EXPECT_EQ(c.hears("334 \r\n"), base::to_base64("me") + "\r\n");
    EXPECT_FALSE(c.session().is_introduced());
    EXPECT_EQ(c.hears("235 2.7.0 welcome\r\n"), "MAIL FROM:<a@client.example>\r\nRCPT TO:<u@example.com>\r\nDATA\r\n");
    EXPECT_TRUE(c.session().is_introduced());
}

TEST_P(a_message_that_asks_for_a_login, asks_once_a_connection)
{
    (void)logs_in();
    (void)c.hears("334 \r\n");
    (void)c.hears("235 2.7.0 welcome\r\n");
    (void)c.hears("250 ok\r\n");
    (void)c.hears("250 ok\r\n");
    (void)c.hears("354 go\r\n");
    (void)c.hears("250 2.0.0 kept\r\n");
    EXPECT_EQ(c.result(), "delivered 250 2.0.0 kept");
    EXPECT_TRUE(c.last().reusable);
    EXPECT_TRUE(c.sends().starts_with("MAIL FROM:")) << "nobody is asked again";
}

// RFC 4954 4, 6: whatever the server says of us, nothing is known of the message.
TEST_P(a_message_that_asks_for_a_login, waits_when_it_is_refused)
{
    EXPECT_EQ(ends_with("535 5.7.8 wrong\r\n"), "deferred 535 4.7.8 the login by XTEST was refused: wrong");
    EXPECT_EQ(c.session().end(), client_end::no_login);
    EXPECT_EQ(c.session().fault(), client_fault::no_login);
}

TEST_P(a_message_that_asks_for_a_login, waits_when_it_is_refused_without_a_status)
{
    EXPECT_EQ(ends_with("535 wrong\r\n"), "deferred 535 4.7.8 the login by XTEST was refused: wrong");
}

TEST_P(a_message_that_asks_for_a_login, waits_when_the_server_cannot_say_now)
{
    EXPECT_EQ(ends_with("454 4.7.0 later\r\n"), "deferred 454 4.7.0 the login by XTEST was refused: later");
}

TEST_P(a_message_that_asks_for_a_login, waits_when_the_server_lies_or_leaves)
{
    EXPECT_EQ(ends_with("235 come in\r\n"), "deferred 0 4.7.8 the server takes a login without having proved who it is");
    EXPECT_EQ(c.session().fault(), client_fault::unproved);
}

TEST_P(a_message_that_asks_for_a_login, waits_when_the_reply_is_no_answer)
{
    EXPECT_EQ(ends_with("250 ok\r\n"), "deferred 0 4.5.0 reply 250 out of place");
}

TEST_P(a_message_that_asks_for_a_login, waits_when_the_server_closes)
{
    EXPECT_EQ(ends_with("421 4.3.2 bye\r\n"), "deferred 421 4.3.2 bye");
}

TEST_P(a_message_that_asks_for_a_login, waits_when_the_mechanism_does_not_go_on)
{
    EXPECT_EQ(logs_in(), "AUTH XTEST\r\n");
    EXPECT_EQ(c.hears("334 " + base::to_base64("lie") + "\r\n"), "*\r\n");
    (void)c.hears("501 5.5.2 cancelled\r\n");
    EXPECT_EQ(c.result().find("deferred 0 4.7.0 the login by XTEST was given up: "), 0U) << c.result();
}

TEST_P(a_message_that_asks_for_a_login, waits_when_its_caller_says_so)
{
    c.session().decide({client_recipient_result::kind::deferred, 0, "4.7.0", "no AUTH", false});
    EXPECT_EQ(c.runs(), "QUIT\r\n");
    EXPECT_EQ(c.result(), "deferred 0 4.7.0 no AUTH");
    EXPECT_EQ(c.session().end(), client_end::no_login);
}

} // namespace
} // namespace postern::session
