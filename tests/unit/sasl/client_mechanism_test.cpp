#include "core/sasl/client_mechanism.hpp"

#include "core/base/ascii.hpp"
#include "tests/unit/sasl/exchange.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::sasl {
namespace {

const std::vector<std::string> all{"LOGIN",       "PLAIN",         "CRAM-MD5",         "ANONYMOUS",
                                   "SCRAM-SHA-1", "scram-sha-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS",
                                   "EXTERNAL",    "XOAUTH2",       "OAUTHBEARER"};

credentials of_tim()
{
    credentials made;
    made.user = "tim";
    made.password = "tanstaaftanstaaf";
    return made;
}

credentials with_token()
{
    credentials made;
    made.user = "tim";
    made.token = "vF9dft4qmT";
    return made;
}

channel_facts tls()
{
    return {.is_tls = true, .binding = std::string(32, 'b'), .certificate_subject = "CN=tim"};
}

std::string chosen(const std::vector<std::string>& offered, const credentials& with, const channel_facts& channel,
                   bool in_clear = false)
{
    const auto made = choose_client_mechanism(offered, with, channel, in_clear);
    return made ? std::string{made->name()} : std::string{};
}

TEST(the_choice_of_a_mechanism, takes_the_best_that_is_offered)
{
    auto offered = all;
    for (const auto* best :
         {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}) {
        EXPECT_EQ(chosen(offered, of_tim(), tls()), best);
        std::erase_if(offered, [&](const std::string& each) { return base::equals_ignoring_case(each, best); });
    }
    EXPECT_EQ(chosen(offered, of_tim(), tls()), "");
}

TEST(the_choice_of_a_mechanism, does_not_show_a_secret_in_clear)
{
    EXPECT_EQ(chosen({"PLAIN", "LOGIN"}, of_tim(), {}), "");
    EXPECT_EQ(chosen({"PLAIN", "LOGIN"}, of_tim(), {}, true), "PLAIN");
    EXPECT_EQ(chosen({"PLAIN", "SCRAM-SHA-1"}, of_tim(), {}), "SCRAM-SHA-1");
    EXPECT_EQ(chosen({"OAUTHBEARER", "XOAUTH2"}, with_token(), {}), "");
}

TEST(the_choice_of_a_mechanism, follows_what_the_credentials_are)
{
    EXPECT_EQ(chosen(all, with_token(), tls()), "OAUTHBEARER");
    EXPECT_EQ(chosen({"XOAUTH2", "PLAIN"}, with_token(), tls()), "XOAUTH2");
    EXPECT_EQ(chosen(all, {}, tls()), "ANONYMOUS");
    auto with = of_tim();
    with.use_certificate = true;
    EXPECT_EQ(chosen(all, with, tls()), "EXTERNAL");
    EXPECT_EQ(chosen(all, with, {}), "SCRAM-SHA-256");
    with = of_tim();
    with.act_for = "other";
    EXPECT_EQ(chosen({"LOGIN", "CRAM-MD5"}, with, tls()), "");
    EXPECT_EQ(chosen({"LOGIN", "PLAIN"}, with, tls()), "PLAIN");
}

TEST(a_client_with_a_channel_binding, says_that_it_was_offered_none)
{
    const auto made = choose_client_mechanism(std::vector<std::string>{"SCRAM-SHA-1"}, of_tim(), tls(), false);
    EXPECT_EQ(made->begin().value()->substr(0, 3), "y,,");
    const auto clear = choose_client_mechanism(std::vector<std::string>{"SCRAM-SHA-1"}, of_tim(), {}, false);
    EXPECT_EQ(clear->begin().value()->substr(0, 3), "n,,");
    EXPECT_EQ(make_client_mechanism("SCRAM-SHA-1", of_tim(), tls())->begin().value()->substr(0, 3), "n,,");
}

TEST(a_mechanism, is_not_made_of_credentials_that_do_not_do)
{
    EXPECT_EQ(make_client_mechanism("NONE", of_tim(), tls()), nullptr);
    EXPECT_EQ(make_client_mechanism("PLAIN", {}, tls()), nullptr);
    EXPECT_EQ(make_client_mechanism("PLAIN", with_token(), tls()), nullptr);
    EXPECT_EQ(make_client_mechanism("OAUTHBEARER", of_tim(), tls()), nullptr);
    EXPECT_EQ(make_client_mechanism("SCRAM-SHA-1-PLUS", of_tim(), {}), nullptr);
    EXPECT_EQ(make_client_mechanism("EXTERNAL", of_tim(), tls()), nullptr);
}

TEST(client_and_server, agree_with_every_mechanism)
{
    for (const auto& kind : server_mechanisms()) {
        const bool is_bearer = kind.needs == proof_kind::token;
        auto with = kind.needs == proof_kind::anonymous ? credentials{} : is_bearer ? with_token() : of_tim();
        with.use_certificate = true;
        const auto client = make_client_mechanism(kind.name, with, tls());
        ASSERT_NE(client, nullptr) << kind.name;
        EXPECT_EQ(client->name(), kind.name);
        const auto of = server(kind.name, on(tls()));
        const auto end = play(*client, *of);
        EXPECT_EQ(end.last.what, progress::kind::done) << kind.name << ": " << end.last.octets << " " << end.error.message();
        EXPECT_EQ(end.last.octets, kind.needs == proof_kind::anonymous ? "anonymous" : "tim");
        EXPECT_TRUE(end.is_believed) << kind.name;
    }
}

TEST(client_and_server, disagree_over_a_wrong_secret)
{
    for (const auto& kind : server_mechanisms()) {
        if (kind.needs == proof_kind::certificate || kind.needs == proof_kind::anonymous)
            continue;
        auto with = kind.needs == proof_kind::token ? with_token() : of_tim();
        (kind.needs == proof_kind::token ? with.token : with.password).append("x");
        const auto client = make_client_mechanism(kind.name, with, tls());
        const auto end = play(*client, *server(kind.name, on(tls())));
        EXPECT_EQ(end.last.what, progress::kind::failed) << kind.name;
        EXPECT_FALSE(end.error) << kind.name;
    }
}

TEST(client_and_server, disagree_over_another_channel)
{
    auto other = tls();
    other.binding = std::string(32, 'c');
    const auto client = make_client_mechanism("SCRAM-SHA-256-PLUS", of_tim(), other);
    EXPECT_EQ(play(*client, *server("SCRAM-SHA-256-PLUS", on(tls()))).last.what, progress::kind::failed);
}

TEST(client_and_server, agree_over_names_with_commas_and_of_other_scripts)
{
    for (const std::string_view user : {"a,b=c", "\xc3\xbc", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd"}) {
        auto with = of_tim();
        with.user = user;
        with.act_for = "=,";
        const auto end =
            play(*make_client_mechanism("SCRAM-SHA-1", with, {}), *server("SCRAM-SHA-1"), [&](const question& asked) {
                EXPECT_EQ(asked.user, user);
                EXPECT_EQ(asked.act_for, "=,");
                auto made = good(asked.act_for);
                made.secret = make_scram_secret(with.password, "0123", 4096, asked.hash).value();
                return made;
            });
        EXPECT_EQ(end.last.octets, "=,");
        EXPECT_TRUE(end.is_believed);
    }
}

} // namespace
} // namespace postern::sasl
