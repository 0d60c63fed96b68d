#pragma once
// What became of contents, in a few octets: each body's hash, added up, so that neither the order of messages nor header fields
// that servers put before them matter. Knows nothing of sockets; the yardstick has it too.

#include <cstdint>
#include <string_view>

namespace postern::bench {

/// FNV-1a of what stands behind the first empty line of a message, 64 bits; 0 where there is no empty line.
/// `stuffed`: as it is sent by DATA, without the line of the final dot (RFC 5321 4.5.2).
[[nodiscard]] constexpr std::uint64_t body_hash(std::string_view message, bool stuffed) noexcept
{
    constexpr std::string_view border = "\r\n\r\n";
    constexpr std::uint64_t basis = 14695981039346656037U;
    constexpr std::uint64_t prime = 1099511628211U;
    const auto at = message.find(border);
    if (at == std::string_view::npos)
        return 0;
    std::uint64_t hash = basis;
    bool at_line = true;
    for (const char octet : message.substr(at + border.size())) {
        if (!(stuffed && at_line && octet == '.'))
            hash = (hash ^ static_cast<unsigned char>(octet)) * prime;
        at_line = octet == '\n';
    }
    return hash;
}

} // namespace postern::bench
