// Mail in at one end and out at the other, with the programs that others use to send and receive it.

#include "tests/support/next_hop.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/smtp_sink.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr exit_status success{0, 0};

/// Lines of 70 octets, some beginning with a dot, `octets` or a little more in all.
[[nodiscard]] std::string long_content(std::size_t octets)
{
    std::string content = "Subject: long\r\nMIME-Version: 1.0\r\n\r\n";
    for (std::size_t line = 0; content.size() < octets; ++line)
        content += fmt::format("{}{:0>{}}\r\n", line % 7 == 0 ? "." : "", line, line % 7 == 0 ? 67 : 68);
    return content;
}

/// The lines of a log that contain `words`.
[[nodiscard]] std::vector<std::string> lines_with(const std::string& log, std::string_view words)
{
    std::vector<std::string> found;
    std::istringstream lines{log};
    for (std::string line; std::getline(lines, line);)
        if (line.find(words) != std::string::npos)
            found.push_back(line);
    return found;
}

TEST(relaying, of_2000_messages_in_20_sessions_loses_and_doubles_none)
{
    smtp_sink sink;
    server gateway{configuration::relay(sink.address())};
    const auto sent = run(smtp_source_command({.port = gateway.port(), .sessions = 20, .messages = 2000, .size = 50000}), {},
                          std::chrono::minutes{4});
    ASSERT_EQ(sent.status, success) << sent.errors << gateway.log();
    ASSERT_TRUE(sink.wait_for(2000, std::chrono::minutes{4})) << sink.messages() << " arrived\n" << gateway.log();
    EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    EXPECT_EQ(sink.messages(), 2000U);
    EXPECT_EQ(gateway.stop(), success);
    EXPECT_EQ(sink.messages(), 2000U);
    EXPECT_THAT(lines_with(gateway.log(), " deferred "), IsEmpty()) << "the next hop refused nothing";
}

TEST(relaying, from_swaks_over_starttls_delivers)
{
    next_hop next;
    server gateway{configuration::relay(next.address(), "starttls")};
    const auto sent =
        run({"swaks", "--server", "127.0.0.1", "--port", std::to_string(gateway.port()), "--tls", "--helo", "client.example",
             "--from", "a@client.example", "--to", "user@example.com", "--header", "Subject: by swaks", "--body", "over TLS"});
    ASSERT_EQ(sent.status, success) << sent.output << sent.errors << gateway.log();
    EXPECT_THAT(sent.output, HasSubstr("TLS started"));
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto message = next.arrived().front();
    EXPECT_EQ(message.sender, "a@client.example");
    EXPECT_THAT(message.recipients, ElementsAre("user@example.com"));
    EXPECT_THAT(message.content, HasSubstr("Subject: by swaks\r\n"));
    EXPECT_THAT(message.content, HasSubstr("with ESMTPS")) << "RFC 3848: the Received field tells of TLS";
}

TEST(relaying, over_implicit_tls_delivers)
{
    next_hop next;
    auto what = configuration::relay(next.address());
    what.listener("secure", {"relay-domains"}, "implicit");
    server gateway{what};
    process client{start_options{.command = {"openssl", "s_client", "-quiet", "-crlf", "-connect", gateway.address("secure")},
                                 .keep_input_open = true}};
    const auto answered = [&](std::string_view reply, std::size_t times = 1) {
        return client.wait_for_output([&](std::string_view output) {
            std::size_t found = 0;
            for (auto at = output.find(reply); at != std::string_view::npos; at = output.find(reply, at + 1))
                ++found;
            return found >= times;
        });
    };
    ASSERT_TRUE(answered("220 ")) << client.errors();
    client.write_input("EHLO client.example\nMAIL FROM:<a@client.example>\n");
    ASSERT_TRUE(answered("250 2.1.0")) << client.output();
    EXPECT_THAT(client.output(), Not(HasSubstr("STARTTLS"))) << "offered inside TLS";
    // "RCPT" in small letters: a capital R at the beginning of a line asks s_client for a renegotiation.
    client.write_input("rcpt TO:<user@example.com>\nDATA\n");
    ASSERT_TRUE(answered("354 ")) << client.output();
    client.write_input("Subject: hi\n\nimplicit\n.\n");
    ASSERT_TRUE(next.wait_for(1)) << client.output() << gateway.log();
    EXPECT_THAT(next.arrived().front().content, EndsWith("Subject: hi\r\n\r\nimplicit\r\n"));
}

TEST(relaying, passes_content_on_octet_for_octet_below_its_received_field)
{
    next_hop next;
    server gateway{configuration::relay(next.address())};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    const std::vector<std::string> contents{
        "Subject: dots\r\n\r\n.\r\n..\r\n...three\r\n",
        "Subject: empty body\r\n\r\n",
        "Subject: 8 bit\r\n\r\n\xC3\xA4\xFF\xFE\r\n",
        "\r\nno header at all\r\n",
        long_content(3'000'000),
    };
    for (std::size_t i = 0; i < contents.size(); ++i) {
        const auto reply = peer.delivers("a@client.example", {"user@example.com"}, contents[i]);
        ASSERT_EQ(reply.code, 250) << reply.text();
        ASSERT_TRUE(next.wait_for(i + 1)) << gateway.log();
        const auto arrived = next.arrived().back().content;
        ASSERT_TRUE(arrived.ends_with(contents[i])) << "message " << i << " has changed";
        EXPECT_TRUE(arrived.starts_with("Received: ")) << arrived.substr(0, 200);
    }
}

