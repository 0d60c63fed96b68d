#pragma once
// A TLSA record as a value: what a certificate is compared with.
// STANDARDS: RFC 6698 2.1, RFC 7218 (names of the numbers). SECURITY: it is whatever the owner of a name published.

#include <compare>
#include <cstdint>
#include <string>

namespace postern::base {

struct tlsa_record {
    std::uint8_t usage = 0;    ///< 2: DANE-TA, 3: DANE-EE
    std::uint8_t selector = 0; ///< 0: the certificate, 1: its public key
    std::uint8_t matching = 0; ///< 0: all of that, 1: its SHA-256, 2: its SHA-512
    std::string data;          ///< octets

    auto operator<=>(const tlsa_record&) const = default;
};

} // namespace postern::base
