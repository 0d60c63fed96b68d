// What a transcript of AUTH cannot show: who sees what of it, and what is kept.
#include "core/session/server_session.hpp"

#include "core/base/base64.hpp"
#include "core/session/witness.hpp"
#include "tests/support/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace postern::session {
namespace {

using hooks::hook_point;
using test::conversation;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

server_config config_with(std::vector<std::string> mechanisms)
{
    auto config = conversation::usual_config();
    auto offer = std::make_shared<auth_offer>();
    offer->in_clear = true;
    offer->nonce = [] { return std::string{"0123456789abcdefABCDEF-s"}; };
    offer->unknown_user_key = "key";
    for (const auto& name : mechanisms)
        offer->mechanisms.push_back({name, sasl::find_server_mechanism(name), {}});
    config.auth = std::move(offer);
    return config;
}

std::string plain(std::string_view user, std::string_view password)
{
    std::string octets;
    octets.append(1, '\0').append(user).append(1, '\0').append(password);
    return base::to_base64(octets);
}

class listening final : public witness {
public:
    void heard(std::string_view line) noexcept override { lines.emplace_back(line); }
    std::vector<std::string> lines;
};

TEST(who_looks_on, sees_no_secret_of_a_login)
{
    conversation peer{config_with({"PLAIN", "LOGIN"})};
    peer.plugin().users["alice"] = "secret";
    peer.begin();
    listening who;
    peer.session().watched_by(&who);
    peer.says("EHLO client.example\r\nauth  plain " + plain("alice", "wrong") + "\r\nAUTH LOGIN " + base::to_base64("alice") +
              "\r\n");
    peer.says(base::to_base64("secret") + "\r\n");
    EXPECT_THAT(peer.take_replies(), HasSubstr("235 2.7.0"));
    EXPECT_THAT(who.lines, ElementsAre("EHLO client.example", "auth  plain ***", "AUTH LOGIN ***", "***"));
    peer.session().watched_by(nullptr);
}

TEST(who_looks_on, sees_no_responses_that_came_along_with_an_auth_that_is_refused)
{
    conversation peer{config_with({"SCRAM-SHA-256"})};
    peer.begin();
    listening who;
    peer.session().watched_by(&who);
    peer.says("EHLO client.example\r\nAUTH LOGIN\r\n" + base::to_base64("alice") + "\r\n" + base::to_base64("secret") +
              "\r\nNOOP\r\nFROB one\r\n\tauth\r\nbare\nline\r\nQUIT\r\n");
    EXPECT_THAT(who.lines,
                ElementsAre("EHLO client.example", "AUTH LOGIN", "***", "***", "NOOP", "FROB one", "\tauth", "***", "QUIT"));
    peer.session().watched_by(nullptr);
}

TEST(who_looks_on, misses_three_lines_behind_an_auth_that_is_refused_and_no_more)
{
    conversation peer{config_with({"SCRAM-SHA-256"})};
    peer.begin();
    listening who;
    peer.session().watched_by(&who);
    peer.says("EHLO client.example\r\nAUTH LOGIN\r\none\r\ntwo\r\nthree\r\nfour\r\n");
    EXPECT_THAT(who.lines, ElementsAre("EHLO client.example", "AUTH LOGIN", "***", "***", "***", "four"));
    peer.session().watched_by(nullptr);
}

TEST(who_looks_on, sees_a_command_whose_name_only_begins_like_auth)
{
    conversation peer{config_with({"PLAIN"})};
    peer.begin();
    listening who;
    peer.session().watched_by(&who);
    peer.says("EHLO client.example\r\nAUTHINFO USER alice\r\nauth-x a b\r\nfrob\r\nAUTH=PLAIN a b\r\n");
    EXPECT_THAT(who.lines, ElementsAre("EHLO client.example", "AUTHINFO USER alice", "auth-x a b", "frob", "AUTH=PLAIN ***"));
    peer.session().watched_by(nullptr);
}

TEST(what_was_fed, is_to_be_wiped_where_a_login_may_be_in_it)
{
    conversation peer{config_with({"PLAIN", "LOGIN"})};
    peer.plugin().users["alice"] = "secret";
    const auto is_secret_after = [&](const std::string& octets) {
        peer.says(octets);
        return peer.session().has_heard_secret();
    };
    EXPECT_FALSE(is_secret_after("EHLO client.example\r\nNOOP\r\n"));
    EXPECT_TRUE(is_secret_after("NOO")) << "who knows what it becomes";
    EXPECT_FALSE(is_secret_after("P\r\n"));
    EXPECT_TRUE(is_secret_after("AUTH GSSAPI\r\n"));
    EXPECT_TRUE(is_secret_after("YWxpY2U=\r\n"));
    EXPECT_FALSE(is_secret_after("NOOP\r\n"));
    EXPECT_TRUE(is_secret_after("AUTH LOGIN\r\n"));
    EXPECT_TRUE(is_secret_after(base::to_base64("alice") + "\r\n"));
    EXPECT_TRUE(is_secret_after(base::to_base64("secret") + "\r\nNOOP\r\n"));
    EXPECT_THAT(peer.take_replies(), HasSubstr("235 2.7.0"));
    EXPECT_FALSE(is_secret_after("NOOP\r\n"));
}

TEST(a_mechanism, that_a_plugin_takes_away_is_neither_offered_nor_taken)
{
    conversation peer{config_with({"PLAIN", "LOGIN"})};
    peer.plugin().users["alice"] = "secret";
    hooks::login_reply kept;
    kept.names = {"LOGIN"};
    peer.plugin().script[hook_point::auth_mechanisms].login = std::make_shared<const hooks::login_reply>(kept);
    peer.says("EHLO client.example\r\n");
    EXPECT_THAT(peer.take_replies(), HasSubstr("AUTH LOGIN\r\n"));
    peer.says("AUTH PLAIN " + plain("alice", "secret") + "\r\n");
    EXPECT_THAT(peer.take_replies(), HasSubstr("504 5.5.4"));
}

TEST(a_mechanism, is_not_offered_where_all_are_taken_away_or_whoever_says_so_fails)
{
    conversation peer{config_with({"PLAIN"})};
    peer.plugin().failing.insert(hook_point::auth_mechanisms);
    peer.says("EHLO client.example\r\n");
    EXPECT_THAT(peer.take_replies(), Not(HasSubstr("AUTH")));
}

TEST(whoever_verifies, is_shown_the_mechanism_the_name_and_the_proof)
{
    conversation peer{config_with({"PLAIN"})};
    peer.says("EHLO client.example\r\nAUTH PLAIN " + plain("alice", "secret") + "\r\n");
    EXPECT_THAT(peer.plugin().seen_in_login, ElementsAre("PLAIN alice secret"));
}

TEST(an_identity, is_a_fact_of_the_connection_from_its_login_on)
{
    conversation peer{config_with({"PLAIN"})};
    peer.plugin().users["alice"] = "secret";
    peer.says("EHLO client.example\r\nAUTH PLAIN " + plain("alice", "wrong") + "\r\n");
    EXPECT_EQ(peer.session().facts().identity, "");
    peer.says("AUTH PLAIN " + plain("alice", "secret") + "\r\n");
    EXPECT_EQ(peer.session().facts().identity, "alice");
}

/// Answers that come from no chain have no codes.
TEST(a_login, that_an_embedder_refuses_without_a_code_gets_the_usual_one)
{
    const auto config = config_with({"PLAIN"});
    test::still_clock clock;
    base::seeded_random random{1};
    base::id_source ids{clock, random, 0};
    const std::string said = "EHLO client.example\r\nAUTH PLAIN " + plain("alice", "secret") + "\r\n";
    for (const auto& [verdict, reply] :
         {std::pair{hooks::verdict_kind::reject, "535 5.7.8 "}, std::pair{hooks::verdict_kind::tempfail, "454 4.7.0 "},
          std::pair{hooks::verdict_kind::disconnect, "421 4.7.0 "}}) {
        for (const auto at : {hook_point::auth_verify, hook_point::auth_result}) {
            server_session session{config, {}, ids};
            bool is_fed = false;
            for (auto next = session.resume(); next.what != step::kind::close; next = session.resume()) {
                if (next.what == step::kind::read && std::exchange(is_fed, true))
                    break;
                if (next.what == step::kind::read)
                    session.feed(said);
                if (next.what != step::kind::ask)
                    continue;
                hooks::outcome outcome;
                if (next.hook == at)
                    outcome.verdict = verdict;
                session.answer(std::move(outcome));
            }
            const std::string output{session.output()};
            const auto last = output.substr(output.rfind('\n', output.size() - 2) + 1);
            const bool counts = verdict == hooks::verdict_kind::disconnect || at == hook_point::auth_verify; // of a success
            EXPECT_TRUE(!counts || last.starts_with(reply)) << hooks::name_of(at) << ": " << last;
        }
    }
}

/// The last reply to AUTH with `initial`, where who embeds the session answers auth.verify like that.
std::string reply_to_login(const std::string& mechanism, const std::string& initial, const hooks::login_reply& said)
{
    test::still_clock clock;
    base::seeded_random random{1};
    base::id_source ids{clock, random, 0};
    const auto config = config_with({mechanism});
    const std::string octets = "EHLO client.example\r\nAUTH " + mechanism + " " + initial + "\r\n";
    server_session session{config, {}, ids};
    bool is_fed = false;
    for (auto next = session.resume(); next.what != step::kind::close; next = session.resume()) {
        if (next.what == step::kind::read && std::exchange(is_fed, true))
            break;
        if (next.what == step::kind::read)
            session.feed(octets);
        if (next.what != step::kind::ask)
            continue;
        hooks::outcome outcome;
        if (next.hook == hook_point::auth_verify)
            outcome.login = std::make_shared<const hooks::login_reply>(said);
        session.answer(std::move(outcome));
    }
    const std::string output{session.output()};
    return output.substr(output.rfind('\n', output.size() - 2) + 1);
}

TEST(a_login, is_not_granted_by_an_answer_that_is_not_what_was_asked_for)
{
    hooks::login_reply who;
    who.identity = "alice";
    EXPECT_THAT(reply_to_login("PLAIN", plain("alice", "secret"), who), HasSubstr("235 2.7.0"));
    auto secret = who;
    secret.salt = "0123456789abcdef";
    secret.stored_key = std::string(32, 's');
    secret.server_key = std::string(32, 'k');
    secret.iterations = 4096;
    auto password = who;
    password.password = "pencil";
    for (const auto& each : {secret, password}) {
        EXPECT_THAT(reply_to_login("PLAIN", plain("alice", "secret"), each), HasSubstr("454 4.7.0"));
        EXPECT_THAT(reply_to_login("ANONYMOUS", base::to_base64("trace"), each), HasSubstr("454 4.7.0"));
        EXPECT_THAT(reply_to_login("XOAUTH2",
                                   base::to_base64("user=alice\x01"
                                                   "auth=Bearer abc\x01\x01"),
                                   each),
                    HasSubstr("454 4.7.0"));
    }
    const auto first = base::to_base64("n,,n=alice,r=abcdefghijkl");
    EXPECT_THAT(reply_to_login("SCRAM-SHA-256", first, secret), HasSubstr("334 "));
    EXPECT_THAT(reply_to_login("SCRAM-SHA-256", first, who), HasSubstr("454 4.7.0"));
    EXPECT_THAT(reply_to_login("SCRAM-SHA-256", first, password), HasSubstr("454 4.7.0"));
    EXPECT_THAT(reply_to_login("SCRAM-SHA-1", first, secret), HasSubstr("454 4.7.0"));
    auto unsalted = secret;
    unsalted.salt.clear();
    EXPECT_THAT(reply_to_login("SCRAM-SHA-256", first, unsalted), HasSubstr("454 4.7.0"));
    auto nobody = secret;
    nobody.identity.clear();
    EXPECT_THAT(reply_to_login("SCRAM-SHA-256", first, nobody), HasSubstr("454 4.7.0"));
}

TEST(a_failed_login, is_answered_late)
{
    conversation peer{config_with({"PLAIN"})};
    peer.says("EHLO client.example\r\n");
    (void)peer.take_steps();
    peer.says("AUTH PLAIN " + plain("alice", "wrong") + "\r\n");
    EXPECT_THAT(peer.take_steps(), ElementsAre("ask auth.verify", "ask auth.result", "pause"));
}

TEST(a_sender_s_own_word_for_who_wrote_a_message, counts_from_who_logged_in_alone)
{
    conversation peer{config_with({"PLAIN"})};
    peer.plugin().users["alice"] = "secret";
    const auto said = [&] {
        for (const auto& each : peer.session().draft()->envelope.from.parameters)
            if (each.keyword == "AUTH")
                return each.value.value_or("");
        return std::string{"nothing"};
    };
    peer.says("EHLO client.example\r\nMAIL FROM:<a@client.example> AUTH=bob@client.example\r\n");
    EXPECT_EQ(said(), "<>"); // RFC 4954 5
    peer.says("RSET\r\nAUTH PLAIN " + plain("alice", "secret") + "\r\nMAIL FROM:<a@client.example> AUTH=bob@client.example\r\n");
    EXPECT_EQ(said(), "bob@client.example");
}

} // namespace
} // namespace postern::session
