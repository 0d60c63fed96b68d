#include "core/runtime/login_choice.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::runtime {
namespace {

struct situation {
    std::vector<std::string> offered;
    std::vector<std::string> allowed = {};
    bool is_tls = false;
    bool has_starttls_left = false;
    bool in_clear = false;
    bool has_password = true;
};

/// The name of the mechanism, or why there is none.
std::string chosen(const situation& here)
{
    sasl::credentials with;
    with.user = "tim";
    if (here.has_password)
        with.password = "tanstaaftanstaaf";
    else
        with.token = "t";
    std::string why;
    const auto made = choose_login({here.offered, here.allowed, here.has_starttls_left, here.in_clear}, with,
                                   {.is_tls = here.is_tls, .binding = {}, .certificate_subject = {}}, why);
    return made == nullptr ? why : std::string{made->name()};
}

TEST(the_choice_of_a_login, is_the_best_that_is_offered_and_allowed)
{
    EXPECT_EQ(chosen({.offered = {"LOGIN", "PLAIN", "SCRAM-SHA-256"}}), "SCRAM-SHA-256");
    EXPECT_EQ(chosen({.offered = {"LOGIN", "PLAIN", "SCRAM-SHA-256"}, .allowed = {"LOGIN", "PLAIN"}, .is_tls = true}), "PLAIN");
    EXPECT_EQ(chosen({.offered = {"plain"}, .allowed = {"PLAIN"}, .in_clear = true}), "PLAIN");
    EXPECT_EQ(chosen({.offered = {"XOAUTH2", "PLAIN"}, .is_tls = true, .has_password = false}), "XOAUTH2");
}

TEST(the_choice_of_a_login, says_why_it_is_none)
{
    EXPECT_EQ(chosen({.offered = {}}), "the server offers no AUTH");
    EXPECT_EQ(chosen({.offered = {}, .has_starttls_left = true}),
              "the server offers AUTH behind STARTTLS only, if at all; use TLS");
    EXPECT_EQ(chosen({.offered = {"PLAIN", "LOGIN"}, .allowed = {"SCRAM-SHA-256"}, .is_tls = true}),
              "the server does not offer SCRAM-SHA-256, but PLAIN, LOGIN");
    EXPECT_EQ(chosen({.offered = {"CRAM-MD5"}, .allowed = {"PLAIN"}, .has_starttls_left = true}),
              "the server does not offer PLAIN, but CRAM-MD5; behind STARTTLS it may");
    EXPECT_EQ(chosen({.offered = {"PLAIN", "LOGIN"}}),
              "outside TLS the server offers nothing that hides the password, but PLAIN, LOGIN");
    EXPECT_EQ(chosen({.offered = {"GSSAPI"}, .is_tls = true}), "the credentials do not do for what the server offers: GSSAPI");
    EXPECT_EQ(chosen({.offered = {"PLAIN"}, .is_tls = true, .has_password = false}),
              "the credentials do not do for what the server offers: PLAIN");
}

// RFC 5802 6: "y" to a server that offers a binding is taken for the work of somebody in between.
TEST(the_choice_of_a_login, says_no_lie_of_channel_bindings)
{
    sasl::credentials with;
    with.user = "tim";
    with.password = "tanstaaftanstaaf";
    const sasl::channel_facts channel{.is_tls = true, .binding = std::string(32, 'b'), .certificate_subject = {}};
    const auto begins = [&](std::vector<std::string> offered, std::vector<std::string> allowed) {
        std::string why;
        const auto made = choose_login({offered, allowed, false, false}, with, channel, why);
        const auto first = made->begin();
        return std::string{made->name()} + " " + first.value().value().substr(0, 2);
    };
    EXPECT_EQ(begins({"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, {}), "SCRAM-SHA-256-PLUS p=");
    EXPECT_EQ(begins({"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, {"SCRAM-SHA-256"}), "SCRAM-SHA-256 n,");
    EXPECT_EQ(begins({"SCRAM-SHA-256"}, {"SCRAM-SHA-256"}), "SCRAM-SHA-256 y,");
}

TEST(the_choice_of_a_login, lists_no_more_than_a_line_takes)
{
    EXPECT_EQ(chosen({.offered = std::vector<std::string>(500, "X")}),
              "the credentials do not do for what the server offers: X, X, X, X, X, X, X, X, X, X, X, X, ...");
}

} // namespace
} // namespace postern::runtime