TEST(relaying, takes_a_pipelined_transaction_in_one_write)
{
    next_hop next;
    server gateway{configuration::relay(next.address())};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_TRUE(
        peer.sends("MAIL FROM:<a@client.example>\r\nRCPT TO:<one@example.com>\r\nRCPT TO:<two@elsewhere.example>\r\nDATA\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.reply().code / 100, 5) << "no plugin vouches for elsewhere.example";
    EXPECT_EQ(peer.reply().code, 354);
    ASSERT_TRUE(peer.sends("Subject: one write\r\n\r\nbody\r\n.\r\nQUIT\r\n"));
    EXPECT_EQ(peer.reply().code, 250);
    EXPECT_EQ(peer.reply().code, 221);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().recipients, ElementsAre("one@example.com"));
}

TEST(relaying, takes_chunks_and_stores_what_data_would_have_stored)
{
    next_hop next;
    server gateway{configuration::relay(next.address())};
    smtp_peer peer{gateway.port()};
    ASSERT_THAT(peer.greets().text(), HasSubstr("CHUNKING"));
    const std::string content = "Subject: chunks\r\n\r\n.dot\r\nend\r\n";
    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
    ASSERT_TRUE(peer.sends("BDAT 10\r\n" + content.substr(0, 10)));
    ASSERT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(peer.sends(fmt::format("BDAT {} LAST\r\n{}", content.size() - 10, content.substr(10))));
    ASSERT_EQ(peer.reply().code, 250);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, EndsWith(content));
}

TEST(relaying, is_refused_for_recipients_that_nobody_vouches_for)
{
    next_hop next;
    configuration open;
    open.listener("in", {}).section("delivery", fmt::format("relay = \"{}\"", next.address()));
    server gateway{open};
    smtp_peer peer{gateway.port()};
    ASSERT_EQ(peer.greets().code, 250);
    ASSERT_EQ(peer.says("MAIL FROM:<a@client.example>").code, 250);
    EXPECT_EQ(peer.says("RCPT TO:<user@example.com>").code, 550);
    EXPECT_EQ(peer.says("DATA").code / 100, 5);
}

TEST(the_projects_own_client, sends_a_message_that_arrives)
{
    next_hop next;
    server gateway{configuration::relay(next.address(), "starttls")};
    for (const auto* tls : {"none", "starttls"}) {
        const auto sent = run({postern_program().string(), "send", "--server", gateway.address(), "--from", "a@client.example",
                               "--to", "one@example.com", "--to", "two@example.com", "--tls", tls},
                              "Subject: by our own client\n\n.dot\n");
        EXPECT_EQ(sent.status, success) << tls << ": " << sent.errors << gateway.log();
    }
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    EXPECT_THAT(next.arrived().front().recipients, ElementsAre("one@example.com", "two@example.com"));
    EXPECT_THAT(next.arrived().front().content, EndsWith("Subject: by our own client\r\n\r\n.dot\r\n"));
}

TEST(the_projects_own_client, sends_over_tls_from_the_first_octet)
{
    next_hop next;
    auto what = configuration::relay(next.address());
    what.listener("secure", {"relay-domains"}, "implicit");
    server gateway{what};
    const auto sent = run({postern_program().string(), "send", "--server", gateway.address("secure"), "--from",
                           "a@client.example", "--to", "user@example.com", "--tls", "implicit"},
                          "Subject: hi\n\nimplicit\n");
    EXPECT_EQ(sent.status, success) << sent.errors << gateway.log();
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(next.arrived().front().content, AllOf(HasSubstr("with ESMTPS id"), EndsWith("\r\n\r\nimplicit\r\n")));
}

TEST(the_projects_own_client, says_with_exit_code_1_that_a_message_was_refused)
{
    next_hop next;
    server gateway{configuration::relay(next.address())};
    const auto sent = run({postern_program().string(), "send", "--server", gateway.address(), "--from", "a@client.example",
                           "--to", "user@elsewhere.example"},
                          "Subject: refused\n\n");
    EXPECT_EQ(sent.status, (exit_status{1, 0})) << sent.errors;
    EXPECT_THAT(sent.errors, HasSubstr("user@elsewhere.example: 550 5.7.1 ")) << "as the server said it";
}

TEST(the_projects_own_load_generator, counts_what_arrives)
{
    smtp_sink sink;
    const auto loaded = run({postern_program().string(), "load", "--server", sink.address(), "--messages", "200", "--size",
                             "4000", "--sessions", "10", "--reuse"});
    EXPECT_EQ(loaded.status, success) << loaded.errors;
    EXPECT_THAT(loaded.output, HasSubstr("\"p99"));
    EXPECT_TRUE(sink.wait_for(200));
    EXPECT_EQ(sink.messages(), 200U);
}

} // namespace
} // namespace postern::test
