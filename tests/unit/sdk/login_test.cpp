// Logins in C++: what their events show, what their answers say, at once and later.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace postern::testing;
using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

template <class Plugin>
constexpr postern_plugin table_of()
{
    return postern::sdk::describe<Plugin>("org.example.test", "1.0", "test");
}

std::vector<std::string> texts_of(fake_host& host)
{
    std::vector<std::string> texts;
    for (const auto& [level, text] : host.log_lines())
        texts.push_back(text);
    return texts;
}

std::string text_of(const postern::auth_verify& e)
{
    return std::to_string(static_cast<unsigned>(e.proof_kind())) + " " + std::string{e.user()} + " " + std::string{e.act_for()} +
           " " + std::string{e.proof()};
}

std::string text_of(const postern::auth_step& e)
{
    return std::string{e.mechanism()} + " " + std::to_string(e.step()) + " " + (e.has_response() ? "+" : "-") +
           std::string{e.response()} + " " + std::string{e.binding()};
}

/// Writes down what it sees, and once more from copies when the events are gone.
class witness {
public:
    explicit witness(const postern::host& host) : host_{host}
    {
        host.mechanism("XTEST");
        host.verifies(postern::proof::password | postern::proof::token);
    }
    postern::mechanism_list on(const postern::auth_mechanisms& e)
    {
        postern::mechanism_list kept;
        for (const auto name : e.names())
            if (name != "LOGIN")
                kept.keep(std::string{name});
        return kept;
    }
    postern::login_reply on(const postern::auth_step& e)
    {
        step_ = e;
        host_.info(text_of(e));
        return postern::proceed();
    }
    postern::login_reply on(const postern::auth_verify& e)
    {
        verify_ = e;
        host_.info(text_of(e));
        return postern::proceed();
    }
    postern::verdict on(const postern::auth_result& e)
    {
        host_.info((e.is_success() ? "in " : "out ") + std::string{e.mechanism()} + " " + std::string{e.user()} + " " +
                   std::string{e.identity()} + " " + std::string{e.reason()} + " " + std::to_string(e.failures()));
        return e.failures() > 2 ? postern::disconnect() : postern::proceed();
    }
    void on(const postern::connection_close&)
    {
        host_.info("copy of " + text_of(*step_));
        host_.info("copy of " + text_of(*verify_) + " by " + std::string{verify_->peer().address()});
    }

private:
    postern::host host_;
    std::optional<postern::auth_step> step_;
    std::optional<postern::auth_verify> verify_;
};

TEST(logins, show_what_is_said_and_may_be_copied)
{
    static constexpr auto table = table_of<witness>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_TRUE(host.needs(POSTERN_AUTH_1));
    EXPECT_THAT(host.declared().mechanisms(), ElementsAre("XTEST"));
    EXPECT_EQ(host.declared().verified(), POSTERN_AUTH_PASSWORD | POSTERN_AUTH_TOKEN);
    fake_session session{host};
    EXPECT_THAT(session.auth_mechanisms({"XTEST", "LOGIN", "PLAIN"}).login->names, ElementsAre("XTEST", "PLAIN"));
    EXPECT_EQ(session.auth_step("XTEST", std::nullopt).came, answer::how::passed);
    EXPECT_EQ(session.auth_step("XTEST", "", 1, "bound").came, answer::how::passed);
    EXPECT_EQ(session.auth_verify(POSTERN_AUTH_PASSWORD, "alice", "secret", "bob").came, answer::how::passed);
    EXPECT_TRUE(session.login_succeeded("PLAIN", "alice").proceeds());
    EXPECT_TRUE(session.login_failed("PLAIN", "bob", 2).proceeds());
    EXPECT_TRUE(session.login_failed("PLAIN", "bob", 3).refuses());
    session.conn_close("quit");
    EXPECT_THAT(texts_of(host), ElementsAre("XTEST 0 - ", "XTEST 1 + bound", "1 alice bob secret", "in PLAIN alice alice  0",
                                            "out PLAIN bob  wrong 2", "out PLAIN bob  wrong 3", "copy of XTEST 1 + bound",
                                            "copy of 1 alice bob secret by 192.0.2.1"));
    EXPECT_THAT(host.complaints(), IsEmpty());
}

