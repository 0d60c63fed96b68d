// Requests as anybody may make them, and what is answered.

#include "../src/web_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

using namespace mta_sts;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

const web_page page{{"mta-sts.example.org", "mta-sts.example.net"}, "/.well-known/mta-sts.txt", "version: STSv1\n"};
constexpr std::int64_t then = 1'700'000'000;

[[nodiscard]] web_response asked(const std::string& request)
{
    EXPECT_EQ(end_of_request(request), request.size()) << request;
    return respond(page, request, then);
}
[[nodiscard]] std::string get(const std::string& target, const std::string& host = "mta-sts.example.org")
{
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nAccept: */*\r\n\r\n";
}

TEST(a_web_page, is_what_its_hosts_have_at_its_path) // RFC 8461 3.2, 3.3
{
    const auto said = asked(get("/.well-known/mta-sts.txt"));
    EXPECT_EQ(said.code, 200u);
    EXPECT_EQ(said.octets, "HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Type: text/plain\r\n"
                           "Content-Length: 15\r\nConnection: close\r\n\r\nversion: STSv1\n");
    for (const std::string host : {"mta-sts.example.net", "MTA-STS.Example.Net", "mta-sts.example.net:8443"})
        EXPECT_EQ(asked(get("/.well-known/mta-sts.txt", host)).code, 200u) << host;
    EXPECT_EQ(asked(get("/.well-known/mta-sts.txt?x=1")).code, 200u);
    EXPECT_EQ(asked(get("https://mta-sts.example.org/.well-known/mta-sts.txt", "other.example")).code, 200u) << "RFC 9112 3.2.2";
    EXPECT_EQ(asked("GET /.well-known/mta-sts.txt HTTP/1.0\r\n\r\n").code, 200u);
    EXPECT_EQ(asked("\r\n" + get("/.well-known/mta-sts.txt")).code, 200u) << "RFC 9112 2.2";
    EXPECT_EQ(asked("GET /.well-known/mta-sts.txt HTTP/1.1\nHost: mta-sts.example.org\n\n").code, 200u);
}

TEST(a_web_page, is_told_of_without_it_to_who_asks_for_the_head)
{
    const auto said = asked("HEAD /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.org\r\n\r\n");
    EXPECT_EQ(said.code, 200u);
    EXPECT_THAT(said.octets, AllOf(HasSubstr("Content-Length: 15\r\n"), EndsWith("\r\n\r\n")));
}

TEST(a_web_page, is_nowhere_else)
{
    for (const std::string target : {"/", "/.well-known/", "/.well-known/mta-sts.txt/", "/x/../.well-known/mta-sts.txt",
                                     "/.well-known/%6dta-sts.txt", "https://mta-sts.example.org", "*"})
        EXPECT_EQ(asked(get(target)).code, 404u) << target;
    for (const std::string host : {"example.org", "mta-sts.example.com", "", "a.mta-sts.example.org"})
        EXPECT_EQ(asked(get("/.well-known/mta-sts.txt", host)).code, host.empty() ? 200u : 404u) << host;
}

TEST(a_web_page, cannot_be_changed)
{
    for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get", "X"}) {
        const auto said = asked(method + " /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.org\r\n\r\n");
        EXPECT_EQ(said.code, 405u) << method;
        EXPECT_THAT(said.octets, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
    }
}

TEST(a_web_page, is_not_for_who_speaks_something_else)
{
    for (const std::string& request :
         {std::string{"\r\n\r\n\n\n"}, std::string{"GET\r\n\r\n"}, std::string{"GET /\r\n\r\n"},
          std::string{"GET / HTTP/2\r\n\r\n"}, std::string{"GET / x HTTP/1.1\r\nHost: a\r\n\r\n"},
          std::string{"GET / HTTP/1.1\r\n\r\n"}, std::string{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
          std::string{"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"}, std::string{"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", 32},
          std::string{"EHLO client.example\r\n\r\n"}})
        EXPECT_EQ(respond(page, request, then).code, 400u) << request;
    for (const std::string host : {"a b", "\xff", "a\rb"})
        EXPECT_NE(respond(page, get("/.well-known/mta-sts.txt", host), then).code, 200u);
}

TEST(a_web_page, has_requests_of_a_bounded_length)
{
    const auto of_size = [](std::size_t size) {
        std::string head = "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.org\r\nX: ";
        return head + std::string(size - head.size() - 4, 'x') + "\r\n\r\n";
    };
    EXPECT_EQ(respond(page, of_size(longest_request), then).code, 200u);
    EXPECT_EQ(respond(page, of_size(longest_request + 1), then).code, 431u);
}

TEST(a_request, ends_with_an_empty_line_wherever_it_is_cut)
{
    const auto whole = get("/");
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(end_of_request(whole.substr(0, size)), std::string::npos) << size;
    EXPECT_EQ(end_of_request(whole + "more\r\n\r\n"), whole.size());
    EXPECT_EQ(end_of_request("\r\n\r\n"), std::string::npos) << "these are before it";
}

} // namespace
