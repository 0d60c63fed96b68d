#include "core/hooks/login.hpp"

#include "core/hooks/chain.hpp"
#include "core/hooks/reply_rules.hpp"
#include "tests/unit/hooks/chain_walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::hooks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

plugin_reply with(login_reply said)
{
    plugin_reply answer;
    answer.login = std::make_shared<const login_reply>(std::move(said));
    return answer;
}

login_reply identity(std::string who)
{
    login_reply said;
    said.identity = std::move(who);
    return said;
}

login_reply secret(std::size_t key, std::uint32_t iterations)
{
    auto said = identity("alice");
    said.salt = "salt";
    said.stored_key = std::string(key, 'k');
    said.server_key = std::string(key, 's');
    said.iterations = iterations;
    return said;
}

TEST(a_login_question, is_for_who_declared_its_kind_and_of_secrets_its_hash)
{
    login_question what;
    for (const std::uint32_t kind : {1U, 4U, 8U, 16U, 32U}) {
        what.kind = kind;
        EXPECT_EQ(declared_as(what), kind);
    }
    what.kind = secret_of_sha_256;
    what.hash = 1;
    EXPECT_EQ(declared_as(what), secret_of_sha_256);
    what.hash = 0;
    EXPECT_EQ(declared_as(what), secret_of_sha_1);
}

TEST(an_identity, is_text_of_at_most_255_octets)
{
    EXPECT_TRUE(is_identity("alice"));
    EXPECT_TRUE(is_identity("j\xc3\xbcrgen@example.org"));
    EXPECT_FALSE(is_identity(""));
    EXPECT_FALSE(is_identity("a\r\nb"));
    EXPECT_FALSE(is_identity(std::string{"a\0b", 3}));
    EXPECT_FALSE(is_identity("\xff"));
    EXPECT_FALSE(is_identity(std::string(256, 'a')));
}

TEST(a_login_reply, has_an_identity_or_a_challenge)
{
    login_reply challenge;
    challenge.is_challenge = true;
    challenge.challenge = "which?";
    EXPECT_EQ(broken_rule(hook_point::auth_step, with(challenge)), "");
    EXPECT_NE(broken_rule(hook_point::auth_verify, with(challenge)), "");
    EXPECT_EQ(broken_rule(hook_point::auth_step, with(identity("alice"))), "");
    EXPECT_EQ(broken_rule(hook_point::auth_verify, with(identity("alice"))), "");
    EXPECT_NE(broken_rule(hook_point::auth_verify, with(identity(""))), "");
    challenge.challenge = std::string(longest_challenge + 1, 'x');
    EXPECT_NE(broken_rule(hook_point::auth_step, with(challenge)), "");
    auto both = identity("alice");
    both.challenge = "x";
    EXPECT_NE(broken_rule(hook_point::auth_step, with(both)), "");
    EXPECT_NE(broken_rule(hook_point::cmd_mail, with(identity("alice"))), "");
}

TEST(a_login_reply, goes_with_no_refusal)
{
    auto answer = with(identity("alice"));
    answer.verdict = verdict_kind::reject;
    EXPECT_NE(broken_rule(hook_point::auth_verify, answer), "");
}

TEST(a_secret, has_keys_of_a_hash_and_iterations_within_bounds)
{
    EXPECT_EQ(broken_rule(hook_point::auth_verify, with(secret(20, 4096))), "");
    EXPECT_EQ(broken_rule(hook_point::auth_verify, with(secret(32, 10'000'000))), "");
    EXPECT_NE(broken_rule(hook_point::auth_verify, with(secret(31, 4096))), "");
    EXPECT_NE(broken_rule(hook_point::auth_verify, with(secret(32, 4095))), "");
    EXPECT_NE(broken_rule(hook_point::auth_verify, with(secret(32, 10'000'001))), "");
    EXPECT_NE(broken_rule(hook_point::auth_step, with(secret(32, 4096))), "");
    auto unsalted = secret(32, 4096);
    unsalted.salt.clear();
    EXPECT_NE(broken_rule(hook_point::auth_verify, with(unsalted)), "");
}

login_reply password()
{
    auto said = identity("alice");
    said.password = "pencil";
    return said;
}

