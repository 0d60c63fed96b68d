#pragma once
// What there is to know about the octets of a message as they pass: bare CR, bare LF, NUL, octets above 127, the longest
// line. The one scanner behind dot_decoder, dot_encoder and the check of BDAT chunks; the hottest loop of the program.
// STANDARDS: RFC 5321 2.3.8, 4.5.3.1.6. SECURITY: every octet is hostile.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::protocol {

/// Facts of the content so far. Defects are never taken back.
struct content_facts {
    bool bare_cr = false; ///< a CR that no LF follows
    bool bare_lf = false; ///< an LF that no CR precedes
    bool nul = false;
    bool eight_bit = false;         ///< octets above 127
    std::uint64_t longest_line = 0; ///< octets with its CRLF, without a stuffed dot; finished lines and the one begun

    /// Octets that RFC 5321 2.3.8 and RFC 5322 2.3 forbid in content that is not BINARYMIME.
    [[nodiscard]] bool has_defect() const noexcept { return bare_cr || bare_lf || nul; }
};

/// What scan() carries from one portion to the next.
struct scan_state {
    content_facts facts;
    std::uint64_t line = 0;    ///< octets of the line begun
    bool after_cr = false;     ///< the last octet was a CR
    bool at_line_start = true; ///< nothing yet, or the last octets were CRLF
};

/// Where scan() stops short of the end.
enum class scan_stop : std::uint8_t {
    never,
    at_leading_dot,            ///< before a '.' that begins a line
    at_leading_dot_or_bare_lf, ///< or before a bare LF, which is not counted as one
};

/// Takes octets from the front up to a stop; returns how many. Any division of the same octets gives the same facts.
template <scan_stop Stop>
[[nodiscard]] std::size_t scan(std::string_view octets, scan_state& state) noexcept;
extern template std::size_t scan<scan_stop::never>(std::string_view, scan_state&) noexcept;
extern template std::size_t scan<scan_stop::at_leading_dot>(std::string_view, scan_state&) noexcept;
extern template std::size_t scan<scan_stop::at_leading_dot_or_bare_lf>(std::string_view, scan_state&) noexcept;

/// The same with what every processor of its kind has, which scan() takes where there is no more.
template <scan_stop Stop>
[[nodiscard]] std::size_t scan_anywhere(std::string_view octets, scan_state& state) noexcept;
extern template std::size_t scan_anywhere<scan_stop::never>(std::string_view, scan_state&) noexcept;
extern template std::size_t scan_anywhere<scan_stop::at_leading_dot>(std::string_view, scan_state&) noexcept;
extern template std::size_t scan_anywhere<scan_stop::at_leading_dot_or_bare_lf>(std::string_view, scan_state&) noexcept;

/// The check of content that needs no decoding: BDAT chunks, stored messages. Threads: one.
class content_check {
public:
    void take(std::string_view octets) noexcept { (void)scan<scan_stop::never>(octets, state_); }
    /// Nothing follows: a CR at the very end is a bare one.
    void finish() noexcept;
    [[nodiscard]] const content_facts& facts() const noexcept { return state_.facts; }
    /// Empty, or ends in CRLF: what follows would begin a line.
    [[nodiscard]] bool ends_in_line_end() const noexcept { return state_.at_line_start; }

private:
    scan_state state_;
};

} // namespace postern::protocol
