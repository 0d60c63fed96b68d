// An outgoing connection whose peer does not wait for its turn, seen through send_message: what the peer said last is what
// counts.

#include "core/runtime/client.hpp"
#include "tests/support/next_hop.hpp"

#include <atomic>

namespace postern::runtime {
namespace {

using test::hop_answer;
using test::hop_stage;
using test::next_hop;

[[nodiscard]] outgoing a_message(std::size_t size)
{
    outgoing what;
    what.envelope.from.address = "a@client.example";
    what.envelope.to.push_back({"u@example.com", {}, {}, {}});
    what.content = "Subject: hi\r\n\r\n";
    while (what.content.size() < size)
        what.content += "0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
    return what;
}

[[nodiscard]] sent_recipient sent_to(const next_hop& next, std::size_t size)
{
    client_options options;
    options.host = "127.0.0.1";
    options.port = next.port();
    options.hostname = "client.example";
    const auto sent = send_message(options, a_message(size));
    EXPECT_EQ(sent.failure, "");
    return sent.recipients.empty() ? sent_recipient{} : sent.recipients.front();
}

/// Says that as soon as content begins to arrive.
[[nodiscard]] test::hop_script interrupts_with(hop_answer what)
{
    return
        [what = std::move(what)](hop_stage at, std::string_view) { return at == hop_stage::content_begun ? what : hop_answer{}; };
}

constexpr std::size_t more_than_any_socket_holds = std::size_t{24} << 20U; // octets; loopback takes some 6 MiB unread

TEST(smtp_connection, hears_why_it_was_closed_in_the_middle_of_content)
{
    for (const std::size_t size : {std::size_t{100}, std::size_t{1} << 20U, more_than_any_socket_holds}) {
        next_hop full{interrupts_with({.reply = "552-5.3.4 that is\r\n552 5.3.4 too much", .drop = true})};
        const auto refused = sent_to(full, size);
        EXPECT_FALSE(refused.accepted);
        EXPECT_FALSE(refused.temporary) << size;
        EXPECT_EQ(refused.smtp_code, 552) << refused.text;
        EXPECT_EQ(refused.text, "that is too much");

        next_hop going{interrupts_with({.reply = "421 4.3.2 shutting down", .drop = true})};
        const auto later = sent_to(going, size);
        EXPECT_TRUE(later.temporary) << size;
        EXPECT_EQ(later.smtp_code, 421) << later.text;
        EXPECT_EQ(later.text, "shutting down");
    }
}

TEST(smtp_connection, stops_in_the_middle_of_content_that_was_refused)
{
    std::atomic<int> ends = 0;
    {
        next_hop next{interrupts_with({.reply = "451 4.3.0 disk trouble"})}; // and reads on
        next.on_arrival([&ends](const test::arrived_message&) { ++ends; });
        const auto sent = sent_to(next, more_than_any_socket_holds);
        EXPECT_TRUE(sent.temporary);
        EXPECT_EQ(sent.smtp_code, 451) << sent.text;
    }
    EXPECT_EQ(ends, 0) << "half a message must not look like a whole one";
}

TEST(smtp_connection, is_lost_when_it_was_closed_without_a_word)
{
    next_hop next{interrupts_with({.drop = true})};
    const auto sent = sent_to(next, more_than_any_socket_holds);
    EXPECT_TRUE(sent.temporary);
    EXPECT_EQ(sent.smtp_code, 0);
    EXPECT_EQ(sent.text, "connection lost");
}

} // namespace
} // namespace postern::runtime
