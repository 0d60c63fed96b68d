#include "core/sasl/server_mechanism.hpp"

#include "tests/unit/sasl/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::sasl {
namespace {

TEST(mechanisms, are_listed_best_first)
{
    std::vector<std::string_view> names;
    for (const auto& each : server_mechanisms())
        names.push_back(each.name);
    EXPECT_THAT(names,
                ::testing::ElementsAre("EXTERNAL", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1",
                                       "OAUTHBEARER", "XOAUTH2", "CRAM-MD5", "PLAIN", "LOGIN", "ANONYMOUS"));
}

TEST(mechanisms, are_found_whatever_the_case)
{
    EXPECT_EQ(find_server_mechanism("scram-sha-256-plus")->name, "SCRAM-SHA-256-PLUS");
    EXPECT_TRUE(find_server_mechanism("scram-sha-256-plus")->needs_binding);
    EXPECT_TRUE(find_server_mechanism("cram-md5")->only_if_listed);
    EXPECT_EQ(find_server_mechanism("PLAIN2"), nullptr);
    EXPECT_EQ(find_server_mechanism(""), nullptr);
}

TEST(every_mechanism, says_that_nobody_can_answer)
{
    const std::vector<std::pair<std::string, std::string>> first{{"PLAIN", std::string{"\0a\0b", 4}},
                                                                 {"SCRAM-SHA-1", "n,,n=a,r=b"},
                                                                 {"SCRAM-SHA-256", "n,,n=a,r=b"},
                                                                 {"OAUTHBEARER", "n,,\x01"
                                                                                 "auth=Bearer t\x01\x01"},
                                                                 {"XOAUTH2", "user=a\x01"
                                                                             "auth=Bearer t\x01\x01"},
                                                                 {"EXTERNAL", ""},
                                                                 {"ANONYMOUS", ""}};
    for (const auto& [name, message] : first) {
        const auto one = server(name, on({.is_tls = true, .binding = {}, .certificate_subject = "CN=a"}));
        ASSERT_EQ(one->begin(message).what, progress::kind::ask) << name;
        EXPECT_EQ(one->answered(unavailable_answer()).what, progress::kind::unavailable) << name;
    }
}

TEST(every_mechanism, is_over_when_it_is_over)
{
    for (const auto& kind : server_mechanisms()) {
        const auto one = server(kind.name);
        for (int i = 0; i < 10; ++i)
            (void)one->respond("nonsense");
        EXPECT_EQ(one->answered(good("somebody")).what, progress::kind::malformed) << kind.name;
        EXPECT_NE(one->respond("nonsense").what, progress::kind::done) << kind.name;
    }
}

TEST(every_mechanism, is_begun_once)
{
    for (const auto& kind : server_mechanisms()) {
        const auto one = server(kind.name);
        (void)one->begin(std::nullopt);
        EXPECT_EQ(one->begin(std::nullopt).what, progress::kind::malformed) << kind.name;
    }
}

} // namespace
} // namespace postern::sasl
