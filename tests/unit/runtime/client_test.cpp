#include "core/runtime/client.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::runtime {
namespace {

TEST(canonical, ends_lines_as_mail_does)
{
    EXPECT_EQ(canonical(""), "");
    EXPECT_EQ(canonical("a\nb\r\nc"), "a\r\nb\r\nc\r\n");
    EXPECT_EQ(canonical("\n"), "\r\n");
    EXPECT_EQ(canonical("a\r\n"), "a\r\n");
    EXPECT_EQ(canonical("a\rb\r"), "a\rb\r\r\n") << "a bare CR stays for the client to refuse";
}

TEST(auth_parameter, names_who_submitted_as_xtext) // RFC 4954 5
{
    const auto made = auth_parameter("e+mc2=x@client.example");
    EXPECT_EQ(made.keyword, "AUTH");
    EXPECT_EQ(made.value, "e+2Bmc2+3Dx@client.example");
    EXPECT_EQ(made.extension, "AUTH");
    EXPECT_EQ(made.relay, message::relay_rule::optional) << "a server without AUTH gets the message too";
    EXPECT_EQ(auth_parameter("").value, "<>");
}

TEST(require_tls_parameter, holds_a_message_back_where_it_is_not_offered) // RFC 8689 4.2.1, 7
{
    const auto made = require_tls();
    EXPECT_EQ(made.keyword, "REQUIRETLS");
    EXPECT_EQ(made.value, std::nullopt);
    EXPECT_EQ(made.extension, "REQUIRETLS");
    EXPECT_EQ(made.relay, message::relay_rule::required);
    EXPECT_EQ(made.lacking, "5.7.30");
}

TEST(any_parameter, has_a_value_where_there_is_an_equals_sign)
{
    const auto with = any_parameter("xpriority=a=b", "x-prio");
    EXPECT_EQ(with.keyword, "XPRIORITY");
    EXPECT_EQ(with.value, "a=b");
    EXPECT_EQ(with.extension, "X-PRIO");
    EXPECT_EQ(with.relay, message::relay_rule::required);
    const auto without = any_parameter("XTEST");
    EXPECT_EQ(without.keyword, "XTEST");
    EXPECT_EQ(without.value, std::nullopt);
    EXPECT_EQ(without.extension, "");
    EXPECT_EQ(any_parameter("XTEST=").value, "");
}

TEST(client_options, want_a_login_where_something_of_one_is_said)
{
    EXPECT_FALSE(client_options{}.wants_login());
    client_options options;
    options.login.password = "x";
    EXPECT_FALSE(options.wants_login()) << "whose password?";
    options = {};
    options.login.user = "tim";
    EXPECT_TRUE(options.wants_login());
    options = {};
    options.login.token = "t";
    EXPECT_TRUE(options.wants_login());
    options = {};
    options.login.use_certificate = true;
    EXPECT_TRUE(options.wants_login());
    options = {};
    options.mechanism = "ANONYMOUS";
    EXPECT_TRUE(options.wants_login());
    options = {};
    options.own_mechanism = [](const sasl::channel_facts&) { return nullptr; };
    EXPECT_TRUE(options.wants_login());
}

TEST(a_send_result, is_a_whole_success_only_when_somebody_was_there_and_nobody_was_refused)
{
    send_result result;
    EXPECT_FALSE(result.all_accepted());
    result.recipients.resize(2);
    for (auto& each : result.recipients)
        each.accepted = true;
    EXPECT_TRUE(result.all_accepted());
    result.recipients[1].accepted = false;
    EXPECT_FALSE(result.all_accepted());
    result.recipients[1].accepted = true;
    result.failure = "cannot connect";
    EXPECT_FALSE(result.all_accepted());
}

} // namespace
} // namespace postern::runtime