/// Answers as the user's name says.
class answering {
public:
    explicit answering(const postern::host& host) : host_{host}
    {
        host.mechanism("XTEST");
        host.verifies(postern::proof::password | postern::proof::secret | postern::proof::secret_sha_1 |
                      postern::proof::plain_text);
    }
    postern::login_reply on(const postern::auth_verify& e) const
    {
        if (e.user() == "secret")
            return postern::secret_of("alice", {4096, "salt", std::string(32, 's'), std::string(32, 'k')});
        if (e.user() == "sha-1")
            return postern::secret_of("alice", {e.hash() == postern::scram_hash::sha_1 ? 5000u : 6000u, "salt",
                                                std::string(20, 's'), std::string(20, 'k')});
        if (e.user() == "few")
            return postern::secret_of("alice", {4095, "salt", std::string(32, 's'), std::string(32, 'k')});
        if (e.user() == "plain")
            return postern::password_of("alice", "pencil");
        if (e.user() == "wrong")
            return postern::reject(0, "", "");
        if (e.user() == "down")
            return postern::defer(454, "4.7.0", "later");
        return postern::logged_in(std::string{e.user()});
    }
    postern::task<postern::login_reply> on(postern::auth_step e) const
    {
        co_await host_.sleep(1s);
        co_return e.step() == 0 ? postern::challenge(std::string{"\0\xff", 2}) : postern::logged_in("alice");
    }

private:
    postern::host host_;
};

class a_login : public testing::Test {
protected:
    a_login() { EXPECT_EQ(host_.create(), POSTERN_PASS); }

    static constexpr postern_plugin table_ = table_of<answering>();
    fake_host host_{table_};
    fake_session session_{host_};
};

TEST_F(a_login, is_decided_by_an_identity_or_a_refusal)
{
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_PASSWORD, "alice", "x").identity(), "alice");
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_PASSWORD, "wrong", "x").rejects());
    const answer down = session_.auth_verify(POSTERN_AUTH_PASSWORD, "down", "x");
    EXPECT_TRUE(down.defers());
    EXPECT_EQ(down.smtp_code, 454u);
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(a_login, gets_the_secret_that_was_wanted)
{
    const answer secret = session_.auth_verify(POSTERN_AUTH_SECRET, "secret", {});
    ASSERT_TRUE(secret.login);
    EXPECT_EQ(secret.login->identity, "alice");
    EXPECT_EQ(secret.login->salt, "salt");
    EXPECT_EQ(secret.login->stored_key, std::string(32, 's'));
    EXPECT_EQ(secret.login->server_key, std::string(32, 'k'));
    EXPECT_EQ(secret.login->iterations, 4096u);
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_SECRET, "sha-1", {}, {}, POSTERN_SCRAM_SHA_1).login->iterations, 5000u);
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_PLAIN_TEXT, "plain", {}).login->password, "pencil");
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST_F(a_login, fails_on_a_secret_that_no_server_takes)
{
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_SECRET, "few", {}).is_failed());
    EXPECT_EQ(host_.complaints().size(), 1u);
}

TEST_F(a_login, fails_on_a_secret_where_a_proof_was_to_be_verified)
{
    for (const auto* user : {"secret", "plain", "sha-1"}) {
        const answer said = session_.auth_verify(postern::proof::password, user, "whatever");
        EXPECT_TRUE(said.is_failed()) << user;
        EXPECT_EQ(said.came, answer::how::failed) << user;
    }
    EXPECT_THAT(host_.complaints(), Each("a secret or a password in the answer to a question with a proof"));
    EXPECT_EQ(host_.complaints().size(), 3u);
}

