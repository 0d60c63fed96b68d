#include "src/introspection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace auth_oauth2 {
namespace {

using kind = finding::kind;
using testing::HasSubstr;

constexpr std::int64_t now = 1'000'000;

finding of(const std::string& answer, const demands& wanted = {})
{
    return judge(answer, wanted, now);
}

TEST(an_answer, says_whose_an_active_token_is_and_until_when)
{
    const auto found = of(R"({"active":true,"username":"alice","sub":"7","exp":1000001,"scope":"mail"})"); // RFC 7662 2.2
    EXPECT_EQ(found.what, kind::good) << found.why;
    EXPECT_EQ(found.identity, "alice");
    EXPECT_EQ(found.exp, 1'000'001);
    EXPECT_EQ(of(R"({"active":true,"username":"alice"})").exp, std::nullopt);
}

TEST(an_answer, of_an_inactive_token_is_bad)
{
    EXPECT_EQ(of(R"({"active":false})").what, kind::bad);
    EXPECT_EQ(of(R"({"active":false,"username":"alice"})").what, kind::bad);
}

TEST(an_answer, that_is_none_is_senseless)
{
    for (const char* text :
         {"", "null", "[]", "{}", "{", R"({"active":"true"})", R"({"active":1})", R"({"active":true}x)",
          R"({"active":true,"username":"a","exp":"tomorrow"})", R"({"active":true,"username":"a","exp":1e300})",
          "{\"active\":true,\"username\":\"\xff\"}", "<html>"})
        EXPECT_EQ(of(text).what, kind::senseless) << text;
    EXPECT_EQ(of(std::string(5000, '[')).what, kind::senseless);
}

TEST(an_answer, is_good_for_the_time_that_it_says)
{
    const auto with = [](const std::string& more) { return of(R"({"active":true,"username":"a",)" + more + "}").what; };
    EXPECT_EQ(with(R"("exp":1000000)"), kind::bad);
    EXPECT_EQ(with(R"("exp":1000001)"), kind::good);
    EXPECT_EQ(with(R"("exp":1000001.5)"), kind::good);
    EXPECT_EQ(with(R"("exp":18446744073709551615)"), kind::good);
    EXPECT_EQ(with(R"("exp":-1)"), kind::bad);
    EXPECT_EQ(with(R"("exp":null)"), kind::good);
    EXPECT_EQ(with(R"("nbf":1000001)"), kind::bad);
    EXPECT_EQ(with(R"("nbf":1000000)"), kind::good);
}

TEST(an_answer, has_to_have_the_scope_as_a_word)
{
    const demands wanted{"username", "mail", ""};
    const auto with = [&](const std::string& scope) {
        return of(R"({"active":true,"username":"a","scope":)" + scope + "}", wanted).what;
    };
    EXPECT_EQ(with(R"("mail")"), kind::good);
    EXPECT_EQ(with(R"("openid mail email")"), kind::good);
    for (const char* bad : {R"("")", R"("email")", R"("mails")", R"("MAIL")", R"(["mail"])", "null"})
        EXPECT_EQ(with(bad), kind::bad) << bad;
    EXPECT_EQ(of(R"({"active":true,"username":"a"})", wanted).what, kind::bad);
}

TEST(an_answer, has_to_have_the_audience_alone_or_in_a_list)
{
    const demands wanted{"username", "", "smtp"};
    const auto with = [&](const std::string& aud) {
        return of(R"({"active":true,"username":"a","aud":)" + aud + "}", wanted).what;
    };
    EXPECT_EQ(with(R"("smtp")"), kind::good);
    EXPECT_EQ(with(R"(["imap","smtp"])"), kind::good);
    for (const char* bad : {R"("imap")", R"(["imap"])", "[]", "{}", R"("smtp imap")", "7"})
        EXPECT_EQ(with(bad), kind::bad) << bad;
    EXPECT_EQ(of(R"({"active":true,"username":"a"})", wanted).what, kind::bad);
}

TEST(an_identity, is_that_of_the_claim_and_one_that_can_be)
{
    const demands email{"email", "", ""};
    EXPECT_EQ(of(R"({"active":true,"username":"a","email":"a@example.org"})", email).identity, "a@example.org");
    EXPECT_EQ(of(R"({"active":true,"email":"a@example.org","email_verified":true})", email).what, kind::good);
    EXPECT_EQ(of(R"({"active":true,"email":"a@example.org","email_verified":false})", email).what, kind::bad);
    EXPECT_EQ(of(R"({"active":true,"email":"a@example.org","email_verified":"false"})", email).what, kind::bad);
    EXPECT_EQ(of(R"({"active":true,"sub":"a"})").what, kind::bad) << "there is no username";
    for (const std::string& bad : {std::string{R"("")"}, std::string{"7"}, std::string{R"("a\r\nb")"},
                                   std::string{R"("a\u0000")"}, "\"" + std::string(256, 'x') + "\""})
        EXPECT_EQ(of(R"({"active":true,"username":)" + bad + "}").what, kind::bad) << bad;
    EXPECT_EQ(of(R"({"active":true,"username":")" + std::string(255, 'x') + "\"}").what, kind::good);
}

} // namespace
} // namespace auth_oauth2