TEST(an_answer_to_a_proof, brings_no_secret_and_no_password)
{
    for (const std::uint32_t kind : {1U, 8U, 16U, 32U}) {
        EXPECT_EQ(misfit_of(kind, identity("alice")), "") << kind;
        EXPECT_EQ(misfit_of(kind, secret(32, 4096)), "a secret or a password in the answer to a question with a proof") << kind;
        EXPECT_EQ(misfit_of(kind, password()), "a secret or a password in the answer to a question with a proof") << kind;
        auto trace_of_one = identity("alice");
        trace_of_one.iterations = 4096;
        EXPECT_NE(misfit_of(kind, trace_of_one), "") << kind;
        trace_of_one = identity("alice");
        trace_of_one.salt = "salt";
        EXPECT_NE(misfit_of(kind, trace_of_one), "") << kind;
        trace_of_one = identity("alice");
        trace_of_one.server_key = "key";
        EXPECT_NE(misfit_of(kind, trace_of_one), "") << kind;
    }
}

TEST(an_answer_to_a_question_for_a_secret, is_the_secret_of_that_hash_and_no_password)
{
    EXPECT_EQ(misfit_of(secret_of_sha_256, secret(32, 4096)), "");
    EXPECT_EQ(misfit_of(secret_of_sha_1, secret(20, 4096)), "");
    for (const auto kind : {secret_of_sha_256, secret_of_sha_1}) {
        EXPECT_EQ(misfit_of(kind, identity("alice")), "no secret in the answer");
        EXPECT_EQ(misfit_of(kind, password()), "a password in the answer to a question for a secret");
    }
    EXPECT_EQ(misfit_of(secret_of_sha_256, secret(20, 4096)), "keys of another hash than the one that was asked for");
    EXPECT_EQ(misfit_of(secret_of_sha_1, secret(32, 4096)), "keys of another hash than the one that was asked for");
    auto both = secret(32, 4096);
    both.password = "pencil";
    EXPECT_NE(misfit_of(secret_of_sha_256, both), "");
}

TEST(an_answer_to_a_question_for_a_password, is_the_password_and_no_secret)
{
    EXPECT_EQ(misfit_of(plain_password, password()), "");
    EXPECT_EQ(misfit_of(plain_password, identity("alice")), "no password in the answer");
    EXPECT_EQ(misfit_of(plain_password, secret(32, 4096)), "a secret in the answer to a question for a password");
}

TEST(hooks_of_a_login, know_yes_no_and_not_now_alone)
{
    for (const auto hook : {hook_point::auth_step, hook_point::auth_verify, hook_point::auth_result}) {
        EXPECT_TRUE(is_allowed_at(hook, verdict_kind::proceed));
        EXPECT_TRUE(is_allowed_at(hook, verdict_kind::reject));
        EXPECT_TRUE(is_allowed_at(hook, verdict_kind::tempfail));
        EXPECT_TRUE(is_allowed_at(hook, verdict_kind::disconnect));
        for (const auto other : {verdict_kind::accept, verdict_kind::discard, verdict_kind::hold, verdict_kind::score})
            EXPECT_FALSE(is_allowed_at(hook, other)) << name_of(hook) << ' ' << name_of(other);
    }
    EXPECT_FALSE(is_allowed_at(hook_point::auth_mechanisms, verdict_kind::reject));
    EXPECT_TRUE(is_allowed_at(hook_point::msg_end_rcpt, verdict_kind::discard));
    EXPECT_FALSE(is_allowed_at(hook_point::msg_end_rcpt, verdict_kind::hold));
    EXPECT_FALSE(is_allowed_at(hook_point::msg_end_rcpt, verdict_kind::disconnect));
}

/// What a chain of plugins that answer so comes to.
outcome walk(hook_point hook, std::vector<plugin_reply> answers, failure_policy on_error = failure_policy::tempfail)
{
    links order;
    for (std::size_t i = 0; i < answers.size(); ++i)
        order.add("p" + std::to_string(i), std::move(answers[i]), everything, on_error);
    return walk(order, hook, nullptr).result;
}

plugin_reply failing()
{
    plugin_reply answer;
    answer.failure = "told to";
    return answer;
}