TEST_F(a_login, fails_without_the_secret_that_was_wanted)
{
    EXPECT_EQ(session_.auth_verify(postern::proof::secret, "alice").came, answer::how::failed);
    EXPECT_EQ(session_.auth_verify(postern::proof::secret_sha_1, "alice").came, answer::how::failed);
    EXPECT_EQ(session_.auth_verify(postern::proof::plain_text, "alice").came, answer::how::failed);
    EXPECT_EQ(session_.auth_verify(postern::proof::secret, "plain").came, answer::how::failed);
    EXPECT_EQ(session_.auth_verify(postern::proof::secret, "sha-1").came, answer::how::failed);
    EXPECT_EQ(session_.auth_verify(postern::proof::plain_text, "secret").came, answer::how::failed);
    EXPECT_THAT(host_.complaints(), ElementsAre("no secret in the answer", "no secret in the answer", "no password in the answer",
                                                "a password in the answer to a question for a secret",
                                                "keys of another hash than the one that was asked for",
                                                "a secret in the answer to a question for a password"));
    EXPECT_EQ(session_.auth_verify(postern::proof::secret_sha_1, "sha-1").login->iterations, 5000u);
    EXPECT_TRUE(session_.auth_verify(postern::proof::token, "alice", "t").passes()) << "it does not verify tokens";
}

TEST_F(a_login, fails_on_an_identity_that_none_can_be)
{
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_PASSWORD, "", "x").is_failed());
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_PASSWORD, "a\r\nb", "x").is_failed());
    EXPECT_TRUE(session_.auth_verify(POSTERN_AUTH_PASSWORD, std::string(256, 'x'), "x").is_failed());
    EXPECT_EQ(session_.auth_verify(POSTERN_AUTH_PASSWORD, std::string(255, 'x'), "x").identity(), std::string(255, 'x'));
}

TEST_F(a_login, goes_step_by_step_and_may_take_its_time)
{
    const answer first = session_.auth_step("XTEST", std::nullopt);
    ASSERT_TRUE(first.is_pending());
    host_.advance(1s);
    const answer asked = host_.answer_to(first.ticket);
    ASSERT_TRUE(asked.login && asked.login->is_challenge);
    EXPECT_EQ(asked.login->challenge, (std::string{"\0\xff", 2}));
    const answer second = session_.auth_step("XTEST", "response", 1);
    host_.advance(1s);
    EXPECT_EQ(host_.answer_to(second.ticket).identity(), "alice");
    EXPECT_THAT(host_.complaints(), IsEmpty());
}

TEST(login_answers, are_refused_where_they_are_made_when_no_host_takes_them)
{
    EXPECT_THROW((void)postern::logged_in(""), std::invalid_argument);
    EXPECT_THROW((void)postern::logged_in("a\x7f"), std::invalid_argument);
    EXPECT_THROW((void)postern::challenge(std::string(8193, 'x')), std::invalid_argument);
    EXPECT_NO_THROW((void)postern::challenge(std::string(8192, 'x')));
    EXPECT_TRUE(postern::login_reply{postern::proceed()}.is_pass());
    EXPECT_FALSE(postern::challenge("").is_pass());
    EXPECT_FALSE(postern::logged_in("alice").is_pass());
}

/// Puts off whoever tries too often, and says nothing of what it verifies: no host would ask it.
template <std::uint32_t kinds>
class throttle {
public:
    explicit throttle(const postern::host& host)
    {
        if constexpr (kinds == 0)
            host.mechanism("XTEST");
        else
            host.verifies(static_cast<postern::proof>(kinds));
    }
    postern::login_reply on(const postern::auth_verify&) const { return postern::defer(454, "4.7.0", "later"); }
};

TEST(who_takes_auth_verify, and_declares_nothing_that_it_verifies_is_not_made)
{
    static constexpr auto table = table_of<throttle<0>>();
    fake_host host{table};
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(texts_of(host), ElementsAre(testing::HasSubstr("call host.verifies(...) in its constructor")));
}

