#pragma once
// Octets into text of 7 bits, portion by portion. Any division of the same octets gives the same text.
// STANDARDS: RFC 2045 6.7, 6.8. SECURITY: fed by peers; any octets.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace postern::message {

/// Lines of 76 octets at most, without their CRLF. No line that it begins starts with a hyphen, so that none can be taken for
/// a delimiter of a multipart. Threads: one.
class quoted_printable_encoder {
public:
    /// Text: CRLF ends a line. A CR or LF alone is encoded.
    void take(std::string_view octets, std::string& out);
    /// Nothing follows.
    void finish(std::string& out);

private:
    void put(char c, std::string& out);
    void put_encoded(char c, std::string& out);
    void make_room(std::size_t octets, std::string& out);
    void release(std::string& out, bool at_line_end);

    std::size_t column_ = 0;
    char held_ = 0; // a space or tab, whose form depends on what follows; or a CR
    char blank_ = 0;
};

/// Lines of 76 octets; the last one without its CRLF. Threads: one.
class base64_encoder {
public:
    void take(std::string_view octets, std::string& out);
    /// Nothing follows.
    void finish(std::string& out);

private:
    void put(std::size_t octets, std::string& out);

    std::array<unsigned char, 3> group_{};
    std::size_t held_ = 0;
    std::size_t column_ = 0;
};

} // namespace postern::message
