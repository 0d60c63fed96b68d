#pragma once
// What Content-Type and Content-Transfer-Encoding say, as far as the structure of a message depends on it.
// STANDARDS: RFC 2045 5.1, 6.1; RFC 5322 3.2.2 (comments); RFC 6522 3. SECURITY: fed by peers; any octets.

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::message {

struct media_type {
    std::string type;    ///< lower case; empty: the value is not a media type
    std::string subtype; ///< lower case
    std::string boundary;
    std::string report_type; ///< of multipart/report (RFC 6522 3), lower case
    bool is_odd = false;     ///< readers may differ on the parameters: junk, a boundary twice or in pieces (RFC 2231 3)
};

/// Any value of a field, folds included.
[[nodiscard]] media_type parse_media_type(std::string_view value);

enum class transfer_encoding : std::uint8_t { seven_bit, eight_bit, binary, quoted_printable, base64, unknown };

[[nodiscard]] transfer_encoding parse_transfer_encoding(std::string_view value);

} // namespace postern::message