TEST(a_verification, is_decided_by_the_first_who_knows_the_user)
{
    const auto came = walk(hook_point::auth_verify, {{}, with(identity("alice")), with(identity("mallory"))});
    ASSERT_TRUE(came.login);
    EXPECT_EQ(came.login->identity, "alice");
    EXPECT_EQ(came.plugin, "p1");
    EXPECT_FALSE(walk(hook_point::auth_verify, {{}, {}}).login);
}

TEST(a_verification, that_is_refused_asks_nobody_else_and_has_the_replies_of_the_rfc)
{
    plugin_reply no;
    no.verdict = verdict_kind::reject;
    auto came = walk(hook_point::auth_verify, {no, with(identity("alice"))});
    EXPECT_FALSE(came.login);
    EXPECT_EQ(came.smtp_code, 535);
    EXPECT_EQ(came.enhanced, "5.7.8");
    no.verdict = verdict_kind::tempfail;
    came = walk(hook_point::auth_verify, {no});
    EXPECT_EQ(came.smtp_code, 454);
    EXPECT_EQ(came.enhanced, "4.7.0");
}

TEST(a_verification, that_fails_is_put_off_or_as_the_configuration_says)
{
    EXPECT_EQ(walk(hook_point::auth_verify, {failing(), with(identity("alice"))}).smtp_code, 454);
    EXPECT_TRUE(walk(hook_point::auth_verify, {failing(), with(identity("alice"))}, failure_policy::proceed).login);
    EXPECT_FALSE(walk(hook_point::auth_verify, {with(identity("a\nb")), with(identity("alice"))}).login);
}

/// Of one plugin, to a question about a proof of that kind.
outcome verify(std::uint32_t kind, login_reply said, failure_policy on_error = failure_policy::tempfail)
{
    links order;
    order.add("p", with(std::move(said)), everything, on_error);
    auto list = order.take();
    list.back().verifies = kind;
    const chain all{std::move(list)};
    chain_run run{all, hook_point::auth_verify, nullptr};
    run.ask_who_verifies(kind);
    event what;
    what.hook = hook_point::auth_verify;
    plugin_reply answer;
    if (const auto* const whom = run.next())
        (void)whom->who->call(what, {}, nullptr, answer);
    run.answered(std::move(answer));
    auto came = run.take_result();
    EXPECT_EQ(run.failure().empty(), came.login != nullptr);
    return came;
}

TEST(a_verification, whose_answer_is_not_what_was_asked_for_is_a_failure_and_no_login)
{
    for (const std::uint32_t kind : {1U, 8U, 16U, 32U}) {
        EXPECT_TRUE(verify(kind, identity("alice")).login) << kind;
        EXPECT_EQ(verify(kind, secret(32, 4096)).smtp_code, 454) << kind;
        EXPECT_EQ(verify(kind, password()).smtp_code, 454) << kind;
        EXPECT_FALSE(verify(kind, password()).login) << kind;
        EXPECT_EQ(verify(kind, password(), failure_policy::reject).smtp_code, 535) << kind;
    }
    EXPECT_TRUE(verify(secret_of_sha_256, secret(32, 4096)).login);
    EXPECT_EQ(verify(secret_of_sha_256, identity("alice")).smtp_code, 454);
    EXPECT_EQ(verify(secret_of_sha_1, secret(32, 4096)).smtp_code, 454);
    EXPECT_TRUE(verify(plain_password, password()).login);
    EXPECT_EQ(verify(plain_password, identity("alice")).smtp_code, 454);
}

TEST(mechanisms, are_what_everybody_keeps)
{
    login_reply first;
    first.names = {"PLAIN", "LOGIN"};
    login_reply second;
    second.names = {"LOGIN", "SCRAM-SHA-256"};
    const auto came = walk(hook_point::auth_mechanisms, {with(first), {}, with(second)});
    ASSERT_TRUE(came.login);
    EXPECT_THAT(came.login->names, ElementsAre("LOGIN"));
    EXPECT_FALSE(walk(hook_point::auth_mechanisms, {{}, {}}).login); // all
    const auto failed = walk(hook_point::auth_mechanisms, {failing(), with(first)});
    ASSERT_TRUE(failed.login);
    EXPECT_THAT(failed.login->names, IsEmpty());
}

} // namespace
} // namespace postern::hooks