TEST(who_takes_auth_verify, is_asked_of_the_kinds_alone_that_it_declared)
{
    static constexpr auto table = table_of<throttle<POSTERN_AUTH_PASSWORD | POSTERN_AUTH_SECRET>>();
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    EXPECT_TRUE(session.auth_verify(POSTERN_AUTH_PASSWORD, "alice", "x").defers());
    EXPECT_TRUE(session.auth_verify(POSTERN_AUTH_SECRET, "alice", {}).defers());
    EXPECT_EQ(session.auth_verify(POSTERN_AUTH_TOKEN, "alice", "x").came, answer::how::passed);
    EXPECT_EQ(session.auth_verify(POSTERN_AUTH_SECRET, "alice", {}, {}, POSTERN_SCRAM_SHA_1).came, answer::how::passed);
}

/// In C, where nobody counts the calls of create.
TEST(who_requires_postern_auth, and_declares_nothing_of_it_is_not_made)
{
    static constexpr const char* needed[] = {POSTERN_AUTH_1, nullptr};
    static constexpr postern_plugin table{
        sizeof(postern_plugin),
        0,
        "org.example.test",
        "1.0",
        "test",
        nullptr,
        needed,
        [](postern_host*, postern_get_fn, const postern_create_args*, void**) noexcept -> postern_status { return POSTERN_PASS; },
        [](void*, const postern_event*) noexcept -> postern_status { return POSTERN_PASS; },
        [](void*) noexcept {}};
    fake_host host{table};
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.complaints(), ElementsAre(testing::HasSubstr("requires postern.auth/1 and declares nothing of it")));
}

template <class Declare>
class declaring {
public:
    explicit declaring(const postern::host& host) { Declare::say(host); }
    postern::login_reply on(const postern::auth_step&) const { return postern::proceed(); }
};
struct a_mechanism_of_the_server {
    static void say(const postern::host& host) { host.mechanism("PLAIN"); }
};
struct a_name_that_is_none {
    static void say(const postern::host& host) { host.mechanism("lower case"); }
};
struct a_long_name {
    static void say(const postern::host& host) { host.mechanism("X12345678901234567890"); }
};
struct the_same_twice {
    static void say(const postern::host& host)
    {
        host.mechanism("XTEST");
        host.mechanism("XTEST");
    }
};
struct nothing_to_verify {
    static void say(const postern::host& host) { host.verifies(postern::proof{0}); }
};

template <class Declare>
class a_declaration : public testing::Test {
};
using false_ones = testing::Types<a_mechanism_of_the_server, a_name_that_is_none, a_long_name, the_same_twice, nothing_to_verify>;
TYPED_TEST_SUITE(a_declaration, false_ones);

TYPED_TEST(a_declaration, of_what_cannot_be_ends_create)
{
    static constexpr auto table = table_of<declaring<TypeParam>>();
    fake_host host{table};
    EXPECT_LT(host.create(), 0);
}

/// What of a short text, which lies within its owner, is left where an answer was.
std::size_t left_of(const postern::login_reply& what, std::string_view text)
{
    alignas(postern::login_reply) char room[sizeof(postern::login_reply)] = {};
    auto* const one = std::construct_at(reinterpret_cast<postern::login_reply*>(room), what);
    EXPECT_NE(std::string_view(room, sizeof room).find(text), std::string_view::npos);
    std::destroy_at(one);
    return std::string_view(room, sizeof room).find(text.substr(1)) == std::string_view::npos ? 0 : 1;
}

TEST(a_login_reply, is_wiped_of_what_proves_a_login)
{
    EXPECT_EQ(left_of(postern::password_of("alice", "tanstaaf"), "tanstaaf"), 0u);
    EXPECT_EQ(left_of(postern::secret_of("alice", {4096, "salt", "stored-key", "server-key"}), "stored-key"), 0u);
    EXPECT_EQ(left_of(postern::secret_of("alice", {4096, "salt", "stored-key", "server-key"}), "server-key"), 0u);
}

} // namespace
