#include "core/sasl/server_mechanism.hpp"

#include "core/base/base64.hpp"
#include "tests/unit/sasl/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::sasl {
namespace {

using kind = progress::kind;

answer secret_of(std::string_view password, std::string_view salt, scram_hash hash)
{
    auto made = good();
    made.secret = make_scram_secret(password, base::from_base64(salt).value(), 4096, hash).value();
    return made;
}

std::unique_ptr<server_mechanism> with_nonce(std::string_view name, std::string nonce)
{
    surroundings where;
    where.nonce = std::move(nonce);
    return server(name, std::move(where));
}

TEST(scram_sha_1, plays_the_example_of_its_standard) // RFC 5802 5
{
    const auto one = with_nonce("SCRAM-SHA-1", "3rfcNHYJY1ZVvWVs7j");
    ASSERT_EQ(one->begin("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL").what, kind::ask);
    EXPECT_EQ(one->asked().kind, proof_kind::secret);
    EXPECT_EQ(one->asked().hash, scram_hash::sha_1);
    EXPECT_EQ(one->asked().user, "user");
    EXPECT_EQ(one->answered(secret_of("pencil", "QSXCR+Q6sek8bf92", scram_hash::sha_1)).octets,
              "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
    const auto last = one->respond("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    EXPECT_EQ(last.what, kind::challenge);
    EXPECT_EQ(last.octets, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
    const auto end = one->respond("");
    EXPECT_EQ(end.what, kind::done);
    EXPECT_EQ(end.octets, "user");
}

TEST(scram_sha_256, plays_the_example_of_its_standard) // RFC 7677 3
{
    const auto one = with_nonce("SCRAM-SHA-256", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    ASSERT_EQ(one->begin("n,,n=user,r=rOprNGfwEbeRWgbNEkqO").what, kind::ask);
    EXPECT_EQ(one->answered(secret_of("pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", scram_hash::sha_256)).octets,
              "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    EXPECT_EQ(one->respond("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                           "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
                  .octets,
              "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    EXPECT_EQ(one->respond("").what, kind::done);
}

TEST(scram, answers_an_unknown_name_as_a_known_one_until_the_proof)
{
    const auto ask = [](std::string_view user) {
        auto one = server("SCRAM-SHA-256");
        EXPECT_EQ(one->begin("n,,n=" + std::string{user} + ",r=abc").what, kind::ask);
        return one;
    };
    const auto unknown = ask("nobody");
    const auto first = unknown->answered(bad());
    EXPECT_EQ(first.what, kind::challenge);
    EXPECT_THAT(first.octets, ::testing::MatchesRegex("r=abc3rfcNHYJY1ZVvWVs7j,s=[A-Za-z0-9+/]{22}==,i=4096"));
    EXPECT_EQ(first.octets, ask("nobody")->answered(bad()).octets); // as a known one's salt stays
    EXPECT_NE(first.octets, ask("nobody2")->answered(bad()).octets);

    const auto known = ask("user");
    (void)known->answered(secret_of("pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", scram_hash::sha_256));
    const auto proof = "c=biws,r=abc3rfcNHYJY1ZVvWVs7j,p=" + base::to_base64(std::string(32, 'x'));
    const auto a = known->respond(proof);
    const auto b = unknown->respond(proof);
    EXPECT_EQ(a.what, kind::failed);
    EXPECT_EQ(b.what, kind::failed);
    EXPECT_EQ(a.octets, b.octets);
}

TEST(scram, refuses_the_first_messages_that_are_not_of_its_form)
{
    for (const std::string_view wrong :
         {"", "n", "n,", "n,,", "n,,n=user", "n,,r=abc", "n,,n=user,r=", "n,,n=,r=abc", "n,,n=us=er,r=abc", "n,,m=x,n=user,r=abc",
          "n,user,n=user,r=abc", "x,,n=user,r=abc", "n,a=,n=user,r=abc", "n,a=b", "p=tls-exporter,,n=user,r=abc",
          "N,,n=user,r=abc", "n,,n=user,r=a\tb", "n,,n=user,r=\xc3\xa9", "nn,,n=user,r=abc"})
        EXPECT_EQ(server("SCRAM-SHA-1")->begin(wrong).what, kind::malformed) << wrong;
    EXPECT_EQ(server("SCRAM-SHA-1")->begin(std::string_view{"n,,n=us\0er,r=abc", 16}).what, kind::malformed);
    EXPECT_EQ(server("SCRAM-SHA-1")->begin("n,,n=user,r=" + std::string(512, 'a')).what, kind::ask);
    EXPECT_EQ(server("SCRAM-SHA-1")->begin("n,,n=user,r=" + std::string(513, 'a')).what, kind::malformed);
    EXPECT_EQ(server("SCRAM-SHA-1")->begin("n,,n=\r,r=abc").what, kind::failed);
}

TEST(scram, refuses_final_messages_that_are_not_of_its_form_or_of_another_exchange)
{
    const std::string proof = ",p=" + base::to_base64(std::string(20, 'x'));
    const std::string right = "c=biws,r=abc3rfcNHYJY1ZVvWVs7j";
    const std::vector<std::pair<std::string, kind>> wrong{{"", kind::malformed},
                                                          {right, kind::malformed},
                                                          {right + ",p=", kind::malformed},
                                                          {right + ",p=AAAA", kind::malformed},
                                                          {right + proof + ",x=y", kind::malformed},
                                                          {"r=abc3rfcNHYJY1ZVvWVs7j" + proof, kind::malformed},
                                                          {"c=biw,r=abc3rfcNHYJY1ZVvWVs7j" + proof, kind::malformed},
                                                          {"c=eSws,r=abc3rfcNHYJY1ZVvWVs7j" + proof, kind::failed},
                                                          {"c=biws,r=abc" + proof, kind::failed},
                                                          {"c=biws,r=" + proof, kind::failed},
                                                          {right + proof, kind::failed}};
    for (const auto& [message, what] : wrong) {
        const auto one = server("SCRAM-SHA-1");
        (void)one->begin("n,,n=user,r=abc");
        (void)one->answered(secret_of("pencil", "QSXCR+Q6sek8bf92", scram_hash::sha_1));
        EXPECT_EQ(one->respond(message).what, what) << message;
        EXPECT_EQ(one->respond("").what, kind::malformed); // once
    }
}

TEST(scram, takes_nothing_behind_its_last_message)
{
    const auto one = with_nonce("SCRAM-SHA-1", "3rfcNHYJY1ZVvWVs7j");
    (void)one->begin("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    (void)one->answered(secret_of("pencil", "QSXCR+Q6sek8bf92", scram_hash::sha_1));
    (void)one->respond("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    EXPECT_EQ(one->respond("x").what, kind::malformed);
}

TEST(scram, tells_a_client_that_was_cheated_of_channel_bindings)
{
    surroundings where;
    where.is_plus_offered = true;
    EXPECT_EQ(server("SCRAM-SHA-1", where)->begin("y,,n=user,r=abc").what, kind::failed);
    EXPECT_EQ(server("SCRAM-SHA-1", where)->begin("n,,n=user,r=abc").what, kind::ask);
    EXPECT_EQ(server("SCRAM-SHA-1")->begin("y,,n=user,r=abc").what, kind::ask);
}

TEST(scram_plus, needs_the_binding_of_this_very_channel)
{
    surroundings where;
    where.channel.is_tls = true;
    where.channel.binding = std::string(32, 'b');
    const auto header = std::string{"p=tls-exporter,,"};
    EXPECT_EQ(server("SCRAM-SHA-1-PLUS", where)->begin("n,,n=user,r=abc").what, kind::malformed);
    EXPECT_EQ(server("SCRAM-SHA-1-PLUS", where)->begin("y,,n=user,r=abc").what, kind::malformed);
    EXPECT_EQ(server("SCRAM-SHA-1-PLUS", where)->begin("p=tls-unique,,n=user,r=abc").what, kind::failed);
    for (const auto& binding : {std::string{}, std::string(32, 'a'), std::string(31, 'b')}) {
        const auto one = server("SCRAM-SHA-1-PLUS", where);
        ASSERT_EQ(one->begin(header + "n=user,r=abc").what, kind::ask);
        (void)one->answered(secret_of("pencil", "QSXCR+Q6sek8bf92", scram_hash::sha_1));
        const auto end = one->respond("c=" + base::to_base64(header + binding) +
                                      ",r=abc3rfcNHYJY1ZVvWVs7j,p=" + base::to_base64(std::string(20, 'x')));
        EXPECT_EQ(end.what, kind::failed);
        EXPECT_THAT(end.octets, ::testing::HasSubstr("channel"));
    }
}

TEST(scram, cannot_go_on_with_a_secret_of_another_kind)
{
    const auto one = server("SCRAM-SHA-256");
    (void)one->begin("n,,n=user,r=abc");
    EXPECT_EQ(one->answered(secret_of("pencil", "QSXCR+Q6sek8bf92", scram_hash::sha_1)).what, kind::unavailable);
}

} // namespace
} // namespace postern::sasl
