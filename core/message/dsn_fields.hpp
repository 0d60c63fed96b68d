#pragma once
// The fields of message/delivery-status, from text to values; and the transfer encodings that it may come in. Lenient where
// senders are known to be: LF alone as line end, angle brackets around addresses, comments behind a status.
// STANDARDS: RFC 3464 2.1, 2.2, 2.3; RFC 6533 3; RFC 2045 6.7, 6.8. SECURITY: fed by peers; any octets.

#include "core/message/media_type.hpp"
#include "core/message/status_report.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::message {

/// Nothing is refused: what is no such encoding comes out as something else than was meant.
[[nodiscard]] std::string decode_transfer(std::string_view octets, transfer_encoding encoding);

/// Reads the groups of fields into `to`: at most `most` recipients. `is_cut`: the text is not all of it, so that its last group
/// does not count.
void read_status_fields(std::string_view text, bool is_cut, std::size_t most, status_report& to);

/// A Message-ID: "<...>", printable, of a length that a line can hold; empty if `value` is none.
[[nodiscard]] std::string_view message_id_in(std::string_view value) noexcept;
/// That of the message which begins with `text`, whatever its line ends; empty if it has none that is one.
[[nodiscard]] std::string message_id_of(std::string_view text);

} // namespace postern::message
