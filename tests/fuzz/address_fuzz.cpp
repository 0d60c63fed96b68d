// Any octets as a path. What is let through is canonical: it is read as itself, splits in two, and holds nothing that could
// end a line, leave the brackets or begin a parameter.

#include "core/message/address.hpp"
#include "core/message/unicode.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

using namespace postern::message;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

void check_address(const std::string& address, utf8 octets)
{
    require(address.find_first_of(std::string_view{"\r\n\0\t\x7f", 5}) == std::string::npos);
    require(address.size() + 2 <= max_path && is_utf8(address));
    require(octets == utf8::allowed || is_ascii(address));
    if (address.empty() || is_postmaster_alone(address))
        return;
    const auto [local, domain] = split_address(address);
    require(std::string{local} + "@" + std::string{domain} == address);
    require(!local.empty() && local.size() <= max_local_part);
    require(local.front() == '"' || local.find_first_of("@<> \"\\,;:()[]") == std::string_view::npos);
    require(is_domain(domain, octets) || is_address_literal(domain));
    require(*parse_mailbox(address, octets) == address);
    const auto again = parse_forward_path(to_path(address), octets);
    require(again && again->address == address && again->consumed == address.size() + 2);
    require(with_lower_domain(with_lower_domain(address)) == with_lower_domain(address));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    std::string_view text{reinterpret_cast<const char*>(data), size};
    // Lines of transcripts are whole commands.
    text.remove_prefix(std::min(text.find('<'), text.size()));
    for (const auto octets : {utf8::refused, utf8::allowed}) {
        const auto forward = parse_forward_path(text, octets);
        const auto reverse = parse_reverse_path(text, octets);
        if (forward) {
            require(forward->consumed <= text.size() && text[forward->consumed - 1] == '>' && !forward->address.empty());
            check_address(forward->address, octets);
            require((reverse && reverse->address == forward->address) || is_postmaster_alone(forward->address));
        }
        if (reverse)
            check_address(reverse->address, octets);
        if (const auto mailbox = parse_mailbox(text, octets))
            check_address(*mailbox, octets);
    }
    return 0;
}
