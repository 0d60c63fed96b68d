#include "core/protocol/proxy_header.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace postern::protocol {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using ::testing::HasSubstr;
using status = proxy_header_parser::status;
using kind = proxy_header::kind;

struct parsed {
    status end = status::incomplete;
    proxy_header value;
    std::string fault;
    std::string rest; ///< what was left
};

/// Feeds portions of `size` octets, each a copy of its own so that a sanitizer sees reads beyond it.
parsed parse(std::string_view wire, std::size_t size)
{
    proxy_header_parser parser;
    parsed out;
    while (!wire.empty() && out.end == status::incomplete) {
        const std::vector<char> portion(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(std::min(size, wire.size())));
        std::string_view octets{portion.data(), portion.size()};
        out.end = parser.feed(octets);
        wire.remove_prefix(portion.size() - octets.size());
    }
    out.value = parser.value();
    out.fault = parser.fault();
    out.rest = wire;
    EXPECT_EQ(out.end == status::malformed, !out.fault.empty());
    return out;
}

/// The same however it is divided, and not an octet of what follows is taken.
parsed parse(std::string_view wire)
{
    const auto whole = parse(wire, wire.size() + 1);
    for (std::size_t size = 1; size <= wire.size() && size < 300; ++size) {
        const auto again = parse(wire, size);
        EXPECT_EQ(again.end, whole.end) << size;
        EXPECT_EQ(again.fault, whole.fault) << size;
        EXPECT_EQ(again.rest, whole.rest) << size;
        EXPECT_EQ(again.value.what, whole.value.what) << size;
        EXPECT_EQ(again.value.source, whole.value.source) << size;
        EXPECT_EQ(again.value.destination, whole.value.destination) << size;
    }
    return whole;
}

constexpr auto mark = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr auto v4_block = "\xC0\x00\x02\x07\xC6\x33\x64\x01\xA8\xCA\x00\x19"sv; // 192.0.2.7:43210 to 198.51.100.1:25

std::string block(unsigned command, unsigned family, std::string_view body)
{
    std::string out{mark};
    for (const auto each :
         {command, family, static_cast<unsigned>(body.size() >> 8U), static_cast<unsigned>(body.size() & 0xffU)})
        out += static_cast<char>(each);
    return out.append(body);
}

std::string tlv(unsigned type, std::string_view value)
{
    std::string out;
    for (const auto each : {type, static_cast<unsigned>(value.size() >> 8U), static_cast<unsigned>(value.size() & 0xffU)})
        out += static_cast<char>(each);
    return out.append(value);
}

TEST(a_proxy_header, of_a_line_names_a_client_of_ipv4_or_ipv6)
{
    const auto v4 = parse("PROXY TCP4 192.0.2.7 198.51.100.1 43210 25\r\nEHLO x\r\n");
    EXPECT_EQ(v4.end, status::complete);
    EXPECT_EQ(v4.value.what, kind::client);
    EXPECT_EQ(v4.value.source.text(), "192.0.2.7:43210");
    EXPECT_EQ(v4.value.destination.text(), "198.51.100.1:25");
    EXPECT_EQ(v4.rest, "EHLO x\r\n");
    const auto v6 = parse("PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n");
    EXPECT_EQ(v6.end, status::complete);
    EXPECT_EQ(v6.value.source.text(), "[2001:db8::7]:0");
    EXPECT_EQ(v6.value.destination.text(), "[2001:db8::1]:65535");
    EXPECT_EQ(v6.rest, "");
}

