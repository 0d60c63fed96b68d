#include "core/protocol/proxy_header.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace postern::protocol {

namespace {

constexpr std::string_view mark_v1 = "PROXY ";
constexpr std::string_view mark_v2{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t fixed_v2 = 16; // mark, version and command, family and transport, length

unsigned octet_at(std::string_view octets, std::size_t at) noexcept
{
    return static_cast<unsigned char>(octets[at]);
}

std::size_t number_at(std::string_view octets, std::size_t at) noexcept
{
    return std::size_t{octet_at(octets, at)} << 8U | octet_at(octets, at + 1);
}

/// The text up to the next space, which is taken too.
std::string_view next_word(std::string_view& rest) noexcept
{
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
}

/// 2.1: decimal, 0 to 65535, without leading zeros.
std::optional<std::uint16_t> port_of(std::string_view text) noexcept
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool is_padded = text.size() > 1 && text.front() == '0';
    if (error != std::errc{} || end != text.data() + text.size() || is_padded)
        return std::nullopt;
    return port;
}

std::optional<base::ip_address> address_of(std::string_view text, bool is_v6) noexcept
{
    const bool has_colon = text.find(':') != std::string_view::npos;
    return has_colon == is_v6 ? base::ip_address::from_text(text) : std::nullopt;
}

base::ip_address address_at(std::string_view block, std::size_t at, bool is_v6) noexcept
{
    constexpr std::size_t v4_size = 4;
    std::array<std::uint8_t, 16> octets{};
    const auto size = is_v6 ? octets.size() : v4_size;
    if (!is_v6)
        octets[10] = octets[11] = 0xff; // as ip_address keeps IPv4
    for (std::size_t i = 0; i < size; ++i)
        octets[octets.size() - size + i] = static_cast<std::uint8_t>(octet_at(block, at + i));
    return base::ip_address{octets};
}

} // namespace

proxy_header_parser::status proxy_header_parser::fail(std::string_view why) noexcept
{
    fault_ = why;
    status_ = status::malformed;
    return status_;
}

proxy_header_parser::status proxy_header_parser::feed(std::string_view& octets)
{
    while (status_ == status::incomplete && !octets.empty()) {
        if (wanted_ != 0) {
            const auto part = octets.substr(0, wanted_ - held_.size());
            held_ += part;
            octets.remove_prefix(part.size());
            if (held_.size() == wanted_)
                status_ = end_of_block();
        } else {
            const char octet = octets.front();
            octets.remove_prefix(1);
            status_ = take_octet(octet);
        }
    }
    return status_;
}

/// Of a line, or of the fixed part of a block.
proxy_header_parser::status proxy_header_parser::take_octet(char octet)
{
    held_ += octet;
    const auto size = held_.size();
    const bool is_line = held_.front() == mark_v1.front();
    const auto mark = is_line ? mark_v1 : mark_v2;
    if (size <= mark.size())
        return mark.starts_with(held_) ? status::incomplete : fail("it does not begin with a PROXY header");
    if (is_line) {
        if (octet == '\n')
            return end_of_line();
        if (held_[size - 2] == '\r' || octet == '\0')
            return fail("its line has a CR or NUL inside");
        return size < most_octets_v1 ? status::incomplete : fail("its line is longer than 107 octets");
    }
    if (size < fixed_v2)
        return status::incomplete;
    const auto version = octet_at(held_, mark.size()) >> 4U;
    const auto command = octet_at(held_, mark.size()) & 0xfU;
    if (version != 2 || command > 1)
        return fail("its version or command is unknown");
    wanted_ = fixed_v2 + number_at(held_, fixed_v2 - 2);
    if (wanted_ > most_octets)
        return fail("its header is longer than 16 KiB");
    return wanted_ == fixed_v2 ? end_of_block() : status::incomplete;
}

proxy_header_parser::status proxy_header_parser::end_of_line()
{
    if (!held_.ends_with("\r\n"))
        return fail("its line ends without CR");
    std::string_view rest = held_;
    rest.remove_prefix(mark_v1.size());
    rest.remove_suffix(2);
    const auto family = next_word(rest);
    if (family == "UNKNOWN")
        return status::complete; // 2.1: whatever comes up to the CRLF is ignored
    if (family != "TCP4" && family != "TCP6")
        return fail("its line names neither TCP4, TCP6 nor UNKNOWN");
    const bool is_v6 = family == "TCP6";
    const bool has_four = std::ranges::count(rest, ' ') == 3;
    const auto source = address_of(next_word(rest), is_v6);
    const auto destination = address_of(next_word(rest), is_v6);
    const auto source_port = port_of(next_word(rest));
    const auto destination_port = port_of(next_word(rest));
    if (source == base::ip_address{})
        return fail("its client has no address");
    if (!has_four || !source || !destination || !source_port || !destination_port)
        return fail("its line has a malformed address or port");
    value_ = {proxy_header::kind::client, {*source, *source_port}, {*destination, *destination_port}};
    return status::complete;
}

proxy_header_parser::status proxy_header_parser::end_of_block()
{
    const std::string_view whole = held_;
    if ((octet_at(whole, mark_v2.size()) & 0xfU) == 0)
        return status::complete; // LOCAL: the proxy speaks for itself, and the rest is discarded (2.2)
    return read_addresses(whole.substr(fixed_v2), octet_at(whole, mark_v2.size() + 1));
}

/// 2.2. Behind the addresses stand TLVs, which have to be whole. None is believed or needed: the name asked for
/// (PP2_TYPE_AUTHORITY) and a TLS of the proxy's (PP2_TYPE_SSL) say nothing of this connection, and TCP has carried what a
/// checksum (PP2_TYPE_CRC32C) would be of.
proxy_header_parser::status proxy_header_parser::read_addresses(std::string_view block, unsigned family)
{
    std::size_t size = 0; // of each address
    switch (family) {
    case 0x00:
        return status::complete; // AF_UNSPEC, which has no addresses
    case 0x11:
        size = 4;
        break;
    case 0x21:
        size = 16;
        break;
    case 0x31:
        size = 108;
        break;
    default:
        return fail("its family is unknown or none of streams");
    }
    const bool has_ports = family != 0x31;
    const auto addresses = 2 * size + (has_ports ? 4 : 0);
    if (block.size() < addresses)
        return fail("its header is shorter than its addresses");
    for (auto rest = block.substr(addresses); !rest.empty();) {
        constexpr std::size_t head = 3; // type and length
        if (rest.size() < head || rest.size() - head < number_at(rest, 1))
            return fail("it has a TLV that is cut off");
        rest.remove_prefix(head + number_at(rest, 1));
    }
    if (!has_ports) {
        value_.what = proxy_header::kind::unix_socket;
        return status::complete;
    }
    const bool is_v6 = family == 0x21;
    const auto port_at = [&](std::size_t at) { return static_cast<std::uint16_t>(number_at(block, at)); };
    const auto source = address_at(block, 0, is_v6);
    if (source == base::ip_address{}) // which is how the peer of a Unix socket is told
        return fail("its client has no address");
    value_ = {proxy_header::kind::client, {source, port_at(2 * size)}, {address_at(block, size, is_v6), port_at(2 * size + 2)}};
    return status::complete;
}

} // namespace postern::protocol
