#include "core/sasl/client_steps.hpp"
#include "core/sasl/errc.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace postern::sasl {
namespace {

std::unique_ptr<client_mechanism> of_the_standard(std::string user = "user")
{
    credentials with;
    with.user = std::move(user);
    with.password = "pencil";
    return make_client_scram(scram_hash::sha_1, binding_use::none, with, {}, "fyko+d2lbbFgONRv9qkxdawL");
}

const std::string server_first = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";

TEST(a_client_of_scram, plays_the_example_of_the_standard) // RFC 5802 5
{
    const auto one = of_the_standard();
    EXPECT_EQ(one->begin().value(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    EXPECT_EQ(one->respond(server_first).value(),
              "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    EXPECT_FALSE(one->is_complete()); // the server has proved nothing yet
    EXPECT_EQ(one->respond("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=").value(), "");
    EXPECT_TRUE(one->is_complete());
    EXPECT_EQ(one->respond("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=").error(), errc::out_of_order);
}

TEST(a_client_of_scram, plays_the_example_with_sha_256) // RFC 7677 3
{
    credentials with;
    with.user = "user";
    with.password = "pencil";
    const auto one = make_client_scram(scram_hash::sha_256, binding_use::none, with, {}, "rOprNGfwEbeRWgbNEkqO");
    (void)one->begin();
    EXPECT_EQ(one->respond("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").value(),
              "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    EXPECT_EQ(one->respond("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").value(), "");
    EXPECT_TRUE(one->is_complete());
}

TEST(a_client_of_scram, refuses_a_lying_servers_first_message)
{
    const std::string nonce = "r=fyko+d2lbbFgONRv9qkxdawL3rfc";
    const std::vector<std::pair<std::string, errc>> lies{
        {"", errc::bad_challenge},
        {"e=other-error", errc::bad_challenge},
        {"m=x," + server_first, errc::bad_challenge},
        {nonce + ",i=4096", errc::bad_challenge},
        {nonce + ",s=,i=4096", errc::bad_challenge},
        {nonce + ",s=x,i=4096", errc::bad_challenge},
        {nonce + ",s=QSXCR+Q6sek8bf92", errc::bad_challenge},
        {"r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096", errc::wrong_nonce}, // ours alone
        {"r=fyko+d2lbbFgONRv9qkxdawX3rfc,s=QSXCR+Q6sek8bf92,i=4096", errc::wrong_nonce},
        {"r=,s=QSXCR+Q6sek8bf92,i=4096", errc::wrong_nonce},
        {nonce + ",s=QSXCR+Q6sek8bf92,i=", errc::bad_iterations},
        {nonce + ",s=QSXCR+Q6sek8bf92,i=-1", errc::bad_iterations},
        {nonce + ",s=QSXCR+Q6sek8bf92,i=4095", errc::bad_iterations},
        {nonce + ",s=QSXCR+Q6sek8bf92,i=4096x", errc::bad_iterations},
        {nonce + ",s=QSXCR+Q6sek8bf92,i=10000001", errc::bad_iterations},
        {nonce + ",s=QSXCR+Q6sek8bf92,i=99999999999999999999", errc::bad_iterations},
        {std::string(8193, 'r'), errc::too_long}};
    for (const auto& [message, error] : lies) {
        const auto one = of_the_standard();
        (void)one->begin();
        EXPECT_EQ(one->respond(message).error(), error) << message;
        EXPECT_EQ(one->respond(server_first).error(), errc::out_of_order) << message;
        EXPECT_FALSE(one->is_complete());
    }
}

TEST(a_client_of_scram, refuses_a_server_without_the_right_proof)
{
    const std::vector<std::pair<std::string, errc>> lies{{"", errc::bad_challenge},
                                                         {"v=", errc::wrong_signature},
                                                         {"v=rmF9pqV8S7suAoZWja4dJRkFsKR=", errc::bad_challenge},
                                                         {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", errc::wrong_signature},
                                                         {"v=rmF9pqV8S7suAoZWja4d", errc::wrong_signature},
                                                         {"e=invalid-proof", errc::refused},
                                                         {server_first, errc::bad_challenge}};
    for (const auto& [message, error] : lies) {
        const auto one = of_the_standard();
        (void)one->begin();
        (void)one->respond(server_first);
        EXPECT_EQ(one->respond(message).error(), error) << message;
        EXPECT_FALSE(one->is_complete());
    }
}

TEST(a_client_of_scram, does_not_begin_with_a_name_or_password_that_cannot_be)
{
    EXPECT_EQ(of_the_standard("a\r\nb")->begin().error(), errc::bad_text);
    EXPECT_EQ(of_the_standard(std::string(2000, 'a'))->begin().error(), errc::too_long);
}

} // namespace
} // namespace postern::sasl
