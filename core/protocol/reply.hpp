#pragma once
// Replies, as values and on the wire. Whatever text they are given, what leaves is lines of printable ASCII, at most 512
// octets each, with one code throughout: nobody's text can become a second reply.
// STANDARDS: RFC 5321 4.2, 4.5.3.1.5; RFC 2034; RFC 3463 2. SECURITY: texts may quote peers and plugins.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::protocol {

inline constexpr std::size_t max_reply_line = 512; ///< RFC 5321 4.5.3.1.5: octets with code and CRLF

/// A reply of a server, read or to be written.
struct reply {
    std::uint16_t code = 0;              ///< 200 to 599
    std::string enhanced = {};           ///< "2.1.0"; empty: none
    std::vector<std::string> lines = {}; ///< texts, without codes; empty: a reply without text

    /// Lines joined by a space: for logs and reports.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_positive() const noexcept { return code >= 200 && code < 400; }
    [[nodiscard]] bool is_transient_failure() const noexcept { return code >= 400 && code < 500; }
    [[nodiscard]] bool is_permanent_failure() const noexcept { return code >= 500 && code < 600; }
    bool operator==(const reply&) const = default;
};

/// Whether `text` may stand in a reply as it is: printable ASCII and tabs.
[[nodiscard]] bool is_reply_text(std::string_view text) noexcept;

/// Appends a reply with one text. Octets that no reply may hold become '?'; a text too long for one line goes on in
/// further ones, broken at a space where there is one. `enhanced` empty, or not a code that fits `code`: none is written.
void append_reply(std::string& out, std::uint16_t code, std::string_view enhanced, std::string_view text);

/// The same for several texts, each beginning a line.
void append_reply(std::string& out, const reply& what);

/// A reply that is known when the program is compiled, checked then: append it as it is. `"250 2.0.0 Ok\r\n"_reply`.
class wire_reply {
public:
    consteval explicit wire_reply(std::string_view octets);
    [[nodiscard]] constexpr std::string_view octets() const noexcept { return octets_; }

private:
    std::string_view octets_;
};

/// Appends it as it is.
inline void append_reply(std::string& out, wire_reply what)
{
    out.append(what.octets());
}

consteval wire_reply::wire_reply(std::string_view octets) : octets_{octets}
{
    // A single line "ddd text CRLF". Throwing here is a compile error.
    if (octets.size() < 6 || octets.size() > max_reply_line || octets.substr(octets.size() - 2) != "\r\n" || octets[3] != ' ')
        throw "not a reply line";
    if (octets[0] < '2' || octets[0] > '5' || octets[1] < '0' || octets[1] > '5' || octets[2] < '0' || octets[2] > '9')
        throw "not a reply code";
    for (const char c : octets.substr(3, octets.size() - 5))
        if (c < ' ' || c > '~')
            throw "not printable";
}

namespace literals {
consteval wire_reply operator""_reply(const char* octets, std::size_t size)
{
    return wire_reply{{octets, size}};
}
} // namespace literals

} // namespace postern::protocol
