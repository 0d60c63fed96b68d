#pragma once
// A client's reading of replies, strict: who cannot tell where a reply ends does not know which command the next one answers,
// so anything malformed means that the connection is dropped.
// STANDARDS: RFC 5321 4.2, 4.2.1; RFC 2034. SECURITY: every octet comes from a peer; memory and time are bounded.

#include "core/protocol/line_reader.hpp"
#include "core/protocol/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::protocol {

struct reply_limits {
    std::size_t line = 2048;        ///< octets with CRLF; RFC 5321 4.5.3.1.5 says 512, servers say more
    std::size_t total = 64U << 10U; ///< octets of a whole reply
    std::size_t lines = 256;
};

/// One reply after the other. Threads: one.
class reply_parser {
public:
    enum class status : std::uint8_t {
        need_more, ///< all octets were taken
        complete,  ///< value() holds a reply; what follows it was left
        malformed, ///< wrong syntax, differing codes, a bare CR or LF, NUL, over a limit: for good, until reset()
    };

    explicit reply_parser(reply_limits limits = {}) noexcept : limits_{limits}, lines_{limits.line} {}

    /// Takes from the front of `octets`, up to the end of one reply at most.
    [[nodiscard]] status feed(std::string_view& octets);

    /// The last complete reply: until the next feed(). An enhanced code that begins its lines is taken out of them. Control
    /// characters are replaced by '?'; octets above 127 are kept.
    [[nodiscard]] const reply& value() const noexcept { return reply_; }
    /// Octets of a reply were taken, but not its end.
    [[nodiscard]] bool is_inside_reply() const noexcept;
    /// What was malformed, for the log; a literal, empty if nothing was.
    [[nodiscard]] std::string_view fault() const noexcept { return fault_; }
    /// Whether it was that a line or a reply went over its limit.
    [[nodiscard]] bool is_over_limit() const noexcept { return is_over_limit_; }
    /// Forgets everything: a new connection, or the beginning of TLS.
    void reset() noexcept;

private:
    [[nodiscard]] bool take_line(std::string_view text); // false: fault_ says why

    reply_limits limits_;
    line_reader lines_;
    reply reply_;
    std::size_t total_ = 0;
    std::size_t line_start_ = 0; // what total_ was at the beginning of the line
    bool begun_ = false;         // reply_ holds the first lines of a reply that goes on
    bool last_ = false;          // the line just taken ended its reply
    bool is_over_limit_ = false;
    std::string_view fault_;
};

} // namespace postern::protocol