TEST(a_proxy_header, of_a_line_may_name_nobody)
{
    for (const auto* line : {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 whatever it says 1 2\r\n", "PROXY UNKNOWN \r\n"}) {
        const auto got = parse(line + "\x16\x03\x01"s);
        EXPECT_EQ(got.end, status::complete) << line;
        EXPECT_EQ(got.value.what, kind::local) << line;
        EXPECT_EQ(got.rest, "\x16\x03\x01") << line;
    }
}

TEST(a_proxy_header, of_a_line_is_strict)
{
    for (const auto line : {"PROXY TCP4 192.0.2.7 198.51.100.1 43210\r\n"sv,
                            "PROXY TCP4 192.0.2.7 198.51.100.1 43210 25 \r\n"sv,
                            "PROXY TCP4 192.0.2.7 198.51.100.1 43210 25 1\r\n"sv,
                            "PROXY TCP4  192.0.2.7 198.51.100.1 43210 25\r\n"sv,
                            "PROXY TCP4 192.0.2.7 198.51.100.1 43210 65536\r\n"sv,
                            "PROXY TCP4 192.0.2.7 198.51.100.1 043210 25\r\n"sv,
                            "PROXY TCP4 192.0.2.7 198.51.100.1 +1 25\r\n"sv,
                            "PROXY TCP4 192.0.2.7 198.51.100.1  25\r\n"sv,
                            "PROXY TCP4 192.0.2.256 198.51.100.1 1 25\r\n"sv,
                            "PROXY TCP4 192.0.2.07 198.51.100.1 1 25\r\n"sv,
                            "PROXY TCP4 192.0.2 198.51.100.1 1 25\r\n"sv,
                            "PROXY TCP4 2001:db8::7 2001:db8::1 1 25\r\n"sv,
                            "PROXY TCP6 192.0.2.7 198.51.100.1 1 25\r\n"sv,
                            "PROXY TCP6 [2001:db8::7] 2001:db8::1 1 25\r\n"sv,
                            "PROXY TCP5 192.0.2.7 198.51.100.1 1 25\r\n"sv,
                            "PROXY tcp4 192.0.2.7 198.51.100.1 1 25\r\n"sv,
                            "PROXY UDP4 192.0.2.7 198.51.100.1 1 25\r\n"sv,
                            "PROXY UNKNOWNS\r\n"sv,
                            "PROXY \r\n"sv,
                            "PROXY TCP4\r\n"sv,
                            "PROXY TCP4 192.0.2.7 198.51.100.1 1 25\n"sv,
                            "PROXY UNKNOWN\rEHLO\r\n"sv,
                            "PROXY UNKNOWN\r\r\n"sv,
                            "PROXY UNKNOWN \0\r\n"sv,
                            "PROXY TCP4\t192.0.2.7 198.51.100.1 1 25\r\n"sv,
                            "proxy TCP4 192.0.2.7 198.51.100.1 1 25\r\n"sv,
                            "PROXY\r\n"sv,
                            "PEHLO client.example\r\n"sv,
                            "EHLO client.example\r\n"sv,
                            "\x16\x03\x01\x02"sv,
                            "\0"sv,
                            " PROXY UNKNOWN\r\n"sv})
        EXPECT_EQ(parse(line).end, status::malformed) << line;
}

TEST(a_proxy_header, of_a_line_has_107_octets_at_most)
{
    const auto of_size = [](std::size_t size) {
        const auto begin = "PROXY UNKNOWN "s;
        return begin + std::string(size - begin.size() - 2, 'x') + "\r\n";
    };
    EXPECT_EQ(parse(of_size(proxy_header_parser::most_octets_v1)).end, status::complete);
    const auto more = parse(of_size(proxy_header_parser::most_octets_v1 + 1));
    EXPECT_EQ(more.end, status::malformed);
    EXPECT_THAT(more.fault, HasSubstr("107"));
    EXPECT_EQ(parse("PROXY UNKNOWN " + std::string(500, 'x')).end, status::malformed) << "who never ends it is not waited for";
}

TEST(a_proxy_header, of_a_block_names_a_client_of_ipv4_or_ipv6)
{
    const auto v4 = parse(block(0x21, 0x11, v4_block) + "EHLO x\r\n");
    EXPECT_EQ(v4.end, status::complete);
    EXPECT_EQ(v4.value.what, kind::client);
    EXPECT_EQ(v4.value.source.text(), "192.0.2.7:43210");
    EXPECT_EQ(v4.value.destination.text(), "198.51.100.1:25");
    EXPECT_EQ(v4.rest, "EHLO x\r\n");
    const auto from = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07";
    const auto to = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01";
    const auto v6 = parse(block(0x21, 0x21, from + to + "\xA8\xCA\x00\x19"s));
    EXPECT_EQ(v6.end, status::complete);
    EXPECT_EQ(v6.value.source.text(), "[2001:db8::7]:43210");
    EXPECT_EQ(v6.value.destination.text(), "[2001:db8::1]:25");
    const auto mapped = std::string(10, '\0') + "\xFF\xFF\xC0\x00\x02\x07"s;
    EXPECT_EQ(parse(block(0x21, 0x21, mapped + to + "\xA8\xCA\x00\x19"s)).value.source.text(), "192.0.2.7:43210");
}

TEST(a_proxy_header, of_a_block_may_name_nobody)
{
    for (const auto& wire : {block(0x21, 0x00, ""), block(0x21, 0x00, "whatever this is"), block(0x20, 0x00, ""),
                             block(0x20, 0x11, v4_block), block(0x20, 0xff, "of no meaning")}) {
        const auto got = parse(wire + "220");
        EXPECT_EQ(got.end, status::complete);
        EXPECT_EQ(got.value.what, kind::local);
        EXPECT_EQ(got.value.source, base::ip_endpoint{});
        EXPECT_EQ(got.rest, "220");
    }
}

TEST(a_proxy_header, of_a_block_may_name_a_unix_socket)
{
    const auto got = parse(block(0x21, 0x31, "/run/from"s + std::string(99, '\0') + "/run/to" + std::string(101, '\0')));
    EXPECT_EQ(got.end, status::complete);
    EXPECT_EQ(got.value.what, kind::unix_socket);
    EXPECT_EQ(got.value.source, base::ip_endpoint{});
    EXPECT_EQ(parse(block(0x21, 0x31, std::string(215, 'x'))).end, status::malformed);
}

TEST(a_proxy_header, of_a_block_may_have_more_behind_its_addresses)
{
    const auto tls = "\x01\0\0\0\0"s + tlv(0x21, "TLSv1.3");
    const auto more = tlv(0x01, "smtp") + tlv(0x02, "mx.example.org") + tlv(0x03, "abcd") + tlv(0x04, "\0\0"sv) +
                      tlv(0x05, "id") + tlv(0x20, tls) + tlv(0xEE, "") + tlv(0x04, std::string(1000, '\0'));
    const auto got = parse(block(0x21, 0x11, std::string{v4_block} + more) + "EHLO x\r\n");
    EXPECT_EQ(got.end, status::complete);
    EXPECT_EQ(got.value.source.text(), "192.0.2.7:43210");
    EXPECT_EQ(got.rest, "EHLO x\r\n");
    for (const auto& cut : {"\x01"s, "\x01\0"s, "\x01\0\x01"s, tlv(0x01, "smtp") + "\x02\0\x05smtp"s})
        EXPECT_EQ(parse(block(0x21, 0x11, std::string{v4_block} + cut)).end, status::malformed);
}

TEST(a_proxy_header, of_a_block_is_strict)
{
    for (const unsigned command : {0x22U, 0x2fU, 0x11U, 0x31U, 0x01U})
        EXPECT_EQ(parse(block(command, 0x11, v4_block)).end, status::malformed) << command;
    for (const unsigned family : {0x01U, 0x10U, 0x12U, 0x13U, 0x20U, 0x22U, 0x30U, 0x32U, 0x41U, 0xf1U})
        EXPECT_EQ(parse(block(0x21, family, std::string(216, '\0'))).end, status::malformed) << family;
    EXPECT_EQ(parse(block(0x21, 0x11, v4_block.substr(1))).end, status::malformed);
    EXPECT_EQ(parse(block(0x21, 0x11, "")).end, status::malformed);
    EXPECT_EQ(parse(block(0x21, 0x21, v4_block)).end, status::malformed);
    for (std::size_t i = 0; i < mark.size(); ++i) {
        auto wrong = block(0x21, 0x11, v4_block);
        wrong[i] = static_cast<char>(wrong[i] ^ 1);
        EXPECT_EQ(parse(wrong).end, status::malformed) << i;
    }
}

TEST(a_proxy_header, of_a_client_without_an_address_is_refused)
{
    for (const auto& wire : {"PROXY TCP6 :: ::1 1 25\r\n"s, block(0x21, 0x21, std::string(36, '\0'))}) {
        const auto got = parse(wire);
        EXPECT_EQ(got.end, status::malformed);
        EXPECT_EQ(got.value.what, kind::local);
        EXPECT_EQ(got.fault, "its client has no address");
    }
}

TEST(a_proxy_header, of_a_block_has_16_kib_at_most)
{
    constexpr std::size_t fixed = 16;
    const auto room = proxy_header_parser::most_octets - fixed - v4_block.size() - 3;
    const auto most = block(0x21, 0x11, std::string{v4_block} + tlv(0x04, std::string(room, 'x')));
    ASSERT_EQ(most.size(), proxy_header_parser::most_octets);
    EXPECT_EQ(parse(most, 1000).end, status::complete);
    const auto more = block(0x21, 0x11, std::string{v4_block} + tlv(0x04, std::string(room + 1, 'x')));
    EXPECT_EQ(parse(more, 1000).end, status::malformed);
    EXPECT_EQ(parse(more.substr(0, fixed)).end, status::malformed) << "what is announced is enough to know";
}

TEST(a_proxy_header, that_is_cut_off_is_waited_for)
{
    for (const auto& whole : {"PROXY TCP4 192.0.2.7 198.51.100.1 43210 25\r\n"s, block(0x21, 0x11, v4_block)})
        for (std::size_t size = 0; size < whole.size(); ++size)
            EXPECT_EQ(parse(whole.substr(0, size)).end, status::incomplete) << size;
}

} // namespace
} // namespace postern::protocol
