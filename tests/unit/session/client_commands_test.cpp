#include "core/session/client_commands.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postern::session {
namespace {

using namespace std::string_view_literals;

TEST(a_safe_path, cannot_end_the_brackets_around_it)
{
    for (const auto good : {""sv, "a@example.com"sv, R"("a b"@example.com)"sv, R"("a>b"@example.com)"sv,
                            R"("a\"> b"@example.com)"sv, "\xc3\xbc@example.com"sv, "a@[IPv6:::1]"sv})
        EXPECT_TRUE(is_safe_path(good)) << good;
    for (const auto bad :
         {"a@example.com> SIZE=1"sv, "a@example.com>"sv, "<a@example.com"sv, "a b@example.com"sv, "\"a@example.com"sv,
          R"("a\"@example.com)"sv, "\"a\\"sv, "a\r\n@example.com"sv, "a\n@example.com"sv, "\"a\rb\"@example.com"sv,
          "a\0@example.com"sv, "a\t@example.com"sv, "a\x7f@example.com"sv, "\xfc@example.com"sv, "\xc3"sv})
        EXPECT_FALSE(is_safe_path(bad)) << bad;
}

TEST(a_safe_word, is_one_word)
{
    for (const auto good : {""sv, "a=b"sv, "<>"sv, "\xc3\xbc"sv})
        EXPECT_TRUE(is_safe_word(good)) << good;
    for (const auto bad : {" "sv, "a b"sv, "a\r\nRSET"sv, "a\tb"sv, "a\0"sv, "\x7f"sv, "\xfc"sv})
        EXPECT_FALSE(is_safe_word(bad)) << bad;
}

TEST(a_safe_line, has_1_to_510_octets_and_no_controls) // RFC 5321 4.5.3.1.4, with its CRLF
{
    EXPECT_FALSE(is_safe_line(""));
    EXPECT_TRUE(is_safe_line("X"));
    EXPECT_TRUE(is_safe_line("VRFY \"a b\" <c>"));
    EXPECT_TRUE(is_safe_line(std::string(510, 'X')));
    EXPECT_FALSE(is_safe_line(std::string(511, 'X')));
    for (const auto bad : {"NOOP\r\n"sv, "NOOP\r"sv, "NOOP\n"sv, "NO\0OP"sv, "NOOP\t"sv, "VRFY \xfc"sv})
        EXPECT_FALSE(is_safe_line(bad)) << bad;
}

protocol::capabilities offering(std::string keyword)
{
    protocol::capabilities offered;
    offered.others.push_back({std::move(keyword), ""});
    return offered;
}

message::parameter parameter(std::string keyword, std::string extension, message::relay_rule relay)
{
    return {.keyword = std::move(keyword), .value = "1", .relay = relay, .extension = std::move(extension)};
}

TEST(parameters, that_a_message_needs_are_those_that_it_must_not_go_without)
{
    using enum message::relay_rule;
    const std::vector all{parameter("A", "XA", never), parameter("B", "XB", optional), parameter("C", "XC", required)};
    const auto* const lacking = lacking_of(all, {});
    ASSERT_NE(lacking, nullptr);
    EXPECT_EQ(lacking->keyword, "C");
    EXPECT_EQ(lacking_of(all, offering("XC")), nullptr);
}

TEST(parameters, of_auth_go_where_a_mechanism_is_offered) // RFC 4954 5
{
    EXPECT_TRUE(is_offered("", {}));
    EXPECT_FALSE(is_offered("AUTH", {}));
    protocol::capabilities offered;
    offered.auth = {"PLAIN"};
    EXPECT_TRUE(is_offered("AUTH", offered));
}

TEST(parameters, that_stay_here_need_not_be_fit_for_a_command)
{
    auto what = parameter("X", "", message::relay_rule::required);
    EXPECT_TRUE(are_safe({what}));
    what.value = "a\r\nRSET";
    EXPECT_FALSE(are_safe({what}));
    what.relay = message::relay_rule::never;
    EXPECT_TRUE(are_safe({what}));
}

TEST(mail_and_rcpt, have_the_parameters_that_the_peer_offers)
{
    message::sender from;
    from.address = "a@client.example";
    from.parameters = {parameter("A", "XA", message::relay_rule::optional), parameter("B", "XB", message::relay_rule::optional),
                       parameter("C", "XA", message::relay_rule::never)};
    const auto offered = offering("XA");
    std::string out;
    append_mail(out, from, {.size = 10, .body = message::body_type::eight_bit_mime, .offered = &offered});
    EXPECT_EQ(out, "MAIL FROM:<a@client.example> SIZE=10 BODY=8BITMIME A=1\r\n");
    out.clear();
    append_mail(out, {}, {});
    EXPECT_EQ(out, "MAIL FROM:<>\r\n");
    message::recipient to;
    to.address = "u@example.com";
    to.notify.never = true;
    out.clear();
    append_rcpt(out, to, {});
    EXPECT_EQ(out, "RCPT TO:<u@example.com>\r\n") << "the peer does not offer DSN";
    out.clear();
    append_rcpt(out, to, {.dsn = true});
    EXPECT_EQ(out, "RCPT TO:<u@example.com> NOTIFY=NEVER\r\n");
}

TEST(bdat, says_how_much_comes_and_whether_it_is_the_last) // RFC 3030 2
{
    std::string out;
    append_bdat(out, 0, false);
    append_bdat(out, 1'000'000, true);
    EXPECT_EQ(out, "BDAT 0\r\nBDAT 1000000 LAST\r\n");
}

} // namespace
} // namespace postern::session
