#pragma once
// Values of header fields: unfolded, encoded words decoded, parameters found. Pure. What is broken stays as it is.
// STANDARDS: RFC 2047, RFC 2045 5.1, RFC 2231 (the name of a parameter only). SECURITY: from anybody; work is linear.

#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

/// A header field of a message; views into it.
struct field {
    std::string_view name;
    std::string_view value; ///< behind the colon; folds kept
};

/// Splits a header section, up to and with its empty line, into at most `most` fields; returns the octets that it took. A line
/// that is no field ends the section, as readers see it.
std::size_t split_fields(std::string_view message, std::size_t most, std::vector<field>& to);

/// The value of the first field of that name, trimmed; empty: there is none.
[[nodiscard]] std::string_view find_field(const std::vector<field>& fields, std::string_view name) noexcept;

/// Appends a value with encoded words decoded (whatever their charset) and folds as spaces, no more than `most` octets. Returns
/// how many encoded words there were.
std::size_t decode_header(std::string_view value, std::size_t most, std::string& to);

/// "text/html" of "Text/HTML; charset=x", in lower case.
[[nodiscard]] std::string media_type(std::string_view content_type);
/// The value of a parameter, quotes undone; empty: there is none. `name` in lower case.
[[nodiscard]] std::string parameter(std::string_view value, std::string_view name);

} // namespace spam_filter
