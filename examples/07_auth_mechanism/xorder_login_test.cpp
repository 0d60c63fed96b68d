#include "xorder.hpp"

#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace postern::testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

constexpr const char* mechanism = "XORDER-HMAC-SHA256";
const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string binding(32, 'b');

class xorder_login : public testing::Test {
protected:
    void SetUp() override
    {
        host_.table("keys", {{"till-7", hex}});
        ASSERT_THAT(use_manifest(host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        ASSERT_EQ(host_.create(), POSTERN_PASS);
    }
    void TearDown() override { EXPECT_THAT(host_.complaints(), IsEmpty()); }

    /// What a till says to a challenge.
    [[nodiscard]] static std::string proof(const std::string& challenge, const std::string& name = "till-7",
                                           const std::string& bound_to = binding)
    {
        return xorder::proof_of(*xorder::key_of(hex), bound_to, challenge, name);
    }
    /// The challenge to that name.
    [[nodiscard]] static std::string begun(fake_session& session, const std::string& name = "till-7")
    {
        const answer asked = session.auth_step(mechanism, name, 0, binding);
        EXPECT_TRUE(asked.login && asked.login->is_challenge);
        return asked.login ? asked.login->challenge : std::string{};
    }

    fake_host host_{postern_plugin_v1};
    fake_session session_{host_};
};

TEST_F(xorder_login, lets_in_who_has_the_key)
{
    EXPECT_THAT(host_.declared().mechanisms(), ElementsAre(mechanism));
    const std::string challenge = begun(session_);
    EXPECT_EQ(challenge.size(), 32u);
    EXPECT_EQ(session_.auth_step(mechanism, proof(challenge), 1, binding).identity(), "till-7");
}

TEST_F(xorder_login, asks_for_the_name_where_it_did_not_come_with_auth)
{
    const answer asked = session_.auth_step(mechanism, std::nullopt, 0, binding);
    ASSERT_TRUE(asked.login && asked.login->is_challenge);
    EXPECT_EQ(asked.login->challenge, "");
    const answer second = session_.auth_step(mechanism, "till-7", 1, binding);
    ASSERT_TRUE(second.login);
    EXPECT_EQ(session_.auth_step(mechanism, proof(second.login->challenge), 2, binding).identity(), "till-7");
}

TEST_F(xorder_login, refuses_a_proof_of_another_key_name_challenge_or_connection)
{
    const std::string first = begun(session_);
    EXPECT_TRUE(session_.auth_step(mechanism, std::string(32, 'x'), 1, binding).rejects());
    const std::string second = begun(session_);
    EXPECT_NE(first, second);
    EXPECT_TRUE(session_.auth_step(mechanism, proof(first), 1, binding).rejects());
    EXPECT_TRUE(session_.auth_step(mechanism, proof(begun(session_), "till-8"), 1, binding).rejects());
    EXPECT_TRUE(session_.auth_step(mechanism, proof(begun(session_), "till-7", std::string(32, 'c')), 1, binding).rejects());
    EXPECT_TRUE(session_.auth_step(mechanism, proof(begun(session_)) + "x", 1, binding).rejects());
    (void)begun(session_);
    EXPECT_TRUE(session_.auth_step(mechanism, "", 1, binding).rejects());
}

TEST_F(xorder_login, asks_strangers_too_and_refuses_them_in_the_same_words)
{
    const std::string challenge = begun(session_, "nobody");
    const answer stranger = session_.auth_step(mechanism, proof(challenge, "nobody"), 1, binding);
    (void)begun(session_);
    const answer wrong = session_.auth_step(mechanism, "wrong", 1, binding);
    EXPECT_TRUE(stranger.rejects());
    EXPECT_EQ(stranger.smtp_code, wrong.smtp_code);
    EXPECT_EQ(stranger.text, wrong.text);
}

TEST_F(xorder_login, gives_each_challenge_one_try)
{
    const std::string challenge = begun(session_);
    EXPECT_TRUE(session_.auth_step(mechanism, "wrong", 1, binding).rejects());
    const answer again = session_.auth_step(mechanism, proof(challenge), 0, binding); // a name of 32 octets now
    EXPECT_TRUE(again.login && again.login->is_challenge);
}

TEST_F(xorder_login, begins_anew_after_an_exchange_that_was_broken_off)
{
    const std::string first = begun(session_);
    const std::string second = begun(session_); // the client said "*" between
    EXPECT_NE(first, second);
    EXPECT_EQ(session_.auth_step(mechanism, proof(second), 1, binding).identity(), "till-7");
}

TEST_F(xorder_login, keeps_two_sessions_apart)
{
    fake_session other{host_, 2};
    const std::string mine = begun(session_);
    const std::string theirs = begun(other);
    EXPECT_TRUE(other.auth_step(mechanism, proof(mine), 1, binding).rejects());
    EXPECT_EQ(session_.auth_step(mechanism, proof(mine), 1, binding).identity(), "till-7");
    EXPECT_NE(mine, theirs);
}

TEST_F(xorder_login, takes_names_of_1_to_64_octets)
{
    EXPECT_FALSE(begun(session_, std::string(64, 'x')).empty());
    EXPECT_TRUE(session_.auth_step(mechanism, std::string(65, 'x'), 0, binding).rejects());
    EXPECT_TRUE(session_.auth_step(mechanism, "", 0, binding).rejects());
}

TEST_F(xorder_login, is_for_tls_alone)
{
    const std::vector<std::string> names{mechanism, "PLAIN"};
    EXPECT_THAT(session_.auth_mechanisms(names).login->names, ElementsAre("PLAIN"));
    session_.tls_established();
    EXPECT_THAT(session_.auth_mechanisms(names).login->names, ElementsAre(mechanism, "PLAIN"));
    EXPECT_TRUE(session_.auth_step(mechanism, "till-7", 0, "").rejects());
}

TEST(xorder_login_with_a_bad_key, is_refused_at_start)
{
    fake_host host{postern_plugin_v1};
    host.table("keys", {{"till-7", hex.substr(1)}});
    EXPECT_EQ(host.create(), POSTERN_E_INVALID);
    EXPECT_THAT(host.refusals(), ElementsAre(Pair("keys", "a name has 1 to 64 octets, a key 64 hexadecimal digits")));
}

TEST(a_proof, is_what_hmac_sha_256_says) // by Python's hmac, of those octets
{
    std::string hexed;
    for (const char c : xorder::proof_of(*xorder::key_of(hex), binding, std::string(32, 'c'), "till-7"))
        for (const int half : {static_cast<unsigned char>(c) >> 4, static_cast<unsigned char>(c) & 15})
            hexed += "0123456789abcdef"[half];
    EXPECT_EQ(hexed, "84c0f87e06515c1cb174bcbf29dce7d8a0cb491fdde6478cc7f1d95f74c7f192");
}

} // namespace
